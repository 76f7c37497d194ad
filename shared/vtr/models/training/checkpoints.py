"""Weights as safetensors beside a model card: all that loading needs, and what they were made from."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

WEIGHTS, CARD = "model.safetensors", "card.json"


class CheckpointError(ValueError):
    """A checkpoint cannot be read; the message names the file and the reason."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """``card.json``. ``config``: the head's own; ``data``: hashes and description of what it was trained on;
    ``assets``: what the head needs beside weights (a vocabulary, say); ``command``: makes it again."""

    head: str
    config: dict[str, Any]
    options: dict[str, Any]
    data: dict[str, Any]
    metrics: dict[str, Any]
    command: str
    parameters: int
    precision: str
    sha256: str = ""
    assets: dict[str, Any] = {}


@dataclass(frozen=True)
class Checkpoint:
    """A card and its weights, in float32."""

    card: Card
    state: dict[str, Tensor]


def save_checkpoint(root: Path, module: nn.Module, card: Card, *, half: bool = False) -> Card:
    """Writes both files into ``root``; returns the card with the weights' hash.

    ``half``: weights as float16, half the size. Each file is replaced in one go, the card last.
    """
    root.mkdir(parents=True, exist_ok=True)
    kind = torch.float16 if half else torch.float32
    state = {
        name: value.detach().to(kind if value.is_floating_point() else value.dtype).cpu().contiguous()
        for name, value in module.state_dict().items()
    }
    pending = root / f"{WEIGHTS}.part"
    save_file(state, pending)
    digest = hashlib.sha256(pending.read_bytes()).hexdigest()
    pending.replace(root / WEIGHTS)
    card = msgspec.structs.replace(
        card,
        sha256=digest,
        precision="float16" if half else "float32",
        parameters=sum(math.prod(p.shape) for p in module.parameters()),
    )
    pending = root / f"{CARD}.part"
    pending.write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n")
    pending.replace(root / CARD)
    return read_card(root)


def read_card(root: Path) -> Card:
    """The card in ``root``. Raises :class:`CheckpointError`."""
    path = root / CARD
    try:
        return msgspec.json.decode(path.read_bytes(), type=Card)
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise CheckpointError(f"{path}: {error}") from error


def load_checkpoint(root: Path, *, head: str) -> Checkpoint:
    """The checkpoint in ``root``, which must be of ``head`` and hold the weights that its card names."""
    card = read_card(root)
    if card.head != head:
        raise CheckpointError(f"{root / CARD}: head is {card.head!r}, but {head!r} is needed")
    path = root / WEIGHTS
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}") from error
    if digest != card.sha256:
        raise CheckpointError(f"{path}: SHA-256 {digest[:12]}, but the card says {card.sha256[:12]}")
    state = {name: v.float() if v.is_floating_point() else v for name, v in load_file(path).items()}
    return Checkpoint(card, state)


def load_into(module: nn.Module, checkpoint: Checkpoint) -> None:
    """Puts the weights into ``module``. Raises :class:`CheckpointError` for names or shapes that differ."""
    try:
        module.load_state_dict(checkpoint.state)
    except RuntimeError as error:
        raise CheckpointError(f"weights do not fit the configuration of the card: {error}") from error
