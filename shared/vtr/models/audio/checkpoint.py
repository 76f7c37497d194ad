"""A trained audio model from a checkpoint's directory."""

from __future__ import annotations

from pathlib import Path

import msgspec

from vtr.models.audio.config import AudioConfig
from vtr.models.audio.model import AudioModel
from vtr.models.dual.checkpoint import vocabulary_of_card
from vtr.models.dual.vocabulary import Vocabulary
from vtr.models.training.checkpoints import Card, load_checkpoint, load_into


def load_audio(root: Path) -> tuple[AudioModel, Vocabulary, Card]:
    """The model in eval mode, its vocabulary and its card. Raises :class:`CheckpointError`."""
    checkpoint = load_checkpoint(root, head=AudioModel.name)
    vocabulary = vocabulary_of_card(root, checkpoint.card)
    config = AudioConfig.from_json(msgspec.json.encode(checkpoint.card.config))
    model = AudioModel(config, len(vocabulary.words))
    load_into(model, checkpoint)
    model.eval()
    return model, vocabulary, checkpoint.card
