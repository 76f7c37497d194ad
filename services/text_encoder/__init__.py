"""Turns queries into vectors, by topic and by HTTP, with a cache that both share."""
