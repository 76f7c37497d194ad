"""Data to measure on: one way in for the published sets and for the generated corpus.

:func:`vtr.evaluation.datasets.registry.open_dataset` opens one by name. Loaders read the published annotation
files as they are; nothing is downloaded, and the videos need not be there until their frames are asked for.
"""
