"""Makes clips searchable, keeps the index true to deletions and versions, and says how fresh it is."""
