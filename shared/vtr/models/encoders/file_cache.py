"""A folder for arrays that are computed once per machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import structlog

from vtr.models.encoders.base import FloatArray

_log = structlog.get_logger(__name__)


def default_cache_dir() -> Path:
    """``$XDG_CACHE_HOME/vtr/encoders``, or ``~/.cache/vtr/encoders``."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "vtr" / "encoders"


def cached_array(path: Path, *, shape: tuple[int, ...], compute: Callable[[], FloatArray]) -> FloatArray:
    """The float32 array in ``path``, or ``compute()``, then kept there.

    Written to a temporary file and renamed, so that services that start together never read half of it.
    A damaged file is computed anew; a folder that cannot be written costs the time at each start and a
    warning, never the answer.
    """
    found = _read(path, shape)
    if found is not None:
        return found
    array = compute()
    if array.shape != shape:
        raise ValueError(f"{path.name}: computed shape {array.shape}, but {shape} is expected")
    try:
        _write(path, array)
    except OSError as error:
        _log.warning("encoder cache not written", path=str(path), reason=str(error))
    return array


def _read(path: Path, shape: tuple[int, ...]) -> FloatArray | None:
    try:
        array: FloatArray = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError) as error:
        _log.warning("encoder cache unreadable, computed anew", path=str(path), reason=str(error))
        return None
    if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
        _log.warning("encoder cache of another shape, computed anew", path=str(path))
        return None
    return array


def _write(path: Path, array: FloatArray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".npy")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            np.save(stream, array)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
