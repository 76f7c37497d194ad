"""Where one shot ends and the next begins.

The detectors are those of PySceneDetect (Castellano, BSD-3-Clause), fed frame by frame.
"""

from __future__ import annotations

from collections import deque
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector, ContentDetector

_DETECTION_SIDE = 160
_ADAPTIVE_WINDOW = 2
_THRESHOLDS = {"adaptive": 3.0, "content": 27.0}


class Segmenter(Protocol):
    """Finds cuts in a stream of frames. One instance sees one stretch of one video, in order."""

    @property
    def lag_frames(self) -> int:
        """A cut is reported at most so many frames after the frame it lies at."""
        ...

    @property
    def warmup_frames(self) -> int:
        """So many frames before a time decide what is found after it."""
        ...

    def push(self, time_s: float, image: NDArray[np.uint8]) -> list[float]:
        """Take the next frame (RGB) and return the times of the frames found to start a new shot."""
        ...


class SceneDetectSegmenter:
    """A :class:`Segmenter` over PySceneDetect."""

    def __init__(
        self, detector: Literal["adaptive", "content"] = "adaptive", threshold: float | None = None
    ) -> None:
        level = threshold if threshold is not None else _THRESHOLDS[detector]
        # Shortest shots are the cutter's concern, which sees times; the detector would count frames.
        if detector == "adaptive":
            self._detector = AdaptiveDetector(
                adaptive_threshold=level, min_scene_len=0, window_width=_ADAPTIVE_WINDOW
            )
            self._lag = _ADAPTIVE_WINDOW
        else:
            self._detector = ContentDetector(threshold=level, min_scene_len=0)
            self._lag = 0
        self._times: deque[float] = deque(maxlen=self._lag + 1)
        self._count = 0
        self._size: tuple[int, int] | None = None

    @property
    def lag_frames(self) -> int:
        return self._lag

    @property
    def warmup_frames(self) -> int:
        return 2 * self._lag + 2

    def push(self, time_s: float, image: NDArray[np.uint8]) -> list[float]:
        self._times.append(time_s)
        # Numbers instead of times: sampled frames are what the detector's window counts in.
        code = FrameTimecode(self._count, fps=1.0)
        if self._size is None:
            self._size = _detection_size(image)
        cuts = self._detector.process_frame(code, _shrink(image, self._size))
        first = self._count - len(self._times) + 1
        self._count += 1
        return [self._times[cut.frame_num - first] for cut in cuts if cut.frame_num >= max(first, 1)]


def _detection_size(image: NDArray[np.uint8]) -> tuple[int, int]:
    height, width = image.shape[:2]
    scale = min(1.0, _DETECTION_SIDE / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _shrink(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """BGR at detection size: averaging makes the detector blind to noise, and fast.

    The detector compares frames of one size, but a stream may change its size on the way.
    """
    if (image.shape[1], image.shape[0]) != size:
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), dtype=np.uint8)
