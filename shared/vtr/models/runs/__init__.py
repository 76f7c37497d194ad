"""Runs: a directory for each seed, with a checkpoint of every method in it; trained, then measured."""
