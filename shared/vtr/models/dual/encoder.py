"""``trained:<checkpoint directory>``: a dual encoder that was trained here, as an encoder of the services."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from vtr.models.dual.checkpoint import load_dual, model_version_of
from vtr.models.dual.infer import embed_texts
from vtr.models.dual.model import DualEncoder
from vtr.models.dual.tower_states import see_clips
from vtr.models.dual.vocabulary import Vocabulary
from vtr.models.encoders.base import ClipEmbedding, ClipFrames, Encoder, FloatArray, FrameArray, TextEncoder
from vtr.models.encoders.checks import check_clips, check_texts
from vtr.models.encoders.lifetime import Closable
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.pooling import pool_windows
from vtr.models.encoders.torch_runtime import set_threads


class TrainedTextEncoder(Closable):
    """The text tower, which runs on the CPU in float32. The version is that of the weights."""

    def __init__(self, folder: Path, options: EncoderOptions) -> None:
        set_threads(options)
        model, self._vocabulary, card = load_dual(folder)
        self._model: DualEncoder | None = model
        self._options = options
        self.dim = model.config.dim
        self.model_version = model_version_of(card)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """See :class:`TextEncoder`; a text longer than the tower reads is read in windows."""
        self._require_open()
        check_texts(texts)
        return _windowed(self._loaded(), self._vocabulary, texts)

    def encode_passages(self, texts: Sequence[str]) -> FloatArray:
        """See :class:`TextEncoder`."""
        return self.encode_texts(texts)

    def _loaded(self) -> DualEncoder:
        self._require_open()
        assert self._model is not None  # noqa: S101
        return self._model

    def _release(self) -> None:
        self._model = None


class TrainedEncoder(TrainedTextEncoder):
    """Both towers.

    Times count from a clip's first frame. The tower was trained at the rate of its card's ``config.fps``: at
    lower ones what is seen counts, but how it moves is told less surely.
    """

    def encode_clips(self, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]:
        """See :class:`Encoder`, with states. Frames' vectors compare with captions of single events."""
        model = self._loaded()
        check_clips(clips)
        side = model.config.side
        small = [np.stack([_small(frame, side) for frame in clip.frames]) for clip in clips]
        times = [np.asarray(clip.times_s, dtype=np.float32) for clip in clips]
        return [
            ClipEmbedding(clip=seen.states.vector, frames=seen.frame_vectors, states=seen.states)
            for seen in see_clips(model, small, times, max_frames=self._options.max_frames_per_batch)
        ]


def load_encoder(argument: str, *, options: EncoderOptions) -> Encoder:
    """``argument``: the directory of a checkpoint that ``vtr train dual`` wrote."""
    return TrainedEncoder(_folder(argument), options)


def load_text_encoder(argument: str, *, options: EncoderOptions) -> TextEncoder:
    """As :func:`load_encoder`."""
    return TrainedTextEncoder(_folder(argument), options)


def _folder(argument: str) -> Path:
    if not argument:
        raise ValueError("encoder: 'trained' needs a directory: trained:<checkpoint directory>")
    return Path(argument)


def _small(frame: FrameArray, side: int) -> FrameArray:
    """The frame scaled to side x side by area averaging, as in training."""
    return np.asarray(Image.fromarray(frame).resize((side, side), Image.Resampling.BOX))


def _windowed(model: DualEncoder, vocabulary: Vocabulary, texts: Sequence[str]) -> FloatArray:
    """Unit vectors [N, dim] of texts, each cut into windows of what the tower reads."""
    longest = model.config.max_tokens
    windows: list[list[int]] = []
    owners: list[int] = []
    for number, text in enumerate(texts):
        words = vocabulary.encode(text)
        for start in range(0, len(words), longest):
            windows.append(words[start : start + longest])
            owners.append(number)
    if not windows:
        return np.empty((0, model.config.dim), dtype=np.float32)
    vectors = embed_texts(model, windows)
    weights = np.array([len(window) for window in windows])
    return pool_windows(vectors, owners=owners, weights=weights, count=len(texts))
