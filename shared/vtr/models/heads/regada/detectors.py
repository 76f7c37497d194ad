"""Open-vocabulary detectors as sources of regions, by transformers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vtr.models.heads.base import HeadError

Frames = Sequence[NDArray[np.uint8]]
Boxes = NDArray[np.float32]


class Owlv2Regions:
    """OWLv2 (Minderer et al., NeurIPS 2023): finds what the phrases name."""

    def __init__(self, folder: Path, *, threshold: float = 0.1) -> None:
        """``folder``: a checkpoint; ``threshold``: the least confidence of a box."""
        self.processor, self.model = _load(folder, "Owlv2Processor", "Owlv2ForObjectDetection")
        self.threshold = threshold

    def detect(self, frames: Frames, phrases: Sequence[str]) -> list[Boxes]:
        """As :class:`~vtr.models.heads.regada.regions.RegionDetector`."""
        _check_phrases(phrases)
        texts = [list(phrases)] * len(frames)
        inputs = self.processor(text=texts, images=list(frames), return_tensors="pt", truncation=True)
        with torch.inference_mode():
            outputs = self.model(**inputs)
        # Its boxes are of the square to which a frame was padded; with the frame's size given, the processor
        # scales them by the longer side, so that they are pixels of the frame.
        found = self.processor.post_process_grounded_object_detection(
            outputs, threshold=self.threshold, target_sizes=[frame.shape[:2] for frame in frames]
        )
        return [_shares(one, frame) for one, frame in zip(found, frames, strict=True)]


class GroundingDinoRegions:
    """GroundingDINO (Liu et al., ECCV 2024): finds what the phrases name."""

    def __init__(self, folder: Path, *, threshold: float = 0.25) -> None:
        """``folder``: a checkpoint; ``threshold``: the least confidence of a box."""
        self.processor, self.model = _load(
            folder, "GroundingDinoProcessor", "GroundingDinoForObjectDetection"
        )
        self.threshold = threshold

    def detect(self, frames: Frames, phrases: Sequence[str]) -> list[Boxes]:
        """As :class:`~vtr.models.heads.regada.regions.RegionDetector`."""
        _check_phrases(phrases)
        texts = [grounding_prompt(phrases)] * len(frames)
        inputs = self.processor(
            text=texts, images=list(frames), return_tensors="pt", padding=True, truncation=True
        )
        with torch.inference_mode():
            outputs = self.model(**inputs)
        found = self.processor.post_process_grounded_object_detection(
            outputs,
            inputs["input_ids"],
            threshold=self.threshold,
            target_sizes=[frame.shape[:2] for frame in frames],
        )
        return [_shares(one, frame) for one, frame in zip(found, frames, strict=True)]


def grounding_prompt(phrases: Sequence[str]) -> str:
    """One prompt of lower-case phrases, each closed by a full stop: the form GroundingDINO was trained on."""
    return " ".join(f"{phrase.lower().strip().rstrip('.')}." for phrase in phrases)


def _check_phrases(phrases: Sequence[str]) -> None:
    if not phrases or not all(phrase.strip() for phrase in phrases):
        raise HeadError("phrases: a detector needs one phrase at least, and none that is blank")


def _load(folder: Path, processor: str, model: str) -> tuple[Any, Any]:
    import transformers  # noqa: PLC0415  (seconds to import, needed for detectors alone)

    if not (folder / "config.json").is_file():
        raise HeadError(f"detector: {folder}: no config.json in it, so it is no checkpoint")
    loaded = getattr(transformers, model).from_pretrained(folder).eval()
    return getattr(transformers, processor).from_pretrained(folder), loaded


def _shares(found: dict[str, Any], frame: NDArray[np.uint8]) -> Boxes:
    """Pixels to shares of the frame, clipped, best first; boxes with nothing inside the frame fall out."""
    height, width = frame.shape[:2]
    order = found["scores"].float().argsort(descending=True)
    scale = np.array([width, height, width, height], np.float32)
    boxes = np.clip(found["boxes"][order].float().cpu().numpy() / scale, 0.0, 1.0)
    kept: Boxes = boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)].astype(np.float32)
    return kept
