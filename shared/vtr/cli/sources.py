"""What ``vtr publish`` was pointed at: files, folders, globs, uris and manifests, made into events."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vtr.cli.errors import CliError, usage_error
from vtr.cli.manifest import absolute_uri, check_manifest, is_manifest, read_manifest
from vtr.cli.submission import FieldError, Refusal, make_submission
from vtr.contracts.events import VideoSubmitted

MEDIA_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("3gp", "asf", "avi", "flv", "gif", "m2ts", "m4v", "mkv", "mov", "mp4"),
        *("mpeg", "mpg", "mts", "mxf", "ogv", "ts", "vob", "webm", "wmv"),
    )
)
"""What counts as a video inside a folder. A file named itself is published whatever its suffix."""

_GLOB_CHARS = set("*?[")


@dataclass(frozen=True)
class Metadata:
    """What the command line says about the videos. ``of_one`` fields make sense for a single video only."""

    of_all: dict[str, Any] = field(default_factory=dict)
    of_one: dict[str, Any] = field(default_factory=dict)


def submissions(
    sources: Sequence[str], metadata: Metadata, tenant: str
) -> Iterator[VideoSubmitted | Refusal]:
    """Each video that ``sources`` name, in order, or why one is refused; made as it is asked for.

    A video reached twice by the same uri is taken once; two uris under one id are refused.
    Raises a usage error, before anything is read, when ``metadata`` is meant for one video and ``sources``
    are not, or when a named manifest is none.
    """
    if metadata.of_one and not (len(sources) == 1 and names_one_video(sources[0])):
        raise usage_error(
            f"--{', --'.join(sorted(metadata.of_one))}: describes one video, but several are published",
            "Publish that video alone, or put the values into a manifest (JSON Lines or CSV).",
        )
    for source in sources:
        if (path := Path(source)).is_file() and is_manifest(path):
            check_manifest(path)
    return _submissions(sources, metadata, tenant)


def _submissions(
    sources: Sequence[str], metadata: Metadata, tenant: str
) -> Iterator[VideoSubmitted | Refusal]:
    uris: dict[str, str] = {}
    for source in sources:
        for item in _expand(source, metadata, tenant):
            if isinstance(item, Refusal):
                yield item
                continue
            known = uris.get(item.video_id)
            if known is None:
                uris[item.video_id] = item.uri
                yield item
            elif known != item.uri:
                yield Refusal(item.uri, f"video_id: {item.video_id!r} is already that of {known}")


def names_one_video(source: str) -> bool:
    """Whether ``source`` is a single file or uri: no folder, manifest or glob."""
    if "://" in source:
        return not _is_remote_glob(source)
    path = Path(source)
    return path.is_file() and not is_manifest(path)


def _expand(source: str, metadata: Metadata, tenant: str) -> Iterator[VideoSubmitted | Refusal]:
    if "://" in source and not source.startswith("file://"):
        yield from _remote(source, metadata, tenant)
        return
    path = Path(source.removeprefix("file://"))
    if path.is_dir():
        yield from _folder(path, metadata, tenant)
    elif path.is_file() and is_manifest(path):
        yield from _manifest(path, metadata, tenant)
    elif path.is_file():
        yield _single(str(path), metadata, tenant)
    elif path.exists():
        yield Refusal(source, "is neither a file nor a folder")
    elif _GLOB_CHARS & set(source):
        yield from _local_glob(source, metadata, tenant)
    else:
        yield Refusal(source, "no such file or folder")


def _manifest(path: Path, metadata: Metadata, tenant: str) -> Iterator[VideoSubmitted | Refusal]:
    try:
        yield from read_manifest(path, tenant=tenant, defaults=metadata.of_all)
    except CliError as error:  # found by a glob: others may already be published
        yield Refusal(str(path), error.message)


def _single(uri: str, metadata: Metadata, tenant: str) -> VideoSubmitted | Refusal:
    fields = {**metadata.of_all, **metadata.of_one, "uri": absolute_uri(uri, Path.cwd())}
    if isinstance(captions := fields.get("captions_uri"), str):
        fields["captions_uri"] = absolute_uri(captions, Path.cwd())
    try:
        return make_submission(fields, tenant)
    except FieldError as error:
        return Refusal(uri, str(error))


def _folder(folder: Path, metadata: Metadata, tenant: str) -> Iterator[VideoSubmitted | Refusal]:
    found = False
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in MEDIA_SUFFIXES:
                found = True
                yield _single(str(Path(root) / name), metadata, tenant)
    if not found:
        yield Refusal(str(folder), f"holds no video ({', '.join(sorted(MEDIA_SUFFIXES))})")


def _local_glob(pattern: str, metadata: Metadata, tenant: str) -> Iterator[VideoSubmitted | Refusal]:
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  (the pattern may be absolute)
    if not matches:
        yield Refusal(pattern, "matches nothing")
    for match in matches:
        path = Path(match)
        # With ** a folder's files match on their own too: taking the folder would take them twice.
        if path.is_dir() and "**" not in pattern:
            yield from _folder(path, metadata, tenant)
        elif path.is_file():
            yield from _expand(match, metadata, tenant)


def _is_remote_glob(uri: str) -> bool:
    # In http a question mark starts the query, and there is nothing to list.
    return not uri.startswith(("http://", "https://")) and bool(_GLOB_CHARS & set(uri))


def _remote(uri: str, metadata: Metadata, tenant: str) -> Iterator[VideoSubmitted | Refusal]:
    if not _is_remote_glob(uri):
        yield _single(uri, metadata, tenant)
        return
    import fsspec

    try:
        system, pattern = fsspec.core.url_to_fs(uri)
        matches = sorted(str(match) for match in system.glob(pattern))
    except Exception as error:  # noqa: BLE001  (each file system fails in its own way; all mean: not listed)
        yield Refusal(uri, f"cannot be listed: {type(error).__name__}: {error}")
        return
    if not matches:
        yield Refusal(uri, "matches nothing")
    for match in matches:
        yield _single(str(system.unstrip_protocol(match)), metadata, tenant)
