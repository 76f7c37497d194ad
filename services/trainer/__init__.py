"""The batch job that trains the retrieval methods."""
