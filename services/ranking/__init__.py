"""Answers queries: retrieve, fuse, group, find the frame and the moment, and say what the answer rests on."""
