"""Contracts as data: every topic, event, schema and example that crosses a process boundary.

This package imports msgspec and PyYAML only, so that anything may depend on it.
"""
