"""A dual encoder small enough to be trained in a test, and examples for it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from vtr.models.dual.collate import EventExample, Example, collate, frames_before
from vtr.models.dual.config import DualConfig
from vtr.models.dual.model import DualBatch, DualEncoder
from vtr.models.dual.vocabulary import Vocabulary
from vtr.models.training.checkpoints import Card, save_checkpoint

WORDS = Vocabulary.of(["a red ball moves left night dogs two and then it rains zebra"])
TINY = DualConfig(
    dim=32,
    side=16,
    channels=8,
    width=32,
    layers=1,
    heads=2,
    points=4,
    slots=2,
    slot_dim=8,
    text_width=32,
    text_layers=1,
    text_heads=2,
    max_tokens=32,
    swaps=1,
)


def tiny_dual(seed: int = 0, config: DualConfig = TINY) -> DualEncoder:
    torch.set_num_threads(1)  # more than one only wait for each other at this size
    torch.manual_seed(seed)
    return DualEncoder(config, len(WORDS.words))


def saved_dual(folder: Path, seed: int = 0) -> Path:
    """A checkpoint of an untrained one."""
    card = Card(
        head="dual",
        config=asdict(TINY),
        options={},
        data={},
        metrics={},
        command="",
        parameters=0,
        precision="",
        assets={"words": list(WORDS.words)},
    )
    save_checkpoint(folder, tiny_dual(seed), card)
    return folder


def examples(count: int, seed: int = 0, *, swaps: int = 1) -> list[Example]:
    """Noise videos of different lengths with captions that all differ."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        length = int(rng.integers(4, 9))
        frames = rng.integers(0, 256, (length, 16, 16, 3), dtype=np.uint8)
        found.append(
            Example(
                frames=frames,
                before=frames_before(frames, TINY.gaps),
                times_s=(np.arange(length) / 5).astype(np.float32),
                tokens=[2 + (number + k) % 12 for k in range(4 + number % 3)],
                swaps=[[2 + (number + 5 * k) % 12 for k in range(5)]] if number % 2 else [],
                events=[
                    EventExample(
                        0.0, 0.5, [2 + number % 12, 3], number, false=[[2 + (number + 4) % 12, 3], None]
                    )
                ],
            )
        )
    return found


def batch_of(made: list[Example], config: DualConfig = TINY) -> DualBatch:
    return collate(made, swaps=config.swaps, max_tokens=config.max_tokens)
