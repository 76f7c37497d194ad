"""A trained composer from a checkpoint's directory."""

from __future__ import annotations

from pathlib import Path

from vtr.models.heads.checkpoint import load_trained
from vtr.models.heads.covr.config import CovrConfig
from vtr.models.heads.covr.head import Covr
from vtr.models.training.checkpoints import Card


def load_covr(checkpoint: Path) -> tuple[Covr, Card]:
    """The head in eval mode, and its card. Raises :class:`CheckpointError`."""
    return load_trained(checkpoint, Covr.name, CovrConfig, Covr)
