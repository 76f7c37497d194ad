"""A trained region and adverb head from a checkpoint's directory."""

from __future__ import annotations

from pathlib import Path

import msgspec

from vtr.models.heads.regada.config import RegadaConfig
from vtr.models.heads.regada.model import Regada
from vtr.models.training.checkpoints import Card, load_checkpoint, load_into


def load_regada(checkpoint: Path) -> tuple[Regada, Card]:
    """The head in eval mode, and its card. Raises :class:`CheckpointError`."""
    found = load_checkpoint(checkpoint, head=Regada.name)
    head = Regada(RegadaConfig.from_json(msgspec.json.encode(found.card.config)))
    load_into(head, found)
    return head.eval(), found.card
