"""Sound at another rate."""

from __future__ import annotations

from math import gcd

import numpy as np

from vtr.models.encoders.base import FloatArray


def resampled(samples: FloatArray, rate: int, wanted: int) -> FloatArray:
    """Mono ``samples`` [N] at ``rate`` as they are at ``wanted`` samples a second, float32.

    By the discrete Fourier transform: nothing folds back, and nothing is made up above the old half rate.
    The sound is filled with silence to a whole number of periods of both rates.
    """
    if rate == wanted or not samples.size:
        return np.asarray(samples, dtype=np.float32)
    step = rate // gcd(rate, wanted)
    periods = -(-len(samples) // step)
    length = periods * wanted * step // rate
    spectrum = np.fft.rfft(samples, periods * step)
    kept = np.zeros(length // 2 + 1, dtype=spectrum.dtype)
    common = min(len(kept), len(spectrum))
    kept[:common] = spectrum[:common]
    out = np.fft.irfft(kept, length) * (length / (periods * step))
    return np.asarray(out[: -(-len(samples) * wanted // rate)], dtype=np.float32)
