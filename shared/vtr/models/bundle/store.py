"""Bundles in the object store: published so that nobody sees half of one, picked up with every hash checked.

See :mod:`vtr.media.layout` for where they lie. Blobs are named by content, manifests by theirs,
and ``current.json`` says which revision is picked up: publishing a new head writes the head alone, and going
back is publishing the older folder again.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from vtr.media import layout
from vtr.models.bundle.manifest import (
    BundleError,
    Current,
    Manifest,
    MissingBundleError,
    check_revision,
    check_version,
    encode_manifest,
    read_manifest,
    revision_of,
)

MANIFEST = "manifest.json"


class Objects(Protocol):
    """The object store (see :class:`vtr.media.objects.ObjectStore`)."""

    def get(self, uri: str) -> bytes: ...

    def put(self, path: str, data: bytes) -> str: ...

    def exists(self, path: str) -> bool: ...

    def children(self, path: str) -> list[str]: ...


@dataclass(frozen=True)
class Published:
    """What :func:`publish` did. ``written``: objects that are new or changed, ``current.json`` among them."""

    manifest: Manifest
    revision: str
    written: int


@dataclass(frozen=True)
class PublishedModel:
    """A model in the object store: its revisions by name, and which is picked up."""

    model_version: str
    current: str | None
    revisions: dict[str, Manifest]


def publish(objects: Objects, folder: Path, manifest: Manifest) -> Published:
    """Puts the bundle in ``folder``, found to be ``manifest``, into the store and makes it the current one.

    Doing it again writes nothing. Raises :class:`BundleError` when a file changed since it was checked.
    """
    version, written = manifest.model_version, 0
    for name, file in manifest.files.items():
        path = layout.model_blob(version, file.sha256)
        if objects.exists(path) and _sha256(objects.get(path)) == file.sha256:
            continue
        data = (folder / name).read_bytes()
        if _sha256(data) != file.sha256:
            raise BundleError(f"{folder / name}: changed while it was published")
        objects.put(path, data)
        written += 1
    data = encode_manifest(manifest)
    revision = revision_of(data)
    path = layout.model_manifest(version, revision)
    if not objects.exists(path) or objects.get(path) != data:
        objects.put(path, data)
        written += 1
    if current_revision(objects, version) != revision:
        objects.put(layout.model_current(version), msgspec.json.encode(Current(revision=revision)))
        written += 1
    return Published(manifest, revision, written)


def current_revision(objects: Objects, model_version: str) -> str | None:
    """The revision of a model that is picked up now; None when there is no such model."""
    path = layout.model_current(check_version(model_version))
    try:
        data = objects.get(path)
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(data, type=Current).revision
    except msgspec.MsgspecError as error:
        raise BundleError(f"{path}: {error}") from error


def manifest_in(objects: Objects, model_version: str, revision: str) -> Manifest:
    """The manifest of one revision. Raises :class:`MissingBundleError`, :class:`BundleError`."""
    path = layout.model_manifest(check_version(model_version), check_revision(revision))
    try:
        data = objects.get(path)
    except FileNotFoundError as error:
        raise MissingBundleError(f"{path}: no such revision in the object store") from error
    if revision_of(data) != revision:
        raise BundleError(f"{path}: its content is not that of revision {revision}: it is corrupt")
    manifest = read_manifest(data, path)
    if manifest.model_version != model_version:
        raise BundleError(f"{path}: model_version is {manifest.model_version!r}")
    return manifest


def fetch_bundle(
    objects: Objects, model_version: str, cache_dir: Path, *, revision: str | None = None
) -> Path:
    """The folder of a published bundle, below ``cache_dir``; fetched unless it is there, intact.

    ``revision``: None takes the current one. Every file is hashed, fetched or found. A folder appears
    complete or not at all, so processes may share ``cache_dir``. Raises :class:`MissingBundleError` for a
    model or revision that is not there, :class:`BundleError` naming the object that is corrupt,
    ``Unavailable`` when the store does not answer.
    """
    wanted = revision if revision is not None else current_revision(objects, model_version)
    if wanted is None:
        raise MissingBundleError(
            f"{layout.model_current(model_version)}: no such model in the object store; "
            "`vtr models publish DIR` puts it there"
        )
    manifest = manifest_in(objects, model_version, wanted)
    folder = cache_dir / model_version / wanted
    if _intact(folder, manifest):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as name:
        pending = Path(name) / "new"
        for path, file in manifest.files.items():
            data = _blob(objects, manifest, path, file.sha256)
            (pending / path).parent.mkdir(parents=True, exist_ok=True)
            (pending / path).write_bytes(data)
        (pending / MANIFEST).write_bytes(encode_manifest(manifest))
        _put_in_place(pending, folder, Path(name) / "old")
    if not _intact(folder, manifest):
        raise BundleError(f"{folder}: was changed while it was fetched")
    return folder


def published_models(objects: Objects) -> list[PublishedModel]:
    """All models in the store, by name."""
    found = []
    for version in objects.children(layout.MODELS):
        names = objects.children(layout.model_manifests(version))
        revisions = sorted(name.removesuffix(".json") for name in names)
        found.append(
            PublishedModel(
                model_version=version,
                current=current_revision(objects, version),
                revisions={revision: manifest_in(objects, version, revision) for revision in revisions},
            )
        )
    return found


def _blob(objects: Objects, manifest: Manifest, path: str, sha256: str) -> bytes:
    source = layout.model_blob(manifest.model_version, sha256)
    try:
        data = objects.get(source)
    except FileNotFoundError as error:
        raise BundleError(
            f"{path} of {manifest.model_version}: {source} is not in the object store"
        ) from error
    found = _sha256(data)
    if found != sha256:
        raise BundleError(
            f"{path} of {manifest.model_version}: {source} has SHA-256 {found[:12]}, "
            f"but the manifest says {sha256[:12]}: it is corrupt; publish the bundle again"
        )
    return data


def _put_in_place(pending: Path, folder: Path, aside: Path) -> None:
    """Renames ``pending`` to ``folder``; what was there and was not intact goes to ``aside``."""
    if folder.exists():
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
    try:
        pending.rename(folder)
    except OSError:
        # Another process was first; whether what it put there is right, the caller asks.
        if not folder.is_dir():
            raise


def _intact(folder: Path, manifest: Manifest) -> bool:
    for path, file in manifest.files.items():
        try:
            data = (folder / path).read_bytes()
        except OSError:
            return False
        if _sha256(data) != file.sha256:
            return False
    return True


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
