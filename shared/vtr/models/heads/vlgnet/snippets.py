"""Frames to snippets: the boundaries in seconds, and fewer snippets than frames where a map would be too
big."""

from __future__ import annotations

import torch
from torch import Tensor

from vtr.models.heads.base import HeadError
from vtr.models.heads.masks import masked_mean


def snippet_edges(times_s: Tensor, start_s: float, end_s: float) -> Tensor:
    """[T + 1] seconds: boundaries halfway between the sorted frame times ``times_s`` [T], closed by the
    clip's
    ``start_s`` and ``end_s``."""
    if times_s.numel() == 0 or bool((times_s[1:] < times_s[:-1]).any()):
        raise HeadError("times_s: must be sorted and have at least one time")
    if not start_s <= float(times_s[0]) or not float(times_s[-1]) <= end_s:
        raise HeadError(f"times_s: {float(times_s[0])}..{float(times_s[-1])} leave {start_s}..{end_s}")
    ends = times_s.new_tensor([start_s, end_s])
    return torch.cat([ends[:1], (times_s[1:] + times_s[:-1]) / 2, ends[1:]])


def merge_frames(frames: Tensor, mask: Tensor, edges_s: Tensor, limit: int) -> tuple[Tensor, Tensor, Tensor]:
    """Means of consecutive frames, so that at most ``limit`` snippets are left.

    ``frames`` [B, T, D], ``mask`` [B, T], ``edges_s`` [B, T + 1] become [B, M, D], [B, M], [B, M + 1] with
    M = ceil(T / width) and equal width for all: a snippet never mixes real and padded frames' features.
    """
    count = frames.shape[1]
    width = -(-count // limit)
    if width <= 1:
        return frames, mask, edges_s
    size = -(-count // width)
    fill = size * width - count
    padded = torch.nn.functional.pad(frames, (0, 0, 0, fill))
    real = torch.nn.functional.pad(mask, (0, fill))
    groups = real.reshape(-1, width)
    merged = masked_mean(padded.reshape(-1, width, frames.shape[-1]), groups)
    places = (torch.arange(size + 1, device=frames.device) * width).clamp(max=count)
    # A snippet ends where its last real frame does.
    last = mask.sum(dim=1, keepdim=True)
    edges = edges_s.gather(1, places.expand(frames.shape[0], -1).minimum(last))
    return merged.view(frames.shape[0], size, -1), groups.any(dim=1).view(-1, size), edges
