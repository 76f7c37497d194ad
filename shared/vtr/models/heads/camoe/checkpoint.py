"""Trained experts to and from a checkpoint's directory: what serving needs, without queue and slow twin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from torch import nn

from vtr.models.heads.camoe.config import CamoeConfig
from vtr.models.heads.camoe.head import Camoe
from vtr.models.heads.checkpoint import load_trained
from vtr.models.training.checkpoints import Card


def without_queue(head: nn.Module) -> Camoe:
    """A copy of ``head`` (a :class:`Camoe`) with its encoder alone, which scores as it does."""
    assert isinstance(head, Camoe)  # noqa: S101
    kept = Camoe(replace(head.config, queue=0))
    kept.encoder.load_state_dict(head.encoder.state_dict())
    return kept.eval()


def load_camoe(checkpoint: Path) -> tuple[Camoe, Card]:
    """The head in eval mode and its card. Raises :class:`CheckpointError`."""
    return load_trained(checkpoint, Camoe.name, CamoeConfig, Camoe)
