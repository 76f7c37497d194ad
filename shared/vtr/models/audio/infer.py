"""Sounds and texts through an audio model, in batches, without gradients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from vtr.models.audio.model import AudioModel
from vtr.models.audio.towers import pad_mels
from vtr.models.dual.collate import pad_tokens

Floats = NDArray[np.float32]
_SOUNDS, _TEXTS = 32, 128


@torch.inference_mode()
def embed_sounds(model: AudioModel, mels: Sequence[NDArray[np.generic]]) -> Floats:
    """Log-mels [T_i, M] to float32 [N, dim], L2 norm 1."""
    found = np.empty((len(mels), model.config.dim), dtype=np.float32)
    order = sorted(range(len(mels)), key=lambda k: len(mels[k]))
    for start in range(0, len(order), _SOUNDS):
        rows = order[start : start + _SOUNDS]
        batch = pad_mels([torch.from_numpy(np.asarray(mels[k], dtype=np.float32)) for k in rows])
        found[rows] = model.sound(*batch).numpy()
    return found


@torch.inference_mode()
def embed_texts(model: AudioModel, numbers: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
    """Texts as word numbers to float32 [N, dim], L2 norm 1, and [N, 2]: how sure it is that the text names
    something seen, something heard (0 to 1)."""
    found = np.empty((len(numbers), model.config.dim), dtype=np.float32)
    senses = np.empty((len(numbers), 2), dtype=np.float32)
    order = sorted(range(len(numbers)), key=lambda k: len(numbers[k]))
    for start in range(0, len(order), _TEXTS):
        rows = order[start : start + _TEXTS]
        tokens, mask = pad_tokens([numbers[k] for k in rows], max(len(numbers[k]) for k in rows))
        vectors, logits = model.text(tokens, mask)
        found[rows], senses[rows] = vectors.numpy(), logits.sigmoid().numpy()
    return found, senses
