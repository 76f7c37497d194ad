"""``random``: no model, no torch; seeded vectors that are the same in every process. For plumbing tests.

One property lets such tests assert a right answer: colour. A frame is the mix of the basis vectors of its
named colours plus a little of a random projection of its thumbnail; a text is the mix of those of the
colours it names plus a little noise seeded by its hash, or that noise alone when it names none. So a clip
of solid red lies nearer to "a red square" than clips of any other colour do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vtr.models.encoders.base import ClipEmbedding, ClipFrames, Encoder, FloatArray, FrameArray, TextEncoder
from vtr.models.encoders.checks import check_clips, check_texts
from vtr.models.encoders.colours import COLOURS, colour_shares, colour_words
from vtr.models.encoders.lifetime import Closable
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.pooling import mean_of, pool_windows, unit

DEFAULT_DIM = 64
MIN_DIM, MAX_DIM = 16, 4096
THUMBNAIL = 8
NOISE = 0.2
WINDOW_WORDS = 64


class RandomEncoder(Closable):
    """Seeded colour-and-noise vectors of any dimension from 16."""

    def __init__(self, dim: int = DEFAULT_DIM) -> None:
        if not MIN_DIM <= dim <= MAX_DIM:
            raise ValueError(f"encoder: random:{dim}, but the dimension must be {MIN_DIM} to {MAX_DIM}")
        self.dim = dim
        self.model_version = f"random_{dim}_v1"
        # Orthonormal, so that no two colours look alike by chance (dim is at least their number).
        drawn = np.stack([self._seeded(f"colour {name}") for name in COLOURS], axis=1)
        self._basis = np.linalg.qr(drawn)[0].T
        features = THUMBNAIL * THUMBNAIL * 3
        self._projection = np.stack([self._seeded(f"pixel {number}") for number in range(features)])

    def encode_clips(self, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]:
        """See :class:`Encoder`. A clip is the mean of its frames."""
        self._require_open()
        check_clips(clips)
        return [mean_of(unit(np.stack([self._frame(frame) for frame in clip.frames]))) for clip in clips]

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """See :class:`TextEncoder`."""
        self._require_open()
        check_texts(texts)
        return np.stack([self._text(text) for text in texts]) if texts else self._none()

    def encode_passages(self, texts: Sequence[str]) -> FloatArray:
        """See :class:`TextEncoder`; windows are of 64 words."""
        self._require_open()
        check_texts(texts)
        return np.stack([self._passage(text) for text in texts]) if texts else self._none()

    def _none(self) -> FloatArray:
        return np.empty((0, self.dim), dtype=np.float32)

    def _frame(self, frame: FrameArray) -> NDArray[np.float64]:
        height, width = frame.shape[:2]
        rows = (np.arange(THUMBNAIL) * height) // THUMBNAIL
        columns = (np.arange(THUMBNAIL) * width) // THUMBNAIL
        thumbnail = frame[rows][:, columns]
        # 0.5 is added so that a black frame has a direction too.
        pixels = thumbnail.reshape(-1).astype(np.float64) / 255 + 0.5
        noise = pixels @ self._projection
        mixed: NDArray[np.float64] = unit(colour_shares(thumbnail) @ self._basis) + NOISE * unit(noise)
        return mixed

    def _text(self, text: str) -> FloatArray:
        noise = unit(self._seeded(f"text {text}"))
        named = colour_words(text)
        if not named:
            return noise
        rows = [list(COLOURS).index(name) for name in named]
        return unit(unit(self._basis[rows].sum(axis=0)) + NOISE * noise)

    def _passage(self, text: str) -> FloatArray:
        words = text.split()
        starts = range(0, len(words), WINDOW_WORDS)
        windows = [words[start : start + WINDOW_WORDS] for start in starts]
        vectors = np.stack([self._text(" ".join(window)) for window in windows])
        lengths = np.array([len(window) for window in windows])
        pooled: FloatArray = pool_windows(vectors, owners=[0] * len(windows), weights=lengths, count=1)[0]
        return pooled

    def _seeded(self, name: str) -> NDArray[np.float64]:
        # hash() differs from process to process; blake2b does not.
        seed = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=16).digest(), "little")
        return np.random.Generator(np.random.PCG64(seed)).standard_normal(self.dim)


def load_encoder(argument: str, *, options: EncoderOptions) -> Encoder:  # noqa: ARG001
    """``argument``: the dimension, or nothing for 64."""
    return RandomEncoder(_dimension(argument))


def load_text_encoder(argument: str, *, options: EncoderOptions) -> TextEncoder:  # noqa: ARG001
    """As :func:`load_encoder`: there is no heavier half to leave out."""
    return RandomEncoder(_dimension(argument))


def _dimension(argument: str) -> int:
    if not argument:
        return DEFAULT_DIM
    try:
        return int(argument)
    except ValueError:
        raise ValueError(f"encoder: 'random:{argument}', but after the colon comes a dimension") from None
