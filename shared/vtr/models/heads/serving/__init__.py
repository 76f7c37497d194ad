"""Heads at work on a query: one runner a head, behind one protocol. :mod:`protocol` needs numpy alone."""
