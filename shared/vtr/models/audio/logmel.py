"""Sound as a log-mel spectrogram."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from transformers.audio_utils import mel_filter_bank

from vtr.models.audio.config import MelConfig

VERSION = "log-mel-v1"
_LEAST = 1e-6
_CENTRE, _SPREAD = -9.0, 2.0
"""Of the logarithm of quiet to loud sound, about: what a tower reads lies around 0."""


def frames_of(samples: int, config: MelConfig) -> int:
    """How many frames ``samples`` samples give; a sound shorter than a hop gives one."""
    return max(1, -(-samples // config.hop))


def log_mel(samples: NDArray[np.float32], config: MelConfig) -> NDArray[np.float32]:
    """Mono ``samples`` [N] in [-1, 1] at ``config.rate`` to float32 [T, mels]; frame t is centred on t * hop.

    The logarithm of the energy of each band (Slaney's filters), shifted and scaled by constants, so that no
    frame depends on how loud others are.
    """
    frames = frames_of(len(samples), config)
    wave = torch.from_numpy(np.ascontiguousarray(samples, dtype=np.float32))
    half = config.window // 2
    wave = functional.pad(wave, (half, max(0, (frames - 1) * config.hop + half - len(wave))))
    spectrum = torch.stft(
        wave,
        config.window,
        config.hop,
        window=torch.hann_window(config.window),
        center=False,
        return_complex=True,
    )
    energy = spectrum[:, :frames].abs() ** 2
    bands = torch.log(_filters(config) @ energy + _LEAST)
    return np.asarray(((bands - _CENTRE) / _SPREAD).T.contiguous().numpy())


@lru_cache(maxsize=4)
def _filters(config: MelConfig) -> Tensor:
    """[mels, window // 2 + 1]."""
    filters = mel_filter_bank(
        num_frequency_bins=config.window // 2 + 1,
        num_mel_filters=config.mels,
        min_frequency=config.low_hz,
        max_frequency=config.high_hz,
        sampling_rate=config.rate,
        norm="slaney",
        mel_scale="slaney",
    )
    return torch.from_numpy(np.ascontiguousarray(filters.T, dtype=np.float32))
