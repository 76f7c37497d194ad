"""Log-mel spectrograms, and sound at another rate."""

from __future__ import annotations

import numpy as np
import pytest

from vtr.models.audio.config import AudioConfig, MelConfig
from vtr.models.audio.logmel import frames_of, log_mel
from vtr.models.audio.resample import resampled
from vtr.models.heads.base import HeadError

MEL = MelConfig()


def tone(hz: float, seconds: float = 1.0, rate: int = 16_000) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("samples", [1, 319, 320, 321, 16_000, 16_001])
def test_a_frame_every_hop(samples: int) -> None:
    found = log_mel(np.zeros(samples, dtype=np.float32), MEL)
    assert found.shape == (frames_of(samples, MEL), MEL.mels)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


def test_higher_tones_lie_in_higher_bands() -> None:
    bands = [int(log_mel(tone(hz), MEL).mean(axis=0).argmax()) for hz in (200, 800, 2000, 6000)]
    assert bands == sorted(set(bands))


def test_a_click_lies_in_the_frames_around_it() -> None:
    sound = np.zeros(16_000, dtype=np.float32)
    sound[8000] = 1
    found = log_mel(sound, MEL)
    loud = np.flatnonzero(found.max(axis=1) > found.min() + 0.1)
    assert loud.tolist() == [25]  # 8000 / 320, and the neighbours' windows do not reach it
    assert (log_mel(sound[:6400], MEL)[:20] == found[:20]).all(), "what comes later is not felt"


def test_louder_is_a_shift() -> None:
    quiet, loud = log_mel(0.1 * tone(800), MEL), log_mel(0.2 * tone(800), MEL)
    at = quiet.mean(axis=0).argmax()
    assert (loud - quiet)[5:-5, at] == pytest.approx(np.log(4) / 2, abs=1e-3)


def test_a_band_above_the_half_rate_is_refused() -> None:
    with pytest.raises(HeadError, match="8000"):
        MelConfig(high_hz=9000)
    with pytest.raises(HeadError, match="channels"):
        AudioConfig(mel=MelConfig(mels=20))


@pytest.mark.parametrize("wanted", [48_000, 8_000, 44_100])
def test_resampling_keeps_a_tone(wanted: int) -> None:
    found = resampled(tone(1000, 0.5), 16_000, wanted)
    assert len(found) == round(0.5 * wanted)
    inside = slice(wanted // 10, -wanted // 10)
    np.testing.assert_allclose(found[inside], tone(1000, 0.5, wanted)[inside], atol=0.02)


def test_resampling_down_folds_nothing_back() -> None:
    assert np.abs(resampled(tone(6000, 0.5), 16_000, 8_000)[500:-500]).max() < 0.02
