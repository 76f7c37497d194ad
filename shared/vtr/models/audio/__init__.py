"""Sound and texts that name it, in a space of their own. Nothing heavy is imported here."""
