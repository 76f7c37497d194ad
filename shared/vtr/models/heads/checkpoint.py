"""A trained head from a checkpoint's directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from torch import nn

from vtr.models.heads.base import HeadConfig
from vtr.models.training.checkpoints import Card, load_checkpoint, load_into

ConfigT = TypeVar("ConfigT", bound=HeadConfig)
HeadT = TypeVar("HeadT", bound=nn.Module)


def load_trained(
    checkpoint: Path, name: str, config: type[ConfigT], build: Callable[[ConfigT], HeadT]
) -> tuple[HeadT, Card]:
    """The head ``name`` in eval mode, and its card. Raises :class:`CheckpointError`."""
    found = load_checkpoint(checkpoint, head=name)
    head = build(config.from_json(msgspec.json.encode(found.card.config)))
    load_into(head, found)
    return head.eval(), found.card
