"""A trained moment head from a checkpoint's directory."""

from __future__ import annotations

from pathlib import Path

from vtr.models.heads.checkpoint import load_trained
from vtr.models.heads.vlgnet.config import VlgNetConfig
from vtr.models.heads.vlgnet.model import VlgNet
from vtr.models.training.checkpoints import Card


def load_vlgnet(checkpoint: Path) -> tuple[VlgNet, Card]:
    """The head in eval mode, and its card. Raises :class:`CheckpointError`."""
    return load_trained(checkpoint, VlgNet.name, VlgNetConfig, VlgNet)
