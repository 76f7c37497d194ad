"""What a published bundle consists of. Needs no torch, so that a service may ask before it loads anything."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated

import msgspec

from vtr.contracts.events.base import ModelVersion

Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Revision = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$")]

_VERSION = re.compile(r"[a-z0-9_-]{1,120}")
_REVISION = re.compile(r"[0-9a-f]{16}")
_FILE = re.compile(r"(heads/[a-z0-9_-]+/)?(model\.safetensors|card\.json)")


class BundleError(ValueError):
    """A bundle is not what it must be; the message names the file or object and the reason."""


class MissingBundleError(BundleError):
    """There is no such model, or no such revision of it, in the object store."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a bundle, by content."""

    sha256: Sha256
    size: Annotated[int, msgspec.Meta(ge=0)]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One revision of a model. ``files``: path within the bundle to content; ``heads``: name to SHA-256 of
    its weights.

    ``model_version`` follows from the towers alone and names the vectors; the revision (:func:`revision_of`)
    follows from everything.
    """

    model_version: ModelVersion
    files: dict[str, File]
    heads: dict[str, Sha256]
    format: int = 1


class Current(msgspec.Struct, frozen=True, kw_only=True):
    """``current.json``: the revision that is picked up."""

    revision: Revision


def encode_manifest(manifest: Manifest) -> bytes:
    """Equal manifests give equal bytes."""
    return msgspec.json.encode(manifest, order="deterministic")


def revision_of(data: bytes) -> str:
    """The revision of a manifest, as :func:`encode_manifest` wrote it: 16 digits of its SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]


def read_manifest(data: bytes, where: str) -> Manifest:
    """The manifest in ``data`` from ``where``. Raises :class:`BundleError`."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BundleError(f"{where}: {error}") from error
    if manifest.format != 1:
        raise BundleError(f"{where}: format {manifest.format}, but this release reads format 1")
    for path in manifest.files:
        if _FILE.fullmatch(path) is None:
            raise BundleError(f"{where}: files: {path!r} is no file of a bundle")
    return manifest


def check_version(version: str) -> str:
    """``version`` itself. Raises :class:`BundleError` when it cannot be a model version."""
    if _VERSION.fullmatch(version) is None:
        raise BundleError(f"model version: {version!r} is not of a-z, 0-9, - and _")
    return version


def check_revision(revision: str) -> str:
    """``revision`` itself. Raises :class:`BundleError` when it cannot be one."""
    if _REVISION.fullmatch(revision) is None:
        raise BundleError(f"revision: {revision!r} is not 16 hexadecimal digits")
    return revision
