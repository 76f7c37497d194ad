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
from typing import Any

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


@dataclass(frozen=True)
class Part:
    """One kind of features of some videos, kept in ``root``."""

    root: Path
    tower: Tower
    items: Sequence[Item]


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
    part = Part(root, tower, items)
    (store,) = build_parts([part], lambda k: (compute(items[k]),), workers=workers, progress=progress)
    return store


def build_parts(
    parts: Sequence[Part],
    compute: Callable[[int], Sequence[Array]],
    *,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> list[FeatureStore]:
    """As :func:`build`, for several kinds of features that one pass over a video gives.

    The ``items`` of all parts are of the same videos in the same order; ``compute`` gets a video's place
    among them and gives its features for each part.
    """
    ids = [item.id for item in parts[0].items]
    for part in parts[1:]:
        if [item.id for item in part.items] != ids:
            raise FeatureError(f"{part.root}: its videos are not those of {parts[0].root}")
    arrays = [_open_to_write(part) for part in parts]
    spans = [_spans(part.items) for part in parts]
    missing = [k for k in range(len(ids)) if not all(done[k] for _, done in arrays)]
    progress(len(ids) - len(missing))
    with ThreadPoolExecutor(workers) as pool:
        # A window, so that results do not pile up in memory.
        for start in range(0, len(missing), _AHEAD):
            window = missing[start : start + _AHEAD]
            for k, found in zip(window, pool.map(compute, window), strict=True):
                for part, (array, _), span, values in zip(parts, arrays, spans, found, strict=True):
                    item = part.items[k]
                    if values.shape != (item.frames, *part.tower.shape):
                        raise FeatureError(
                            f"{item.id}: features {list(values.shape)}, "
                            f"but {[item.frames, *part.tower.shape]} are expected"
                        )
                    array[slice(*span[item.id])] = values
                for _, done in arrays:
                    done[k] = True
                progress(1)
    for array, done in arrays:
        array.flush()
        done.flush()
    return [open_features(part.root) for part in parts]


def _open_to_write(part: Part) -> tuple[np.memmap[Any, Any], np.memmap[Any, Any]]:
    """The features and the flags of ``part``, which are created where there are none."""
    index = Index(tower=part.tower, data=data_hash(part.items), items=tuple(part.items))
    root, path = part.root, part.root / INDEX
    root.mkdir(parents=True, exist_ok=True)
    if path.exists():
        found = _read_index(root)
        if found != index:
            what = "tower" if found.tower != index.tower else "videos"
            raise FeatureError(f"{root}: holds features of other {what}; choose another directory")
        return (
            np.lib.format.open_memmap(root / FEATURES, mode="r+"),
            np.lib.format.open_memmap(root / DONE, mode="r+"),
        )
    shape = (sum(item.frames for item in part.items), *part.tower.shape)
    kind = np.dtype(part.tower.dtype)
    array = np.lib.format.open_memmap(root / FEATURES, mode="w+", dtype=kind, shape=shape)
    done = np.lib.format.open_memmap(root / DONE, mode="w+", dtype=np.bool_, shape=(len(part.items),))
    path.write_bytes(msgspec.json.encode(index))
    return array, done


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
