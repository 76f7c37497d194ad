"""Where in its sequence a node stands."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def sinusoids(length: int, dim: int, *, device: torch.device) -> Tensor:
    """float32 [``length``, ``dim``], ``dim`` even (Vaswani et al. 2017, section 3.5)."""
    place = torch.arange(length, device=device, dtype=torch.float32)[:, None]
    rates = torch.exp(torch.arange(0, dim, 2, device=device) * (-math.log(10_000.0) / dim))
    return torch.stack([torch.sin(place * rates), torch.cos(place * rates)], dim=-1).flatten(1)
