"""A video's snippets and a sentence as an example, and examples as a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vtr.models.heads.vlgnet.batch import MomentBatch
from vtr.models.heads.vlgnet.snippets import merge_frames, snippet_edges

SNIPPETS = 32
"""The most snippets a video has: at 5 frames a second, 0.2 s each up to 6.4 s, then 0.4 s."""


@dataclass(frozen=True)
class Snippets:
    """One video: ``features`` float32 [N, Df] and the boundaries ``edges_s`` float32 [N + 1] in seconds."""

    features: Tensor
    edges_s: Tensor


@dataclass(frozen=True)
class Example:
    """A video and a sentence. ``words`` float32 [L, Dw]; ``windows``: the true moments, for training alone;
    ``group``: videos of one group lend each other no negative sentence. ``other`` float32 [M, Dw]: a sentence
    that is false of the video, for training alone."""

    video: Snippets
    words: Tensor
    windows: Sequence[tuple[float, float]] = ()
    group: int = 0
    other: Tensor | None = None


def snippets_of(
    frames: NDArray[np.floating],
    times_s: NDArray[np.floating],
    start_s: float,
    end_s: float,
    *,
    limit: int = SNIPPETS,
) -> Snippets:
    """At most ``limit`` snippets of a clip from ``start_s`` to ``end_s``, means of consecutive frames.

    ``frames`` [T, Df] at ``times_s`` [T]. Depends on this clip alone, whatever it is batched with.
    """
    values = torch.from_numpy(np.asarray(frames, dtype=np.float32))
    edges = snippet_edges(torch.from_numpy(np.asarray(times_s, dtype=np.float32)), start_s, end_s)
    real = torch.ones(1, len(values), dtype=torch.bool)
    merged, _, edges = merge_frames(values.unsqueeze(0), real, edges.unsqueeze(0), limit)
    return Snippets(merged[0], edges[0])


def collate(examples: Sequence[Example]) -> MomentBatch:
    """One batch, padded to its longest; with targets where every example has ``windows``,
    with negative sentences where every one has ``other``."""
    frames = pad_sequence([e.video.features for e in examples], batch_first=True)
    words = pad_sequence([e.words for e in examples], batch_first=True)
    # Edges past a video's end stay at its end: candidates there would be empty, and are not valid anyway.
    edges = torch.stack(
        [
            torch.cat([e.video.edges_s, e.video.edges_s[-1:].expand(frames.shape[1] - len(e.video.features))])
            for e in examples
        ]
    )
    moments = moment_mask = None
    if all(e.windows for e in examples):
        spans = [torch.tensor(e.windows, dtype=torch.float32) for e in examples]
        moments = pad_sequence(spans, batch_first=True)
        moment_mask = _mask([len(span) for span in spans])
    others = [e.other for e in examples if e.other is not None]
    whole = len(others) == len(examples)
    return MomentBatch(
        frames=frames,
        frame_mask=_mask([len(e.video.features) for e in examples]),
        words=words,
        word_mask=_mask([len(e.words) for e in examples]),
        edges_s=edges,
        moments_s=moments,
        moment_mask=moment_mask,
        group=torch.tensor([e.group for e in examples], dtype=torch.long),
        others=pad_sequence(others, batch_first=True) if whole else None,
        other_mask=_mask([len(words) for words in others]) if whole else None,
    )


def _mask(lengths: Sequence[int]) -> Tensor:
    return torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)


def in_batches(examples: Iterable[Example], size: int) -> Iterator[MomentBatch]:
    """``examples`` in their order, ``size`` at a time."""
    part: list[Example] = []
    for example in examples:
        part.append(example)
        if len(part) == size:
            yield collate(part)
            part = []
    if part:
        yield collate(part)
