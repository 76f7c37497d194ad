"""A trained moment head from a checkpoint's directory."""

from __future__ import annotations

from pathlib import Path

import msgspec

from vtr.models.heads.vlgnet.config import VlgNetConfig
from vtr.models.heads.vlgnet.model import VlgNet
from vtr.models.training.checkpoints import Card, load_checkpoint, load_into


def load_vlgnet(checkpoint: Path) -> tuple[VlgNet, Card]:
    """The head in eval mode, and its card. Raises :class:`CheckpointError`."""
    found = load_checkpoint(checkpoint, head=VlgNet.name)
    head = VlgNet(VlgNetConfig.from_json(msgspec.json.encode(found.card.config)))
    load_into(head, found)
    return head.eval(), found.card
