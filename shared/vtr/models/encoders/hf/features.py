"""What comes out of a transformers tower, as an array."""

from __future__ import annotations

from typing import Any

import torch

from vtr.models.encoders.base import FloatArray


def as_features(output: Any) -> FloatArray:
    """Float32 ``[N, D]`` from a tensor or, since transformers 5, from an output object's pooled part."""
    features = output if torch.is_tensor(output) else output.pooler_output
    array: FloatArray = features.float().cpu().numpy()
    return array
