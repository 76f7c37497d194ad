"""A tiny convolutional tower for small frames: what is in a frame, where, and how it changed."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vtr.models.dual.config import DualConfig

_GRID_CHANNELS = 32


class FrameTower(nn.Module):
    """Frames and their change since the frame before to [N, width].

    Three convolutions lead to a grid of side/8; the grid is flattened, not averaged, so that a later layer
    sees where an object is and with it which way it goes. Beside it stand the grid's average (the scene) and maximum
    (an object, wherever it is).
    """

    def __init__(self, config: DualConfig) -> None:
        super().__init__()
        channels = config.channels
        grid = config.side // 8
        self.body = nn.Sequential(
            nn.Conv2d(6, channels, kernel_size=4, stride=4),
            nn.ReLU(),
            nn.Conv2d(channels, channels * 2, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels * 2, channels * 3, kernel_size=3, padding=1, stride=2),
            nn.ReLU(),
        )
        self.grid = nn.Conv2d(channels * 3, _GRID_CHANNELS, kernel_size=1)
        self.flat = nn.Linear(_GRID_CHANNELS * grid * grid, config.width)
        self.whole = nn.Linear(channels * 6, config.width)
        self.enter = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(2))
        for layer in self.body:
            if isinstance(layer, nn.Conv2d):
                # No norms between so few layers, as a norm over the batch would tie videos to each other.
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def forward(self, frames: Tensor, before: Tensor) -> Tensor:
        """``frames``, ``before``: uint8 [N, side, side, 3], the frame before each (itself for a first one)."""
        kind = torch.get_autocast_dtype(frames.device.type) if torch.is_autocast_enabled(frames.device.type) else None
        kind = kind or self.flat.weight.dtype
        change = frames.to(torch.int16).sub_(before).to(kind).mul_(1 / 64)
        now = frames.to(kind).mul_(1 / 64).sub_(2)
        # The last dimension holds the channels: seen from the convolution this is channels_last, not a copy.
        found = self.body(torch.cat([now, change], dim=-1).permute(0, 3, 1, 2))
        grid = torch.relu(self.grid(found)).flatten(1)
        anywhere = torch.cat([found.mean(dim=(2, 3)), found.amax(dim=(2, 3))], dim=1)
        # Each scaled by itself, as the many cells of the grid would drown what is anywhere.
        out: Tensor = self.enter[0](self.flat(grid)) + self.enter[1](self.whole(anywhere))
        return out
