"""What the step needs from the world, as protocols, and the values that pass through them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vtr.contracts.events.videos import Caption
from vtr.media.framepack import Frame


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A source on this machine's disk, seekable; ``digest`` is the BLAKE2b of its bytes (32 hex digits)."""

    path: Path
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a look through the packets of a file says of its video stream, without decoding."""

    container: str
    codec: str
    width: int
    height: int
    fps: float
    duration_s: float
    """Measured from the packets; a header's claim is not trusted."""
    packets: int
    start_s: float
    """Where time 0 of the file lies in the stream's own clock."""
    seekable: bool
    """Whether timestamps are complete and orderly, so that a seek lands where it should."""
    has_audio: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shot:
    """The shot ``[t0_s, t1_s)`` with its keyframes as JPEG; ``last`` for the last one of the video."""

    t0_s: float
    t1_s: float
    frames: tuple[Frame, ...]
    width: int
    height: int
    last: bool


class Sources(Protocol):
    """Where videos and captions come from. Raises Rejected for a final verdict, Unavailable for a fault."""

    def open(self, uri: str) -> AbstractContextManager[LocalFile]:
        """The file at ``uri``; what was copied is removed when the context ends."""
        ...

    def read_captions(self, uri: str) -> bytes:
        """A small file as a whole."""
        ...


class OpenVideo(Protocol):
    """A video that is being read."""

    @property
    def info(self) -> VideoInfo: ...

    @property
    def subtitles(self) -> Sequence[Caption]:
        """The text subtitles in the container."""
        ...

    def shots(self, from_s: float = 0.0) -> Iterator[Shot]:
        """The shots from ``from_s`` on, which is 0 or the end of a shot; empty when nothing is decodable."""
        ...

    def notes(self) -> Sequence[str]:
        """What was wrong with the file, as far as it was read."""
        ...

    def audio(self, t0_s: float, t1_s: float) -> bytes | None:
        """The sound of ``[t0_s, t1_s)`` as a FLAC file; None where there is none or it is not wanted."""
        ...


class Videos(Protocol):
    """Opens videos. Raises Rejected for a file that is none."""

    def open(self, path: Path, *, name: str, language: str | None) -> AbstractContextManager[OpenVideo]:
        """``name`` is what messages call the file, ``language`` which subtitles are preferred."""
        ...


class Objects(Protocol):
    """The object store, as far as it is used here."""

    def put(self, path: str, data: bytes) -> str: ...
    def get(self, uri: str) -> bytes: ...
    def children(self, path: str) -> list[str]: ...
    def delete_prefix(self, path: str) -> int: ...
