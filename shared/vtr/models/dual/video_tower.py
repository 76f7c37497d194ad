"""Frames to a video's vector: convolutions in each frame, then over time."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from vtr.models.dual.config import DualConfig
from vtr.models.dual.frame_tower import FrameFeatures, FrameTower
from vtr.models.dual.places import interpolate
from vtr.models.dual.pooling import PartPooling

_PLACES = 32


class _TimeBlock(nn.Module):
    """A residual convolution over five neighbouring frames: local motion, before attention looks far."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.conv = nn.Conv1d(width, width, kernel_size=5, padding=2)
        self.drop = nn.Dropout(dropout)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        kept = self.norm(values).masked_fill(~mask.unsqueeze(-1), 0)
        moved: Tensor = self.conv(kept.transpose(1, 2)).transpose(1, 2)
        out: Tensor = values + self.drop(torch.relu(moved))
        return out


class VideoTower(nn.Module):
    """Small frames to unit vectors: one a video, one a frame.

    Positions are learned twice: by share of the video (so that the k-th event is found wherever it falls) and
    by seconds (so that pace is seen). Their scale is that of the frames' features, not a hint of 0.02.
    """

    def __init__(self, config: DualConfig) -> None:
        super().__init__()
        self.config = config
        self.frame = FrameTower(config)
        self.place = nn.Parameter(torch.randn(_PLACES, config.width) * 0.5)
        self.second = nn.Parameter(torch.randn(int(config.max_seconds * 2) + 1, config.width) * 0.2)
        self.motion = nn.Linear(8 * config.points, config.width)
        self.blocks = nn.ModuleList(_TimeBlock(config.width, config.dropout) for _ in range(2))
        layer = nn.TransformerEncoderLayer(
            config.width,
            config.heads,
            2 * config.width,
            config.dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.temporal = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.leave = nn.LayerNorm(config.width)
        self.pool = PartPooling(config.width, config.dim, config.slots, config.slot_dim)

    def states(self, frames: Tensor, before: Tensor, times_s: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Temporal states [B, T, width] and the frames' places in [0, 1] [B, T].

        ``frames``, ``before``: as :class:`FrameTower` takes them, the real frames of all videos one after
        another, in the order of ``mask`` bool [B, T]; ``times_s`` [B, T] from each video's start.
        """
        return self.over_time(self.frame(frames, before), times_s, mask)

    def over_time(self, seen: FrameFeatures, times_s: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """:meth:`states` of frames that the tower has ``seen``."""
        values = seen.state.new_zeros((*mask.shape, seen.state.shape[-1]))
        values[mask] = seen.state
        points = seen.points.new_zeros((*mask.shape, seen.points.shape[-1]))
        points[mask] = seen.points
        values = values + self.motion(velocity(points, times_s, mask))
        last = times_s.masked_fill(~mask, 0).amax(dim=1, keepdim=True)
        step = last / (mask.sum(dim=1, keepdim=True) - 1).clamp(min=1)
        place = (times_s + step / 2) / (last + step).clamp(min=1e-6)
        place = place.clamp(0, 1)
        values = (
            values + interpolate(self.place, place * (_PLACES - 1)) + interpolate(self.second, times_s * 2)
        )
        for block in self.blocks:
            values = block(values, mask)
        with sdpa_kernel(SDPBackend.MATH):  # on a CPU the fused kernel's backward is slow for short sequences
            values = self.temporal(values, src_key_padding_mask=~mask)
        return self.leave(values), place

    def forward(self, frames: Tensor, before: Tensor, times_s: Tensor, mask: Tensor) -> Tensor:
        """[B, dim], L2 norm 1; arguments as :meth:`states`."""
        values, place = self.states(frames, before, times_s, mask)
        out: Tensor = self.pool(values, place, mask)
        return out

    def of_frame(self, states: Tensor) -> Tensor:
        """Unit vectors [..., dim] of single frames' (or an event's mean) states [..., width]."""
        return self.pool.vector.of_one(states)


def velocity(points: Tensor, times_s: Tensor, mask: Tensor) -> Tensor:
    """How fast ``points`` [B, T, P] move, a second, since the frame before and until the next: [B, T, 4 P].

    0 where there is no such frame. Kept within [-4, 4]. Which way, and after that how fast whichever way.
    """
    both = (mask[:, 1:] & mask[:, :-1]).unsqueeze(-1)
    step_s = (times_s[:, 1:] - times_s[:, :-1]).clamp(min=1e-2).unsqueeze(-1)
    speed = torch.where(both, (points[:, 1:] - points[:, :-1]) / step_s, 0).clamp(-4, 4)
    still = speed.new_zeros((len(speed), 1, speed.shape[-1]))
    both_ways = torch.cat([torch.cat([still, speed], dim=1), torch.cat([speed, still], dim=1)], dim=-1)
    return torch.cat([both_ways, both_ways.abs()], dim=-1)
