"""How a head is trained. None of it changes what the head is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TrainOptions:
    """``steps`` of AdamW, a linear warm-up, then a cosine to 1 % of ``lr``.

    ``minutes``: the schedule also advances with the clock, so that training is over by then; a run that the
    clock never hurried is the same for the same seed, one that it did is not. ``select``: the validation
    metric (higher is better) by which the best weights are kept; ``patience``: how many validations without
    a better one end the training.
    """

    seed: int = 0
    steps: int = 900
    minutes: float | None = None
    lr: float = 1.5e-3
    warmup: int = 40
    weight_decay: float = 0.05
    clip: float = 2.0
    ema: float = 0.99
    evaluate_every: int = 150
    patience: int = 5
    select: str = "val"
    precision: Literal["float32", "bfloat16"] = "bfloat16"

    def __post_init__(self) -> None:
        for name in ("steps", "evaluate_every", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} is less than 1")
        if self.minutes is not None and self.minutes <= 0:
            raise ValueError(f"minutes: {self.minutes} is not above 0")

    def progress(self, step: int, elapsed_s: float) -> float:
        """How much of the training is over, by steps or by the clock, whichever is further; 1 ends it."""
        by_clock = 0.0 if self.minutes is None else elapsed_s / (60 * self.minutes)
        return min(1.0, max(step / self.steps, by_clock))

    def rate(self, step: int, progress: float) -> float:
        """The learning rate of ``step``."""
        cosine = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))
        return min(self.lr * (step + 1) / max(1, self.warmup), self.lr * cosine)
