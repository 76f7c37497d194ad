"""Redis: the client, and every key that vtr uses in it."""
