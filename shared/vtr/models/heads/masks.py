"""Means, attention and checks that see real entries alone. Masks are bool, True where an entry is real."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from vtr.models.heads.base import HeadError


def check_masked(name: str, values: Tensor, mask: Tensor, dim: int) -> None:
    """``values`` [B, N, ``dim``] and ``mask`` bool [B, N] with one real entry a row at least.

    Raises :class:`HeadError`, which names ``name`` and the reason.
    """
    if values.ndim != 3 or values.shape[-1] != dim:
        raise HeadError(f"{name}: shape {list(values.shape)}, but [B, N, {dim}] is needed")
    if mask.dtype != torch.bool or mask.shape != values.shape[:2]:
        raise HeadError(
            f"{name} mask: {mask.dtype} {list(mask.shape)}, but torch.bool {list(values.shape[:2])} is needed"
        )
    empty = torch.nonzero(~mask.any(dim=1)).flatten().tolist()
    if empty:
        raise HeadError(f"{name} mask: row {empty[0]} has no real entry")


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over dimension 1 of ``values`` [B, N, D] where ``mask`` [B, N]; 0 for a row that has none."""
    counts = mask.sum(dim=1, keepdim=True).clamp(min=1).to(values.dtype)
    return zeroed(values, mask).sum(dim=1) / counts


def zeroed(values: Tensor, mask: Tensor) -> Tensor:
    """``values`` [B, N, D] with zeros where ``mask`` [B, N] is False; what stood there may be NaN."""
    return torch.where(mask.unsqueeze(-1), values, torch.zeros_like(values))


def unit(values: Tensor) -> Tensor:
    """``values`` [..., D] scaled to L2 norm 1."""
    return functional.normalize(values, dim=-1, eps=1e-6)
