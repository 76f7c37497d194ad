"""Texts and videos through trained experts, without gradients: vectors whose inner product is the score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from vtr.models.dual.states import CorpusStates
from vtr.models.heads.camoe.data import TextReader, pack_frames, pack_texts
from vtr.models.heads.camoe.experts import CamoeEncoder, flatten_texts

Floats = NDArray[np.float32]
_ROWS = 64


@torch.inference_mode()
def embed_texts(encoder: CamoeEncoder, reader: TextReader, texts: Sequence[str]) -> Floats:
    """float32 [N, E * D], each expert's part weighted by its gate."""
    read = reader(texts)
    found = np.empty((len(texts), len(encoder.config.experts) * encoder.config.dim), dtype=np.float32)
    # Texts of like length share a batch, so that little is padded.
    order = sorted(range(len(texts)), key=lambda k: len(read[k].tokens))
    for start in range(0, len(order), _ROWS):
        rows = order[start : start + _ROWS]
        found[rows] = flatten_texts(encoder.texts(*pack_texts([read[k] for k in rows]))).numpy()
    return found


@torch.inference_mode()
def embed_videos(encoder: CamoeEncoder, states: CorpusStates, videos: Sequence[str]) -> Floats:
    """float32 [N, E * D] of the videos with these ids."""
    parts = [
        encoder.videos(*pack_frames([states.frames(video) for video in videos[start : start + _ROWS]]))
        for start in range(0, len(videos), _ROWS)
    ]
    return np.asarray(torch.cat(parts).flatten(1).numpy(), dtype=np.float32)
