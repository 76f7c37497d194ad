"""What a moment head must beat: windows of frame-text cosine, chance, and where moments tend to be."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vtr.models.heads.base import HeadError
from vtr.models.heads.masks import unit
from vtr.models.heads.vlgnet.candidates import all_columns, valid_cells
from vtr.models.heads.vlgnet.targets import cell_spans, temporal_iou


def full_valid(mask: Tensor) -> Tensor:
    """bool [B, N, N]: the cells of the full map that exist for ``mask`` [B, N]."""
    return valid_cells(mask, all_columns(mask))


def window_cosine(frames: Tensor, mask: Tensor, text: Tensor, *, contrast: bool = True) -> Tensor:
    """[B, N, N]: the mean cosine of the window's frames with the text.

    ``frames`` [B, N, D], ``mask`` [B, N], ``text`` [B, D] in one space. ``contrast`` takes off the mean of
    the frames outside (of all of them, for the window that is everything): without it the best window is
    always the one best frame. Cells that do not exist are -inf.
    """
    cosine = torch.einsum("bnd,bd->bn", unit(frames), unit(text)).masked_fill(~mask, 0.0)
    total = torch.nn.functional.pad(cosine.cumsum(dim=1), (1, 0))
    count = torch.nn.functional.pad(mask.to(cosine.dtype).cumsum(dim=1), (1, 0))
    inside = total[:, None, 1:] - total[:, :-1, None]
    inside_count = count[:, None, 1:] - count[:, :-1, None]
    scores = inside / inside_count.clamp(min=1)
    if contrast:
        everything, real = total[:, -1, None, None], count[:, -1, None, None]
        outside_count = real - inside_count
        outside = torch.where(outside_count > 0, everything - inside, everything)
        scores = scores - outside / torch.where(outside_count > 0, outside_count, real).clamp(min=1)
    return scores.masked_fill(~full_valid(mask), float("-inf"))


def random_anchor(mask: Tensor, seed: int) -> Tensor:
    """[B, N, N]: a random order of the candidates; -inf for those that do not exist."""
    shape = (*mask.shape, mask.shape[1])
    scores = torch.rand(shape, generator=torch.Generator().manual_seed(seed)).to(mask.device)
    return scores.masked_fill(~full_valid(mask), float("-inf"))


@dataclass(frozen=True)
class MomentPrior:
    """Where the moments of training lie in their videos: ``spans`` [M, 2], each as shares of the duration."""

    spans: Tensor

    @classmethod
    def fit(cls, moments_s: Tensor, durations_s: Tensor) -> MomentPrior:
        """From ``moments_s`` [M, 2] and the ``durations_s`` [M] of their videos."""
        if moments_s.shape[0] == 0 or bool((durations_s <= 0).any()):
            raise HeadError("moments_s, durations_s: need one moment at least, and durations above 0")
        return cls(moments_s / durations_s.unsqueeze(-1))

    def score(self, edges_s: Tensor, mask: Tensor, *, iou: float = 0.5) -> Tensor:
        """[B, N, N]: the share of training moments that candidate [i, j] overlaps by ``iou`` at least: the
        best answer without reading the query. ``edges_s`` [B, N + 1], ``mask`` [B, N]; -inf where none
        exists."""
        last = edges_s.gather(1, mask.sum(dim=1, keepdim=True))
        shares = (edges_s - edges_s[:, :1]) / (last - edges_s[:, :1]).clamp(min=1e-9)
        cells = cell_spans(shares)
        hits = torch.zeros(cells.shape[:-1], device=edges_s.device)
        for part in torch.tensor_split(self.spans.to(edges_s), list(range(256, self.spans.shape[0], 256))):
            hits = hits + (temporal_iou(cells.unsqueeze(3), part) >= iou).sum(dim=3)
        return (hits / self.spans.shape[0]).masked_fill(~full_valid(mask), float("-inf"))
