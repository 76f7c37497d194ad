"""One spelling for one text, so that equal questions share a vector and a cache entry."""

from __future__ import annotations

import unicodedata

MAX_CHARACTERS = 2000


def normalise(text: str) -> str:
    """Unicode NFC, without leading and trailing space, runs of white space as one space.

    Case and punctuation stay: models may tell them apart.
    """
    return " ".join(unicodedata.normalize("NFC", text).split())
