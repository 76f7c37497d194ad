"""A trained composer from a checkpoint's directory."""

from __future__ import annotations

from pathlib import Path

import msgspec

from vtr.models.heads.covr.config import CovrConfig
from vtr.models.heads.covr.head import Covr
from vtr.models.training.checkpoints import Card, load_checkpoint, load_into


def load_covr(checkpoint: Path) -> tuple[Covr, Card]:
    """The head in eval mode, and its card. Raises :class:`CheckpointError`."""
    found = load_checkpoint(checkpoint, head=Covr.name)
    head = Covr(CovrConfig.from_json(msgspec.json.encode(found.card.config)))
    load_into(head, found)
    return head.eval(), found.card
