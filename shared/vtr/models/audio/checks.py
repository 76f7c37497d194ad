"""Refuses bad sounds before any tower runs, naming the one at fault."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vtr.models.encoders.base import EncodingError, FloatArray


def check_sounds(sounds: Sequence[FloatArray]) -> None:
    """Raises :class:`EncodingError` for the first sound that is not float [N] with N at least 1, finite."""
    for index, sound in enumerate(sounds):
        if sound.ndim != 1 or not sound.size or not np.issubdtype(sound.dtype, np.floating):
            raise EncodingError(
                index, f"sound {index}: {sound.dtype} {list(sound.shape)}, but floats [N] are needed"
            )
        if not np.isfinite(sound).all():
            raise EncodingError(index, f"sound {index}: holds values that are not finite")
