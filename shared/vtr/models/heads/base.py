"""What every head has in common, so that one trainer trains them all and one card describes them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import msgspec
import torch
from torch import Tensor

BatchT_contra = TypeVar("BatchT_contra", contravariant=True)
OutT_co = TypeVar("OutT_co", covariant=True)

TOTAL = "loss"
"""The entry of :meth:`Head.loss` that is minimised; the others are its parts, for the log."""


class HeadError(ValueError):
    """A batch or a configuration is not what a head takes; the message names the field and the reason."""


@dataclass(frozen=True)
class HeadConfig:
    """Everything that determines a head's shape and loss; a subclass is a frozen dataclass of plain values.

    It is written to the model card and read back from it.
    """

    def to_json(self) -> str:
        """The fields as a JSON object."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The inverse of :meth:`to_json`; fields left out keep their defaults.

        Raises :class:`HeadError` for a field that is unknown or of another type.
        """
        try:
            given = msgspec.json.decode(text, type=dict[str, Any])
            unknown = sorted(given.keys() - {f.name for f in fields(cls)})
            if unknown:
                raise HeadError(f"{cls.__name__}: no field {', '.join(unknown)}")
            return msgspec.convert(given, type=cls)
        except msgspec.MsgspecError as error:
            raise HeadError(f"{cls.__name__}: {error}") from error


@dataclass(frozen=True)
class TensorBatch:
    """A batch: a frozen dataclass whose fields are tensors, batches, either or None, or plain values."""

    def to(self, device: torch.device | str) -> Self:
        """The same batch with its tensors on ``device``."""
        moved = {
            f.name: value.to(device)
            for f in fields(self)
            if isinstance(value := getattr(self, f.name), Tensor | TensorBatch)
        }
        return replace(self, **moved)


@runtime_checkable
class Head(Protocol[BatchT_contra, OutT_co]):
    """A head, as the trainer sees it; every one is a :class:`torch.nn.Module` as well.

    A step is ``losses = head.loss(batch); losses["loss"].backward(); optimizer.step(); head.after_step()``.
    """

    @property
    def name(self) -> str:
        """Its name in commands, cards and explanations: ``covr``, ``vlgnet``, ``camoe``, ``regada``."""

    @property
    def config(self) -> HeadConfig:
        """What the head was built from."""

    def forward(self, batch: BatchT_contra) -> OutT_co:
        """Scores or embeddings; what serving needs, without targets."""

    def loss(self, batch: BatchT_contra) -> dict[str, Tensor]:
        """Scalars: ``"loss"`` with its graph, and its parts by name, detached."""

    def after_step(self) -> None:
        """Moves what no gradient moves (momentum encoder, queue); nothing in a head without any."""
