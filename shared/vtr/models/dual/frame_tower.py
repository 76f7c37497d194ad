"""A tiny convolutional tower for small frames: what is in a frame, where, and how it changed."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from vtr.models.dual.config import DualConfig

_GRID_CHANNELS = 32


class FrameTower(nn.Module):
    """Frames and their change since the frame before to [N, width].

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
        self.stem = nn.Conv2d(6, first, kernel_size=4, stride=4)
        self.near = nn.Conv2d(first, second, kernel_size=3, padding=1)
        self.far = nn.Conv2d(second, third, kernel_size=3, padding=1, stride=2)
        self.grid = nn.Conv2d(third, _GRID_CHANNELS, kernel_size=1)
        self.cells_a_side, self.cell_channels = config.side // 8, third
        self.place = nn.Linear(_GRID_CHANNELS * cells, config.width)
        self.object = nn.Linear(third * 2, config.width)
        self.scene = nn.Linear(first * 2, config.width)
        self.enter = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(3))
        for layer in (self.stem, self.near, self.far):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            assert layer.bias is not None  # noqa: S101
            nn.init.zeros_(layer.bias)

    def forward(self, frames: Tensor, before: Tensor) -> Tensor:
        """``frames``, ``before``: uint8 [N, side, side, 3]; before a first frame stands itself."""
        out, _ = self.with_cells(frames, before)
        return out

    def with_cells(self, frames: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """As :meth:`forward`, and what stands in each cell: [N, cell_channels, cells_a_side, cells_a_side]."""
        device = frames.device.type
        autocast = torch.is_autocast_enabled(device)
        kind = torch.get_autocast_dtype(device) if autocast else self.stem.weight.dtype
        change = frames.to(torch.int16).sub_(before).to(kind).mul_(1 / 64)
        now = frames.to(kind).mul_(1 / 64).sub_(2)
        # The last dimension holds the channels: seen from the convolution this is channels_last, not a copy.
        answers = self.stem(torch.cat([now, change], dim=-1).permute(0, 3, 1, 2))
        mean = answers.mean(dim=(2, 3), keepdim=True)
        away = answers - mean
        spread = away.square().mean(dim=(2, 3), keepdim=True).add(1e-2).sqrt()
        found = functional.relu(self.near(functional.relu(away / spread)))
        found = functional.relu(self.far(found))
        grid = functional.relu(self.grid(found)).flatten(1)
        objects = torch.cat([found.mean(dim=(2, 3)), found.amax(dim=(2, 3))], dim=1)
        scene = torch.cat([mean, spread], dim=1).flatten(1)
        # Each scaled by itself, as the many cells of the grid would drown the rest.
        parts = (self.place(grid), self.object(objects), self.scene(scene))
        out = torch.stack([norm(part) for norm, part in zip(self.enter, parts, strict=True)]).sum(dim=0)
        return out, found
