"""An example is no answer to itself: nobody who asks for "the same, but at night" wants it back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

Hit = TypeVar("Hit")


def without_example(hits: Iterable[Hit], example: str, *, key: Callable[[Hit], str]) -> list[Hit]:
    """``hits`` in their order, less those whose ``key`` (the video's id) is ``example``.

    All clips of the example's video go. Ask the index for as many more as the example has clips.
    """
    return [hit for hit in hits if key(hit) != example]


def mask_examples(scores: Tensor, examples: Sequence[str], gallery: Sequence[str]) -> Tensor:
    """``scores`` [Q, N] with minus infinity where gallery video n is query q's example.

    Raises ValueError where the lengths do not fit; an example that is not in the gallery is fine.
    """
    if scores.shape != (len(examples), len(gallery)):
        raise ValueError(f"scores: shape {list(scores.shape)}, but {[len(examples), len(gallery)]} is needed")
    places: dict[str, list[int]] = {}
    for place, video in enumerate(gallery):
        places.setdefault(video, []).append(place)
    own = torch.zeros(scores.shape, dtype=torch.bool)
    for query, example in enumerate(examples):
        own[query, places.get(example, [])] = True
    return scores.masked_fill(own.to(scores.device), -math.inf)
