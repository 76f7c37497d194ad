"""From a clip event to the frames that an encoder takes. Runs in the threads of a pool."""

from __future__ import annotations

from typing import Protocol

from vtr.contracts.events import ClipExtracted
from vtr.contracts.step import Rejected
from vtr.media.framepack import FramePackError, decode_frames, read_pack
from vtr.media.objects import ObjectPathError
from vtr.models.encoders.base import ClipFrames


class Objects(Protocol):
    """The object store (see :class:`vtr.media.objects.ObjectStore`)."""

    def get(self, uri: str) -> bytes: ...

    def put(self, path: str, data: bytes) -> str: ...


def load_clip(store: Objects, clip: ClipExtracted) -> ClipFrames:
    """The decoded keyframes of ``clip``.

    Raises :class:`Rejected` naming the pack when it is missing, broken, outside the store or not the one
    that the event describes; ``Unavailable`` when the store does not answer.
    """
    uri = clip.frames.uri
    try:
        pack = read_pack(store.get(uri))
        frames = decode_frames(pack)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Rejected("frame-pack-missing", f"frames.uri: {uri} is not there") from error
    except ObjectPathError as error:
        raise Rejected("frame-pack-foreign", f"frames.uri: {error}") from error
    except FramePackError as error:
        raise Rejected("frame-pack-corrupt", f"frames.uri: {uri}: {error}") from error
    if len(frames) != len(clip.frames.times_s):
        raise Rejected(
            "frame-pack-mismatch",
            f"frames.times_s: has {len(clip.frames.times_s)} times, but {uri} holds {len(frames)} frames",
        )
    return ClipFrames(frames=frames, times_s=clip.frames.times_s)
