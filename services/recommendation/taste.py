"""What a person did with one video, as a state that any order and repetition of events leads to.

Per kind of interaction the state keeps one signal and merging takes the greater: the latest for judgements,
the longest and latest for watching. Such a merge is commutative, associative and idempotent (a join
semilattice; Shapiro et al., "Conflict-free Replicated Data Types", 2011), so replays never count double and
late events fall into place, without a list of what was applied. It also bounds what one video can weigh.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from vtr.contracts.events import InteractionRecorded

WATCH_NEUTRAL_FRACTION = 0.1
"""Leaving before this share of a video says less than nothing for it."""
WATCH_ENDORSES_S = 10.0
UNKNOWN_DURATION_S = 60.0

_CONSTANT_WEIGHTS = {"click": 0.3, "like": 1.0, "skip": -0.5}


class Signal(msgspec.Struct, frozen=True, array_like=True):
    """When (Unix seconds) and how much: watched seconds, a judgement in [-1, 1], or 1."""

    at: float
    value: float


class Taste(msgspec.Struct, frozen=True, array_like=True):
    """Signals by kind of interaction."""

    signals: dict[str, Signal] = msgspec.field(default_factory=dict)

    @property
    def latest(self) -> float:
        """Unix seconds of the newest signal."""
        return max((signal.at for signal in self.signals.values()), default=0.0)


History = Mapping[str, Taste]
"""A person's tastes by video_id."""


def counts(interaction: InteractionRecorded) -> bool:
    """Whether it says anything about taste: an impression alone does not."""
    return interaction.kind != "impression"


def merge(taste: Taste, interaction: InteractionRecorded) -> Taste:
    """``taste`` with one more interaction."""
    value = interaction.watch_s if interaction.kind == "watch" else interaction.value
    new = Signal(interaction.occurred_at.timestamp(), 1.0 if value is None else value)
    old = taste.signals.get(interaction.kind)
    if old is None:
        kept = new
    elif interaction.kind == "watch":
        kept = Signal(max(old.at, new.at), max(old.value, new.value))
    else:
        kept = max(old, new, key=lambda signal: (signal.at, signal.value))
    return Taste({**taste.signals, interaction.kind: kept})


def weight(taste: Taste, *, now: datetime, half_life_s: float, duration_s: float | None) -> float:
    """How much the video speaks for (positive) or against what it shows, halving every ``half_life_s``."""
    total = 0.0
    for kind, signal in taste.signals.items():
        age_s = max(0.0, now.timestamp() - signal.at)
        total += _strength(kind, signal.value, duration_s) * 2.0 ** (-age_s / half_life_s)
    return total


def endorses(taste: Taste) -> bool:
    """Whether the person liked the video, as far as they showed it: counts towards its popularity."""
    signals = taste.signals
    if "like" in signals or ("watch" in signals and signals["watch"].value >= WATCH_ENDORSES_S):
        return True
    return any(kind in signals and signals[kind].value > 0 for kind in ("rating", "satisfaction"))


def strongest_verb(taste: Taste) -> str:
    """How to speak of the strongest sign of liking: "because you <verb> ..."."""
    signals = taste.signals
    if "like" in signals:
        return "liked"
    if any(kind in signals and signals[kind].value > 0 for kind in ("rating", "satisfaction")):
        return "rated"
    return "watched" if "watch" in signals else "opened"


def _strength(kind: str, value: float, duration_s: float | None) -> float:
    if kind == "watch":
        share = min(1.0, value / (duration_s or UNKNOWN_DURATION_S))
        return (share - WATCH_NEUTRAL_FRACTION) / (1.0 - WATCH_NEUTRAL_FRACTION)
    return _CONSTANT_WEIGHTS.get(kind, value)
