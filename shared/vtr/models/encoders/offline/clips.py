"""Both towers of ``offline`` and the label matrix between them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from vtr.models.encoders.base import ClipEmbedding, ClipFrames, FloatArray
from vtr.models.encoders.checks import check_clips
from vtr.models.encoders.conse import conse
from vtr.models.encoders.file_cache import cached_array, default_cache_dir
from vtr.models.encoders.imagenet import CLASSES, class_texts
from vtr.models.encoders.lite0 import Lite0
from vtr.models.encoders.minilm import MiniLm, minilm_folder
from vtr.models.encoders.offline.texts import MODEL_VERSION, OfflineTextEncoder
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.pooling import pool_clips
from vtr.models.encoders.torch_runtime import pick_device


class OfflineEncoder(OfflineTextEncoder):
    """Both towers and the label matrix ``[1000, 384]`` between them."""

    def __init__(self, options: EncoderOptions) -> None:
        super().__init__(options)
        self._images: Lite0 | None = Lite0(
            device=pick_device(options), max_frames_per_batch=options.max_frames_per_batch
        )
        self._labels = _label_matrix(self._sentences(), options.cache_dir or default_cache_dir())

    def encode_clips(self, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]:
        """See :class:`Encoder`. A clip is the mean of its frames."""
        self._require_open()
        assert self._images is not None  # noqa: S101
        check_clips(clips)
        if not clips:
            return []
        flat = [frame for clip in clips for frame in clip.frames]
        return pool_clips(conse(self._images.logits(flat), self._labels), clips)

    def _release(self) -> None:
        super()._release()
        self._images = None


def _label_matrix(sentences: MiniLm, cache_dir: Path) -> FloatArray:
    texts = [text for _, text in class_texts()]
    with (minilm_folder() / "model.safetensors").open("rb") as weights:
        key = hashlib.file_digest(weights, "sha256")
    key.update("\n".join((MODEL_VERSION, *texts)).encode())
    return cached_array(
        cache_dir / f"imagenet-minilm-{key.hexdigest()[:16]}.npy",
        shape=(CLASSES, sentences.dim),
        compute=lambda: sentences.encode(texts),
    )
