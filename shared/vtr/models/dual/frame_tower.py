"""A tiny convolutional tower for small frames: what is in a frame, where, and how it changed."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from vtr.models.dual.config import DualConfig

_GRID_CHANNELS = 32


class FrameFeatures(NamedTuple):
    """Of N frames: ``state`` [N, width]; ``points`` [N, 2 * points], x and y in [-1, 1] of where each learned
    thing is; ``cells`` [N, cell_channels, cells_a_side, cells_a_side], what stands in each cell."""

    state: Tensor
    points: Tensor
    cells: Tensor


class Points(nn.Module):
    """Where things are, finer than a cell: expected places under a softmax over space (Finn et al. 2016).

    How a place changes from frame to frame is how a thing moves.
    """

    places: Tensor

    def __init__(self, channels: int, points: int, side: int) -> None:
        super().__init__()
        self.score = nn.Conv2d(channels, points, kernel_size=1, bias=False)  # a bias would fall out
        axis = torch.linspace(-1, 1, side)
        places = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).reshape(-1, 2)
        self.register_buffer("places", places, persistent=False)

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """``maps`` [N, C, side, side] to places [N, points, 2] and how sure each is [N, points]."""
        scores = self.score(maps).flatten(2).float()
        return scores.softmax(dim=-1) @ self.places, scores.amax(dim=-1) - scores.mean(dim=-1)


class FrameTower(nn.Module):
    """Frames and their change since some frames before to [N, width].

    The first convolution's answers are normalised over each frame (instance normalisation, Ulyanov et al.
    2016): the background, which fills it, becomes nothing, and the few cells of an object stand out. What
    that takes away, the mean and spread of the frame, is kept beside it as the scene.

    Two more convolutions lead to a grid of side/8. The grid is flattened, so that a later layer sees where an
    object is and with it which way it goes; its maximum says what is there, wherever it is. Nothing is
    normalised over the batch, which would tie videos to each other.
    """

    def __init__(self, config: DualConfig) -> None:
        super().__init__()
        first, second, third = config.channels * 3 // 2, config.channels * 2, config.channels * 3
        cells = (config.side // 8) ** 2
        self.stem = nn.Conv2d(3 + len(config.gaps), first, kernel_size=4, stride=4)
        self.near = nn.Conv2d(first, second, kernel_size=3, padding=1)
        self.far = nn.Conv2d(second, third, kernel_size=3, padding=1, stride=2)
        self.grid = nn.Conv2d(third, _GRID_CHANNELS, kernel_size=1)
        self.cells_a_side, self.cell_channels = config.side // 8, third
        self.place = nn.Linear(_GRID_CHANNELS * cells, config.width)
        self.object = nn.Linear(third * 2, config.width)
        self.scene = nn.Linear(first * 2, config.width)
        self.points = Points(second, config.points, config.side // 4)
        self.where = nn.Linear(3 * config.points, config.width)
        self.enter = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(4))
        for layer in (self.stem, self.near, self.far):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            assert layer.bias is not None  # noqa: S101
            nn.init.zeros_(layer.bias)

    def forward(self, frames: Tensor, before: Tensor) -> FrameFeatures:
        """``frames`` uint8 [N, side, side, 3], ``before`` uint8 [N, gaps, side, side] in grey."""
        device = frames.device.type
        autocast = torch.is_autocast_enabled(device)
        kind = torch.get_autocast_dtype(device) if autocast else self.stem.weight.dtype
        grey = (frames.sum(dim=-1, dtype=torch.int16) // 3).unsqueeze(1)
        change = (grey - before).to(kind).mul_(1 / 32).permute(0, 2, 3, 1)
        now = frames.to(kind).mul_(1 / 64).sub_(2)
        # The last dimension holds the channels: seen from the convolution this is channels_last, not a copy.
        answers = self.stem(torch.cat([now, change], dim=-1).permute(0, 3, 1, 2))
        mean = answers.mean(dim=(2, 3), keepdim=True)
        away = answers - mean
        spread = away.square().mean(dim=(2, 3), keepdim=True).add(1e-2).sqrt()
        near = functional.relu(self.near(functional.relu(away / spread)))
        found = functional.relu(self.far(near))
        grid = functional.relu(self.grid(found)).flatten(1)
        objects = torch.cat([found.mean(dim=(2, 3)), found.amax(dim=(2, 3))], dim=1)
        scene = torch.cat([mean, spread], dim=1).flatten(1)
        places, sure = self.points(near)
        where = torch.cat([places.flatten(1), sure], dim=1)
        # Each scaled by itself, as the many cells of the grid would drown the rest.
        parts = (self.place(grid), self.object(objects), self.scene(scene), self.where(where))
        state = torch.stack([norm(part) for norm, part in zip(self.enter, parts, strict=True)]).sum(dim=0)
        return FrameFeatures(state, places.flatten(1), found)
