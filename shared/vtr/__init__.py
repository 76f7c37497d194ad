"""vtr: the library that every service of the video-text retrieval system shares."""

__version__ = "0.1.0"
