"""Single frames out of frame packs: the thumbnails of hits."""

from __future__ import annotations

import re
from typing import Protocol

from vtr.contracts.step import Rejected
from vtr.media.framepack import FramePackError, read_pack
from vtr.media.objects import ObjectPathError

_PACK = re.compile(r"(?P<tenant>[^/]+)/[^/]+/[^/]+/[^/]+/frames\.zip")


class Objects(Protocol):
    """See :class:`vtr.media.objects.ObjectStore`."""

    def path(self, uri_or_path: str) -> str: ...

    def get(self, uri: str) -> bytes: ...


class Frames:
    """Reads from the configured store only, and only frame packs of the tenant that asks."""

    def __init__(self, store: Objects) -> None:
        self._store = store

    def jpeg(self, tenant: str, pack_uri: str, index: int) -> bytes:
        """The ``index``-th frame of a pack as a JPEG file.

        Raises :class:`Rejected` (``...-not-found``) for everything that is not such a frame, whatever the
        reason: a request learns nothing about other objects. Raises ``Unavailable`` for a store that is down.
        """
        try:
            path = self._store.path(pack_uri)
        except ObjectPathError as error:
            raise Rejected("frame-not-found", "pack: is not a frame pack of this store") from error
        found = _PACK.fullmatch(path)
        if found is None or found["tenant"] != tenant:
            raise Rejected("frame-not-found", "pack: is not a frame pack of this store")
        try:
            pack = read_pack(self._store.get(pack_uri))
        except (FileNotFoundError, NotADirectoryError, FramePackError) as error:
            raise Rejected("frame-not-found", "pack: is not there (any more)") from error
        if not 0 <= index < len(pack):
            raise Rejected("frame-not-found", f"index: {index}, but the pack has {len(pack)} frames")
        return pack.jpegs[index]
