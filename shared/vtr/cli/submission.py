"""One video as it was given on the command line or in a manifest, made into a checked event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from vtr.contracts.events import VideoSubmitted
from vtr.contracts.ids import video_id

_FIELD = re.compile(r"`\$\.?(\w*)")
_WHERE = re.compile(r" - at `[^`]*`$")


class FieldError(ValueError):
    """A value breaks the contract of ``VideoSubmitted``; ``field`` names it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True)
class Refusal:
    """Something that was not published: where it stood, and why."""

    where: str
    reason: str


def title_for(uri: str) -> str:
    """The default title: the file's name without its suffix."""
    scheme, _, rest = uri.partition("://")
    if scheme in {"http", "https"}:
        return unquote(PurePosixPath(urlsplit(uri).path).stem)
    return PurePosixPath(rest or uri).stem


def make_submission(fields: Mapping[str, Any], tenant: str) -> VideoSubmitted:
    """The event of ``fields`` (those of ``VideoSubmitted``; absent ones get their defaults), submitted now.

    Raises :class:`FieldError` for the first field that breaks the contract.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    uri = given.get("uri")
    if uri is None or uri == "":
        raise FieldError("uri", "is missing")
    if not isinstance(uri, str):
        raise FieldError("uri", f"{uri!r} is not text")
    try:
        uri.encode()
    except UnicodeEncodeError:
        raise FieldError("uri", f"{uri!r} is not UTF-8") from None
    if "::" in uri:
        raise FieldError(
            "uri", "'::' chains file systems in fsspec, so a path may not hold it; rename the file"
        )
    document = {
        "title": title_for(uri),
        **given,
        "video_id": given.get("video_id") or video_id(tenant, uri),
        "tenant": tenant,
        "submitted_at": datetime.now(UTC),
    }
    try:
        return msgspec.convert(document, VideoSubmitted)
    except msgspec.ValidationError as error:
        where = _FIELD.search(str(error))
        raise FieldError(where.group(1) if where else "", _WHERE.sub("", str(error))) from error
