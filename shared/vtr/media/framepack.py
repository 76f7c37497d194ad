"""Frame packs: the keyframes of one clip in one object.

A pack is a ZIP archive without compression (JPEG does not shrink further) of ``0000.jpg``, ``0001.jpg``, ...
and ``pack.json`` with their times and size. Equal frames give equal bytes, so a repeated extraction rewrites
the same object.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

MANIFEST = "pack.json"
MAX_FRAMES = 1024
MAX_BYTES = 512 * 1024 * 1024

_EPOCH = (1980, 1, 1, 0, 0, 0)


class FramePackError(ValueError):
    """Bytes are not a frame pack, or frames do not make one; the message names the entry and the reason."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One keyframe: its time in the video in seconds, and a JPEG file."""

    time_s: float
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class FramePack:
    """A pack as read: ``jpegs[i]`` shows the video at ``times_s[i]``; all are ``width`` x ``height``."""

    times_s: tuple[float, ...]
    jpegs: tuple[bytes, ...]
    width: int
    height: int

    def __len__(self) -> int:
        return len(self.jpegs)


class _Manifest(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    width: Annotated[int, msgspec.Meta(ge=1)]
    height: Annotated[int, msgspec.Meta(ge=1)]
    times_s: Annotated[tuple[float, ...], msgspec.Meta(min_length=1, max_length=MAX_FRAMES)]


def write_pack(frames: Sequence[Frame], *, width: int | None = None, height: int | None = None) -> bytes:
    """The pack of ``frames`` in order of time; their size is read from the first when left out.

    Raises :class:`FramePackError` when there is none, or times are not finite and rising.
    """
    if not 1 <= len(frames) <= MAX_FRAMES:
        raise FramePackError(f"frames: {len(frames)}, but a pack has 1 to {MAX_FRAMES}")
    times = tuple(frame.time_s for frame in frames)
    if not all(map(math.isfinite, times)) or any(later <= earlier for earlier, later in pairwise(times)):
        raise FramePackError("frames: times are not finite and rising")
    if width is None or height is None:
        width, height = _jpeg_size(frames[0].jpeg, "0000.jpg")
    manifest = _Manifest(version=1, width=width, height=height, times_s=times)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(MANIFEST, _EPOCH), msgspec.json.encode(manifest))
        for index, frame in enumerate(frames):
            archive.writestr(zipfile.ZipInfo(_entry(index), _EPOCH), frame.jpeg)
    return buffer.getvalue()


def read_pack(data: bytes) -> FramePack:
    """The frames of a pack, still compressed. Raises :class:`FramePackError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
                raise FramePackError(f"pack: unpacks to more than {MAX_BYTES} bytes")
            manifest = msgspec.json.decode(archive.read(MANIFEST), type=_Manifest)
            jpegs = tuple(archive.read(_entry(index)) for index in range(len(manifest.times_s)))
    except zipfile.BadZipFile as error:
        raise FramePackError(f"pack: {error}") from error
    except KeyError as error:
        raise FramePackError(f"pack: {error.args[0]}") from error
    except msgspec.DecodeError as error:
        raise FramePackError(f"{MANIFEST}: {error}") from error
    if manifest.version != 1:
        raise FramePackError(f"{MANIFEST}: version {manifest.version} is not known")
    return FramePack(times_s=manifest.times_s, jpegs=jpegs, width=manifest.width, height=manifest.height)


def decode_frames(pack: FramePack) -> list[NDArray[np.uint8]]:
    """The frames as RGB arrays ``[height, width, 3]`` of uint8. Raises :class:`FramePackError`."""
    return [_decode(jpeg, _entry(index)) for index, jpeg in enumerate(pack.jpegs)]


def encode_jpeg(image: NDArray[np.uint8], *, quality: int = 88) -> bytes:
    """A baseline JPEG file of an RGB array ``[height, width, 3]``; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _entry(index: int) -> str:
    return f"{index:04d}.jpg"


def _decode(jpeg: bytes, name: str) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            return np.asarray(image.convert("RGB"), dtype=np.uint8)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise FramePackError(f"{name}: {error}") from error


def _jpeg_size(jpeg: bytes, name: str) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            return image.size
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise FramePackError(f"{name}: {error}") from error
