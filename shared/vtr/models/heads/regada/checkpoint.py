"""A trained region and adverb head from a checkpoint's directory."""

from __future__ import annotations

from pathlib import Path

from vtr.models.heads.checkpoint import load_trained
from vtr.models.heads.regada.config import RegadaConfig
from vtr.models.heads.regada.model import Regada
from vtr.models.training.checkpoints import Card


def load_regada(checkpoint: Path) -> tuple[Regada, Card]:
    """The head in eval mode, and its card. Raises :class:`CheckpointError`."""
    return load_trained(checkpoint, Regada.name, RegadaConfig, Regada)
