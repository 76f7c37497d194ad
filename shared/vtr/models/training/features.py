"""Features of every frame of every video, computed once, kept as one memory-mapped array.

A directory holds ``features.npy`` (all videos one after another), ``done.npy`` (one flag a video, so that a
build that was stopped goes on where it was) and ``index.json`` (where each video is, and the hashes of what
was computed from what). A head then trains without decoding or running its base tower again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]
INDEX, FEATURES, DONE = "index.json", "features.npy", "done.npy"
_AHEAD = 64


class FeatureError(ValueError):
    """Features cannot be read or made; the message names the file and the reason."""


class Tower(msgspec.Struct, frozen=True, kw_only=True):
    """What turned frames into features. ``version`` changes whenever they would; ``fps``: frames a second.

    ``shape`` and ``dtype`` are those of one frame's features.
    """

    version: str
    fps: float
    shape: tuple[int, ...]
    dtype: str


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One video: ``frames`` frames at the tower's rate."""

    id: str
    frames: int
    sha256: str


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """``index.json``. ``data``: hash over all items; equal for equal videos."""

    tower: Tower
    data: str
    items: tuple[Item, ...]


def data_hash(items: Sequence[Item]) -> str:
    """One SHA-256 over ids, lengths and content hashes, in their order."""
    digest = hashlib.sha256()
    for item in items:
        digest.update(f"{item.id} {item.frames} {item.sha256}\n".encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class FeatureStore:
    """Finished features of a set of videos. ``array`` is [all frames, *shape], memory-mapped, read-only."""

    index: Index
    array: Array
    spans: dict[str, tuple[int, int]]

    def __getitem__(self, video: str) -> Array:
        """[T, *shape] of one video, a view. Raises :class:`FeatureError` for a video that is not there."""
        try:
            start, stop = self.spans[video]
        except KeyError:
            raise FeatureError(f"features: video {video!r} is not among them") from None
        return self.array[start:stop]


def build(
    root: Path,
    tower: Tower,
    items: Sequence[Item],
    compute: Callable[[Item], Array],
    *,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> FeatureStore:
    """Computes what is missing of ``items`` in ``root`` and opens it.

    ``compute`` gives [item.frames, *tower.shape]; it is called from ``workers`` threads. ``progress`` gets
    the number of videos just done. Features of other videos or another tower in ``root`` are an error, not
    overwritten.
    """
    index = Index(tower=tower, data=data_hash(items), items=tuple(items))
    root.mkdir(parents=True, exist_ok=True)
    path = root / INDEX
    total = sum(item.frames for item in items)
    shape = (total, *tower.shape)
    if path.exists():
        found = _read_index(root)
        if found != index:
            what = "tower" if found.tower != index.tower else "videos"
            raise FeatureError(f"{root}: holds features of other {what}; choose another directory")
        array = np.lib.format.open_memmap(root / FEATURES, mode="r+")
        done = np.lib.format.open_memmap(root / DONE, mode="r+")
    else:
        array = np.lib.format.open_memmap(
            root / FEATURES, mode="w+", dtype=np.dtype(tower.dtype), shape=shape
        )
        done = np.lib.format.open_memmap(root / DONE, mode="w+", dtype=np.bool_, shape=(len(items),))
        path.write_bytes(msgspec.json.encode(index))
    spans = _spans(items)
    missing = [k for k in range(len(items)) if not done[k]]
    progress(len(items) - len(missing))
    with ThreadPoolExecutor(workers) as pool:
        # A window, so that results do not pile up in memory.
        for start in range(0, len(missing), _AHEAD):
            window = missing[start : start + _AHEAD]
            for k, values in zip(window, pool.map(compute, [items[k] for k in window]), strict=True):
                item = items[k]
                if values.shape != (item.frames, *tower.shape):
                    raise FeatureError(
                        f"{item.id}: features {list(values.shape)}, "
                        f"but {[item.frames, *tower.shape]} are expected"
                    )
                array[slice(*spans[item.id])] = values
                done[k] = True
                progress(1)
    array.flush()
    done.flush()
    return open_features(root)


def open_features(root: Path) -> FeatureStore:
    """Opens finished features. Raises :class:`FeatureError` where there are none or some are missing."""
    index = _read_index(root)
    done = np.load(root / DONE)
    if not done.all():
        raise FeatureError(f"{root}: {int((~done).sum())} of {len(done)} videos are missing; build again")
    array = np.load(root / FEATURES, mmap_mode="r")
    return FeatureStore(index, array, _spans(index.items))


def _spans(items: Sequence[Item]) -> dict[str, tuple[int, int]]:
    ends = np.cumsum([item.frames for item in items]).tolist()
    return {item.id: (end - item.frames, end) for item, end in zip(items, ends, strict=True)}


def _read_index(root: Path) -> Index:
    path = root / INDEX
    try:
        return msgspec.json.decode(path.read_bytes(), type=Index)
    except OSError as error:
        raise FeatureError(f"{path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise FeatureError(f"{path}: {error}") from error
