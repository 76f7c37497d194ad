"""Media at rest: the object store, the frame pack format, and where things lie."""
