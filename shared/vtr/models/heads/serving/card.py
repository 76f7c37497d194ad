"""``metrics.serving`` of a head's card: whether and how queries use the head.

Each head's training chooses it, or :mod:`vtr.models.heads.serving.weigh`; on validation alone.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import msgspec

from vtr.models.heads.serving.protocol import Serving
from vtr.models.training.checkpoints import CARD, Card, CheckpointError, read_card

KEY = "serving"


def serving_of(card: Card) -> Serving:
    """How ``card`` says that its head takes part; a card that does not say: off, of no weight.

    Raises :class:`CheckpointError` where it says it in another form.
    """
    given = card.metrics.get(KEY, {})
    if not isinstance(given, dict):
        raise CheckpointError(f"card of {card.head}: metrics.{KEY} is no object")
    known = {field.name: given[field.name] for field in fields(Serving) if field.name in given}
    try:
        return msgspec.convert(known, Serving)
    except msgspec.ValidationError as error:
        raise CheckpointError(f"card of {card.head}: metrics.{KEY}: {error}") from error


def with_serving(card: Card, serving: Serving, **evidence: Any) -> Card:
    """``card`` with ``serving``, and the ``evidence`` for it beside."""
    return msgspec.structs.replace(card, metrics={**card.metrics, KEY: {**asdict(serving), **evidence}})


def save_serving(folder: Path, serving: Serving, **evidence: Any) -> None:
    """Puts ``serving`` into the card of the checkpoint in ``folder``, whose weights stay as they are."""
    card = with_serving(read_card(folder), serving, **evidence)
    pending = folder / f"{CARD}.part"
    pending.write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n")
    pending.replace(folder / CARD)
