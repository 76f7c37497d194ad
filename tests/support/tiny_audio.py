"""An audio model small enough for a test, and its checkpoint."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from vtr.models.audio.config import AudioConfig, MelConfig
from vtr.models.audio.model import AudioModel
from vtr.models.dual.vocabulary import Vocabulary
from vtr.models.training.checkpoints import Card, save_checkpoint

WORDS = Vocabulary.of(["a bell rings while the red circle moves left at night"])
TINY = AudioConfig(
    mel=MelConfig(mels=32), dim=24, channels=(8, 16), width=32, queries=2, text_width=24, text_queries=2
)


def tiny_audio(seed: int = 0, config: AudioConfig = TINY) -> AudioModel:
    torch.manual_seed(seed)
    return AudioModel(config, len(WORDS.words)).eval()


def saved_audio(folder: Path, seed: int = 0) -> Path:
    """A checkpoint of an untrained one."""
    card = Card(
        head="audio",
        config=asdict(TINY),
        options={},
        data={},
        metrics={},
        command="",
        parameters=0,
        precision="",
        assets={"words": list(WORDS.words)},
    )
    save_checkpoint(folder, tiny_audio(seed), card)
    return folder
