"""Videos and texts through a dual encoder, in batches, without gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from vtr.evaluation.corpus.record import VideoRecord
from vtr.models.dual.collate import frames_before, pack_frames, pad_tokens
from vtr.models.dual.model import DualEncoder
from vtr.models.dual.pairs import stride_of
from vtr.models.training.features import FeatureStore

Floats = NDArray[np.float32]
Frames = NDArray[np.uint8]
_VIDEOS, _TEXTS = 16, 128


@torch.inference_mode()
def embed_texts(model: DualEncoder, numbers: Sequence[Sequence[int]]) -> Floats:
    """Texts as word numbers to float32 [N, dim], L2 norm 1."""
    found = np.empty((len(numbers), model.config.dim), dtype=np.float32)
    # Texts of like length share a batch, so that little is padded.
    order = sorted(range(len(numbers)), key=lambda k: len(numbers[k]))
    for start in range(0, len(order), _TEXTS):
        rows = order[start : start + _TEXTS]
        tokens, mask = pad_tokens([numbers[k] for k in rows], model.config.max_tokens)
        found[rows] = model.text(tokens, mask).float().numpy()
    return found


@torch.inference_mode()
def embed_videos(
    model: DualEncoder,
    store: FeatureStore,
    records: Iterable[VideoRecord],
    *,
    prepare: Callable[[Frames, VideoRecord], Frames] | None = None,
) -> Floats:
    """float32 [N, dim], L2 norm 1. ``prepare`` may change the frames [T, side, side, 3] (a control)."""
    stride = stride_of(store.index.tower.fps, model.config.fps)
    step_s = stride / store.index.tower.fps
    listed = list(records)
    found = np.empty((len(listed), model.config.dim), dtype=np.float32)
    for start in range(0, len(listed), _VIDEOS):
        part = listed[start : start + _VIDEOS]
        frames = [np.asarray(store[record.id][::stride], dtype=np.uint8) for record in part]
        if prepare is not None:
            frames = [prepare(pixels, record) for pixels, record in zip(frames, part, strict=True)]
        before = [frames_before(pixels, model.config.gaps) for pixels in frames]
        times = [(np.arange(len(pixels)) * step_s).astype(np.float32) for pixels in frames]
        found[start : start + len(part)] = model.video(*pack_frames(frames, times, before)).float().numpy()
    return found
