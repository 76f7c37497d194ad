"""What the moment head takes and gives."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vtr.models.heads.base import TensorBatch


@dataclass(frozen=True)
class MomentBatch(TensorBatch):
    """Videos with one sentence each. Masks are True where an entry is real; real entries come first.

    ``frames`` [B, N, Df] with ``frame_mask`` [B, N]: the snippets in order of time.
    ``words`` [B, L, Dw] with ``word_mask`` [B, L]; ``arcs`` bool [B, L, L]: syntactic arcs, a word (row) to
    its head (column); windowed where None.
    For training: ``edges_s`` [B, N + 1], the snippets' boundaries in seconds (snippet n is
    [edges_s[n], edges_s[n + 1]]), ``moments_s`` [B, G, 2] and ``moment_mask`` [B, G], the true moments;
    ``group`` int [B]: videos of one group lend each other no negative sentence; ``others`` [B, M, Dw] with
    ``other_mask`` [B, M]: a sentence that is false of each video, in place of the next video's.
    """

    frames: Tensor
    frame_mask: Tensor
    words: Tensor
    word_mask: Tensor
    arcs: Tensor | None = None
    edges_s: Tensor | None = None
    moments_s: Tensor | None = None
    moment_mask: Tensor | None = None
    group: Tensor | None = None
    others: Tensor | None = None
    other_mask: Tensor | None = None


@dataclass(frozen=True)
class MomentMap:
    """``logits`` [B, N, W]: of the moments from snippet i (row) to the end of snippet ``columns`` [B, W].

    ``valid`` bool [B, N, W]: candidates that exist; the logits of others are the least float. The full map
    has the columns 0..N-1.
    """

    logits: Tensor
    valid: Tensor
    columns: Tensor
