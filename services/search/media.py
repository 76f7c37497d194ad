"""A video's own bytes for the player: files inside allowed roots, or a redirect to where it lies."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from starlette.responses import FileResponse, RedirectResponse, Response

from vtr.contracts.step import Rejected
from vtr.runtime.problems import problem

_PLAYABLE = ("video/", "audio/")


class MediaFiles:
    """Serves what the catalogue names, never a path that a request names."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = [root.resolve() for root in roots]

    def response(self, uri: str) -> Response:
        """The media at ``uri``, with byte ranges for files (RFC 9110, section 14).

        Raises :class:`Rejected` for a file that is gone; other refusals are problem documents.
        """
        scheme = urlsplit(uri).scheme
        if scheme in ("http", "https"):
            return RedirectResponse(uri, status_code=307)
        if scheme != "file":
            return problem(415, f"videos from {scheme}:// cannot be played here", code="media-not-playable")
        path = Path(unquote(urlsplit(uri).path)).resolve()
        if not any(path.is_relative_to(root) for root in self._roots):
            detail = "the file of this video is outside the folders that may be shown"
            return problem(403, detail, code="media-forbidden")
        if not path.is_file():
            raise Rejected("media-not-found", "the file of this video is not there (any more)")
        media_type = mimetypes.guess_type(path.name)[0] or ""
        if not media_type.startswith(_PLAYABLE):
            detail = "the file of this video is not a video or audio file by its name"
            return problem(415, detail, code="media-not-playable")
        return FileResponse(path, media_type=media_type, headers={"Cache-Control": "private, max-age=3600"})
