"""Loads heads. Imports torch, so that nothing else of ranking needs to."""

from __future__ import annotations

from pathlib import Path

import torch

from vtr.models.heads.serving.bundle import load_bundle
from vtr.models.heads.serving.protocol import HeadBundle


def load_heads(folder: Path, model: str, *, threads: int) -> HeadBundle:
    """The bundle in ``folder`` for the vectors of ``model``; ``threads`` of torch for the whole process."""
    torch.set_num_threads(threads)
    return load_bundle(folder, model)
