"""Learns what people like from what they do, and recommends videos with reasons."""
