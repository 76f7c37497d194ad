"""An exponential moving average of parameters, which validates and serves better than the last step does."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Ema:
    """``module``: the averaged copy. The decay warms up as (1 + n) / (10 + n), to forget the start."""

    def __init__(self, source: nn.Module, decay: float) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"ema: {decay} is not in [0, 1)")
        self.decay = decay
        self.module = copy.deepcopy(source).requires_grad_(requires_grad=False)
        self.module.eval()

    @torch.no_grad()
    def update(self, source: nn.Module, step: int) -> None:
        """After step ``step`` (from 0): moves towards ``source``; buffers are copied."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for average, value in zip(self.module.parameters(), source.parameters(), strict=True):
            average.lerp_(value, 1 - decay)
        for kept, buffer in zip(self.module.buffers(), source.buffers(), strict=True):
            kept.copy_(buffer)
