"""Bundles small enough to be made in a test: an untrained dual encoder and heads of four weights."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from support.tiny_dual import saved_dual
from vtr.models.training.checkpoints import Card, read_card, save_checkpoint


def saved_head(folder: Path, base: str, *, name: str = "", value: float = 0.0) -> Path:
    """A checkpoint of a head called as its folder, unless ``name`` says otherwise."""
    head = nn.Linear(3, 1)
    nn.init.constant_(head.weight, value)
    nn.init.zeros_(head.bias)
    card = Card(
        head=name or folder.name,
        config={},
        options={},
        data={"base": base},
        metrics={},
        command="",
        parameters=0,
        precision="",
    )
    save_checkpoint(folder, head, card)
    return folder


def saved_bundle(folder: Path, *heads: str, seed: int = 0) -> Path:
    """A bundle with ``heads``; equal seeds and heads give equal bytes."""
    base = read_card(saved_dual(folder, seed)).sha256
    for head in heads:
        saved_head(folder / "heads" / head, base)
    return folder
