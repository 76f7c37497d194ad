"""Frame vectors from the object store, the most recently used kept in memory."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from typing import Protocol

import numpy as np

from vtr.vectors.arrays import FloatArray, normalised


class Objects(Protocol):
    """See :class:`vtr.media.objects.ObjectStore`."""

    def get(self, uri: str) -> bytes: ...


class FrameStore:
    """A :class:`ranking.frames.FrameVectors`; at most ``max_bytes`` are kept. Thread safe."""

    def __init__(self, objects: Objects, *, max_bytes: int) -> None:
        self._objects = objects
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, FloatArray] = OrderedDict()
        self._bytes = 0

    def load(self, uri: str) -> FloatArray:
        with self._lock:
            known = self._kept.get(uri)
            if known is not None:
                self._kept.move_to_end(uri)
                return known
        array = np.load(io.BytesIO(self._objects.get(uri)), allow_pickle=False)
        if array.ndim != 2 or not np.issubdtype(array.dtype, np.floating):
            raise ValueError(f"{uri}: is not an array [frames, dim] of floats")
        frames = normalised(array.astype(np.float32))
        with self._lock:
            if uri not in self._kept:
                self._kept[uri] = frames
                self._bytes += frames.nbytes
                while self._bytes > self._max_bytes and self._kept:
                    self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return frames
