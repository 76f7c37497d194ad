"""The sound of a scene: a quiet tone for each event by its action, a sound, and a spoken word."""

from __future__ import annotations

from random import Random

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.scene import Scene, event_times

RATE = 16_000
"""Samples a second."""

Samples = NDArray[np.float32]

_TONE = 0.07
_SOUND = 0.3
_WORD = 0.7
_HISS = 0.004


def sound_times(scene: Scene) -> tuple[float, float]:
    """Seconds [start, end) of the scene's sound: half to one and a half seconds somewhere in the video."""
    rng = Random(f"{scene.seed}/sound")
    length = min(rng.uniform(0.8, 1.5), scene.duration_s / 3)
    # The first half is the sound's, the second half the word's, so that they do not drown each other.
    start = rng.uniform(0.1, max(0.1, scene.duration_s / 2 - length))
    return round(start, 3), round(start + length, 3)


def word_start(scene: Scene) -> float:
    """Second at which the word begins."""
    rng = Random(f"{scene.seed}/word")
    return round(rng.uniform(scene.duration_s / 2, max(scene.duration_s / 2, scene.duration_s - 1.2)), 3)


def mix(scene: Scene, word: Samples | None) -> NDArray[np.int16]:
    """The scene's sound: mono int16 [samples] at :data:`RATE`; ``word``: the spoken word, or None."""
    rng = np.random.default_rng([scene.seed, 3])
    length = round(scene.duration_s * RATE)
    out = (rng.standard_normal(length) * _HISS).astype(np.float32)
    for k, event in enumerate(scene.events):
        start, end = event_times(scene, k)
        _add(out, start, _TONE * _event_tone(event.action, end - start))
    if scene.sound is not None:
        start, end = sound_times(scene)
        _add(out, start, _SOUND * _sound(scene.sound, end - start, rng))
    if word is not None:
        _add(out, word_start(scene), _WORD * word / max(1e-6, float(np.abs(word).max())))
    return np.asarray((np.clip(out, -1, 1) * 32000).astype(np.int16))


def _add(out: Samples, start_s: float, what: Samples) -> None:
    at = round(start_s * RATE)
    part = what[: max(0, len(out) - at)]
    out[at : at + len(part)] += part


def _clock(seconds: float) -> Samples:
    return np.arange(max(1, round(seconds * RATE)), dtype=np.float32) / np.float32(RATE)


def _faded(wave: Samples) -> Samples:
    edge = min(len(wave) // 2, RATE // 100)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    wave[:edge] *= ramp
    wave[len(wave) - edge :] *= ramp[::-1]
    return wave


def _sweep(t: Samples, low: float, high: float) -> Samples:
    """A tone that glides from ``low`` to ``high`` Hz over ``t``."""
    end = max(float(t[-1]), 1e-3)
    return np.sin(2 * np.pi * (low * t + (high - low) * t * t / (2 * end))).astype(np.float32)


def _event_tone(action: str, seconds: float) -> Samples:
    """What an event of ``action`` sounds like. It does not tell the direction or the manner."""
    t = _clock(seconds)
    sine = np.sin
    match action:
        case "moves":
            wave = sine(2 * np.pi * 220 * t)
        case "follows":
            wave = sine(2 * np.pi * 220 * t) / 2 + sine(2 * np.pi * 330 * t) / 2
        case "circles":
            wave = sine(2 * np.pi * 300 * t + 6 * sine(2 * np.pi * 3 * t))
        case "spins":
            wave = sine(2 * np.pi * 440 * t) * (0.5 + 0.5 * sine(2 * np.pi * 6 * t))
        case "bounces":
            wave = sine(2 * np.pi * 110 * t) * np.exp(-8 * ((t * 2) % 1))
        case "shakes":
            wave = sine(2 * np.pi * 150 * t) * np.sign(sine(2 * np.pi * 12 * t))
        case "grows":
            wave = _sweep(t, 300, 900)
        case "shrinks":
            wave = _sweep(t, 900, 300)
        case "blinks":
            wave = sine(2 * np.pi * 660 * t) * ((t * 3) % 1 < 0.4)
        case _:
            raise ValueError(f"action: {action!r} has no tone")
    return _faded(wave.astype(np.float32))


def _sound(kind: str, seconds: float, rng: np.random.Generator) -> Samples:
    t = _clock(seconds)
    sine = np.sin
    match kind:
        case "bell":
            partials = ((1.0, 1.0), (2.76, 0.6), (5.4, 0.3))
            wave = sum(a * sine(2 * np.pi * 830 * f * t) * np.exp(-3 * f**0.5 * t) for f, a in partials)
        case "whistle":
            wave = sine(2 * np.pi * 2300 * t + 8 * sine(2 * np.pi * 18 * t))
        case "drum":
            beat = (t * 4) % 1
            wave = np.exp(-14 * beat) * sine(2 * np.pi * 75 * t) + 0.3 * np.exp(-40 * beat) * rng.normal(
                size=len(t)
            )
        case "siren":
            wave = sine(2 * np.pi * 800 * t - 150 * np.cos(2 * np.pi * 1.5 * t))
        case "chirp":
            wave = sine(2 * np.pi * (3000 + 1200 * ((t * 6) % 1)) * ((t * 6) % 1) / 6) * ((t * 6) % 1 < 0.6)
        case "buzz":
            wave = 0.6 * np.sign(sine(2 * np.pi * 120 * t))
        case "clock":
            wave = np.exp(-50 * ((t * 3) % 1)) * rng.normal(size=len(t)) * 2
        case "horn":
            wave = sum(sine(2 * np.pi * 180 * k * t) / k for k in (1, 2, 3, 4, 5)) * 0.6
        case _:
            raise ValueError(f"sound: {kind!r} is unknown")
    return _faded(np.asarray(wave).astype(np.float32))
