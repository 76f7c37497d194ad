"""``offline``: EfficientNet-Lite0 frames and MiniLM sentences joined by ConSE, without any training.

All weights come from pip packages: nothing is fetched. See ``vtr.models.encoders.conse`` for how the two
meet.
"""

from __future__ import annotations

from vtr.models.encoders.base import Encoder, TextEncoder
from vtr.models.encoders.options import EncoderOptions


def load_encoder(argument: str, *, options: EncoderOptions) -> Encoder:
    """``offline`` takes no argument."""
    from vtr.models.encoders.offline.clips import OfflineEncoder  # noqa: PLC0415  (one half at a time)

    _refuse_argument(argument)
    return OfflineEncoder(options)


def load_text_encoder(argument: str, *, options: EncoderOptions) -> TextEncoder:
    """``offline`` takes no argument."""
    from vtr.models.encoders.offline.texts import OfflineTextEncoder  # noqa: PLC0415

    _refuse_argument(argument)
    return OfflineTextEncoder(options)


def _refuse_argument(argument: str) -> None:
    if argument:
        raise ValueError(f"encoder: 'offline' takes nothing after it, but 'offline:{argument}' is given")
