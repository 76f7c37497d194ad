"""Which uris people may hand in: fetched later by other services, so nothing unexpected may pass."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from vtr.contracts.step import Rejected

_UNSAFE = re.compile(r"[\x00-\x20\x7f]")
_NEEDS_HOST = {"http", "https", "s3", "gs"}


class UriRules:
    """An allow-list of schemes. ``file`` is on it only where the operator says so."""

    def __init__(self, schemes: Collection[str], *, allow_files: bool) -> None:
        self._schemes = (frozenset(schemes) - {"file"}) | ({"file"} if allow_files else set())

    def check(self, field: str, uri: str) -> None:
        """Raises :class:`Rejected` naming ``field`` and the reason.

        fsspec's chained uris (``a::b``) are refused: the part behind ``::`` would escape the list. So are
        user names and passwords: events are read by many.
        """
        if _UNSAFE.search(uri):
            raise Rejected("uri-malformed", f"{field}: holds a space or control character")
        if "::" in uri:
            raise Rejected("uri-not-allowed", f"{field}: chained uris are not allowed")
        try:
            parts = urlsplit(uri)
            host, user = parts.hostname, parts.username
        except ValueError as error:
            raise Rejected("uri-malformed", f"{field}: {error}") from error
        if "://" not in uri or not parts.scheme:
            raise Rejected("uri-malformed", f"{field}: {uri!r} has no scheme, such as https://")
        if parts.scheme not in self._schemes:
            allowed = ", ".join(sorted(self._schemes))
            raise Rejected(
                "uri-not-allowed", f"{field}: scheme {parts.scheme!r} is not allowed ({allowed} are)"
            )
        if user is not None or "@" in parts.netloc:
            raise Rejected("uri-not-allowed", f"{field}: must not carry a user name or password")
        if parts.scheme in _NEEDS_HOST and not host:
            raise Rejected("uri-malformed", f"{field}: {uri!r} names no host or bucket")
        if parts.scheme == "file" and (host not in (None, "", "localhost") or not parts.path.startswith("/")):
            raise Rejected("uri-malformed", f"{field}: a file uri is file:// and an absolute path")
