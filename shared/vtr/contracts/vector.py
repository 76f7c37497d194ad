"""Vectors as they travel in events: base64 of little-endian floats, with dtype and dim named."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Modality = Literal["visual", "speech", "audio"]
TEXT_MODALITIES: tuple[Modality, ...] = ("visual", "speech")
"""The modalities whose vectors live in the space of the text tower: a text's one vector searches them all."""

VectorDtype = Literal["float16", "float32"]

BYTES_PER_ELEMENT: dict[str, int] = {"float16": 2, "float32": 4}


class Vector(msgspec.Struct, frozen=True, kw_only=True):
    """One dense vector. ``data`` travels as base64 in JSON.

    Raises ``ValueError`` when the bytes do not hold exactly ``dim`` elements of ``dtype``.
    """

    dtype: VectorDtype
    dim: Annotated[int, msgspec.Meta(ge=1, le=32768)]
    data: bytes

    def __post_init__(self) -> None:
        want = self.dim * BYTES_PER_ELEMENT[self.dtype]
        if len(self.data) != want:
            raise ValueError(
                f"data: {len(self.data)} bytes, but dim {self.dim} of {self.dtype} takes {want} bytes"
            )


class ModalityVector(msgspec.Struct, frozen=True, kw_only=True):
    """What one modality of a clip, or a query meant for that modality, embeds to.

    ``model``: whose vector it is, where that is another model than the event's: sound has one of its own.
    ``weight``: of a query, how surely its text speaks to this modality, by which fusion weighs it.
    """

    modality: Modality
    vector: Vector
    model: Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern=r"^[a-z0-9_-]+$")] | None = None
    weight: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)] = 1.0
