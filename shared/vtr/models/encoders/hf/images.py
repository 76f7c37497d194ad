"""Frames through a transformers image tower, or groups of frames through X-CLIP's video tower."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch

from vtr.models.encoders.base import ClipEmbedding, ClipFrames, FloatArray, FrameArray
from vtr.models.encoders.batching import pack, slices
from vtr.models.encoders.hf.features import as_features
from vtr.models.encoders.pooling import pool_clips, unit


class ClipTower(Protocol):
    """Checked clips to embeddings."""

    def encode(self, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]: ...


class Pixels:
    """The checkpoint's own preprocessing, moved to the device in the model's precision."""

    def __init__(self, processor: Any, *, device: torch.device, dtype: torch.dtype) -> None:
        self._processor = processor
        self._device = device
        self._dtype = dtype

    def __call__(self, frames: Sequence[FrameArray]) -> dict[str, torch.Tensor]:
        """``pixel_values`` ``[N, 3, H, W]`` (or what the family takes instead), one row per frame."""
        made = self._processor(list(frames), return_tensors="pt", input_data_format="channels_last")
        moved: dict[str, torch.Tensor] = {}
        for name, tensor in made.items():
            # Video processors give one video of N frames.
            rows = tensor.flatten(0, 1) if name == "pixel_values" and tensor.ndim == 5 else tensor
            moved[name] = rows.to(self._device, self._dtype if rows.is_floating_point() else None)
        return moved


class FrameTower:
    """CLIP, SigLIP, SigLIP 2: each frame alone; a clip is the mean of its unit frame vectors."""

    def __init__(self, model: Any, pixels: Pixels, *, budget: int, compiled: bool) -> None:
        features: Callable[..., Any] = model.get_image_features
        self._features = torch.compile(features, dynamic=True) if compiled else features
        self._pixels = pixels
        self._budget = budget

    @torch.inference_mode()
    def encode(self, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]:
        """Frames of all clips in one row, cut by the frame budget wherever it ends."""
        flat = [frame for clip in clips for frame in clip.frames]
        parts = [
            as_features(self._features(**self._pixels(flat[part])))
            for part in slices(len(flat), self._budget)
        ]
        return pool_clips(unit(np.concatenate(parts)), clips)


class XClipTower:
    """X-CLIP (Ni et al. 2022): frames of a group attend to each other, in groups of a fixed size.

    A clip of T frames becomes ``ceil(T / size)`` groups of every n-th frame, so that each group spans the
    whole clip; its vector is the mean over groups, and a frame's vector is the one that it has before the
    last layers mix time. The model's own scores condition the text on the video and so cannot be indexed:
    only its video features are used, against its unconditioned text features.
    """

    def __init__(self, model: Any, pixels: Pixels, *, budget: int) -> None:
        self._model = model
        self._pixels = pixels
        self._size = int(model.config.vision_config.num_frames)
        self._budget = budget

    @torch.inference_mode()
    def encode(self, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]:
        """Groups of several clips share a pass where the frame budget allows."""
        plans = [group_frames(len(clip.frames), self._size) for clip in clips]
        groups = [(clip, group) for clip, plan in zip(clips, plans, strict=True) for group in plan]
        frame_parts, clip_parts = [], []
        for part in pack([self._size] * len(groups), self._budget):
            chosen = [clip.frames[i] for clip, group in groups[part.start : part.stop] for i in group]
            frames, videos = self._forward(chosen)
            frame_parts.append(frames)
            clip_parts.append(videos)
        all_frames, all_videos = unit(np.concatenate(frame_parts)), unit(np.concatenate(clip_parts))
        result: list[ClipEmbedding] = []
        start = 0
        for clip, plan in zip(clips, plans, strict=True):
            stop = start + len(plan)
            frames = np.empty((len(clip.frames), all_frames.shape[-1]), dtype=np.float32)
            frames[np.concatenate(plan)] = all_frames[start:stop].reshape(-1, all_frames.shape[-1])
            result.append(ClipEmbedding(clip=unit(all_videos[start:stop].mean(axis=0)), frames=frames))
            start = stop
        return result

    def _forward(self, frames: Sequence[FrameArray]) -> tuple[FloatArray, FloatArray]:
        """Frame vectors ``[G, size, D]`` and group vectors ``[G, D]``."""
        pooled = self._model.vision_model(**self._pixels(frames)).pooler_output
        projected = self._model.visual_projection(pooled).unflatten(0, (-1, self._size))
        return projected.float().cpu().numpy(), as_features(self._model.mit(projected))


def group_frames(count: int, size: int) -> list[list[int]]:
    """Indices ``0..count`` in groups of exactly ``size``: every n-th frame, the last repeated to fill."""
    step = -(-count // size)
    groups = [list(range(first, count, step)) for first in range(step)]
    return [group + [group[-1]] * (size - len(group)) for group in groups]
