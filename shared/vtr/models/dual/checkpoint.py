"""A trained dual encoder to and from a checkpoint's directory."""

from __future__ import annotations

from pathlib import Path

import msgspec

from vtr.models.dual.config import DualConfig
from vtr.models.dual.model import DualEncoder
from vtr.models.dual.vocabulary import Vocabulary
from vtr.models.training.checkpoints import Card, CheckpointError, load_checkpoint, load_into


def model_version_of(card: Card) -> str:
    """The version of the vectors that a dual encoder makes: it follows from its weights alone."""
    return f"trained-dual_{card.config['dim']}_{card.sha256[:12]}"


def vocabulary_of_card(root: Path, card: Card) -> Vocabulary:
    """The words that a text tower in ``root`` was trained on. Raises :class:`CheckpointError`."""
    words = card.assets.get("words")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise CheckpointError(f"{root}: the card's assets.words is no list of words")
    return Vocabulary(tuple(words))


def load_dual(root: Path) -> tuple[DualEncoder, Vocabulary, Card]:
    """The model in eval mode, its vocabulary and its card. Raises :class:`CheckpointError`."""
    checkpoint = load_checkpoint(root, head=DualEncoder.name)
    vocabulary = vocabulary_of_card(root, checkpoint.card)
    config = DualConfig.from_json(msgspec.json.encode(checkpoint.card.config))
    model = DualEncoder(config, len(vocabulary.words))
    load_into(model, checkpoint)
    model.eval()
    return model, vocabulary, checkpoint.card
