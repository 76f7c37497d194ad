"""The sentence tower of ``offline``, alone: a text service loads no image tower."""

from __future__ import annotations

from collections.abc import Sequence

from vtr.models.encoders.base import FloatArray
from vtr.models.encoders.lifetime import Closable
from vtr.models.encoders.minilm import MiniLm
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.torch_runtime import pick_device, set_threads

# Goes up whenever the weights, the class texts, the preprocessing or the ConSE constants change.
MODEL_VERSION = "offline-conse-minilm_384_v1"


class OfflineTextEncoder(Closable):
    """The sentence tower alone."""

    model_version = MODEL_VERSION
    dim = MiniLm.dim

    def __init__(self, options: EncoderOptions) -> None:
        set_threads(options)
        self._text: MiniLm | None = MiniLm(
            device=pick_device(options), max_texts_per_batch=options.max_texts_per_batch
        )

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """See :class:`TextEncoder`."""
        return self._sentences().encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> FloatArray:
        """See :class:`TextEncoder`; windows are of 256 tokens."""
        return self._sentences().encode(texts)

    def _sentences(self) -> MiniLm:
        self._require_open()
        assert self._text is not None  # noqa: S101
        return self._text

    def _release(self) -> None:
        self._text = None
