"""Spoken words by espeak-ng, one WAV file for each word, made once."""

from __future__ import annotations

import shutil
import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_PROGRAM = "espeak-ng"


class SpeechError(RuntimeError):
    """espeak-ng failed, or a cached word cannot be read; names the word and the reason."""


def speech_available() -> bool:
    """True if espeak-ng is installed; without it the corpus has no spoken words."""
    return shutil.which(_PROGRAM) is not None


def word_path(cache: Path, word: str) -> Path:
    return cache / f"{word.replace(' ', '_')}.wav"


def speak_all(words: Sequence[str], cache: Path) -> None:
    """Make the WAV file of every word that ``cache`` lacks. Raises :class:`SpeechError`."""
    program = shutil.which(_PROGRAM)
    if program is None:
        raise SpeechError(f"{_PROGRAM} is not installed: no word can be spoken")
    cache.mkdir(parents=True, exist_ok=True)
    for word in words:
        path = word_path(cache, word)
        if path.exists():
            continue
        half = path.with_suffix(".part")
        done = subprocess.run(  # noqa: S603 - a fixed program, and words of ours
            [program, "-v", "en", "-s", "140", "-w", str(half), word],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != 0 or not half.exists():
            raise SpeechError(f"{word!r}: {_PROGRAM} ended with {done.returncode}: {done.stderr.strip()}")
        half.replace(path)


def load_word(cache: Path, word: str, rate: int) -> NDArray[np.float32]:
    """The spoken word as samples in [-1, 1] at ``rate`` Hz, silence cut off both ends.

    Raises :class:`SpeechError` for a file that is missing or no 16-bit WAV.
    """
    path = word_path(cache, word)
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise SpeechError(f"{path}: has {8 * file.getsampwidth()} bits a sample, not 16")
            raw = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
            own, channels = file.getframerate(), file.getnchannels()
    except (OSError, wave.Error, EOFError) as error:
        raise SpeechError(f"{path}: {error}") from error
    samples = raw.reshape(-1, channels).mean(axis=1).astype(np.float64) / 32768
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    if not loud.size:
        raise SpeechError(f"{path}: is silent")
    samples = samples[loud[0] : loud[-1] + 1]
    if own > rate:
        # A short moving average keeps what lies above the new half rate from folding back.
        width = max(1, round(own / rate))
        samples = np.convolve(samples, np.full(width, 1 / width), mode="same")
    at = np.arange(0, len(samples), own / rate)
    return np.asarray(np.interp(at, np.arange(len(samples)), samples), dtype=np.float32)
