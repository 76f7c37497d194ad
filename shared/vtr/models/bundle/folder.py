"""A bundle as a folder, checked and loaded::

    model.safetensors, card.json                the dual encoder
    heads/<head>/model.safetensors, card.json   each head

Other files beside them (a README, logs of training) are no part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vtr.models.bundle.manifest import BundleError, File, Manifest, encode_manifest, revision_of
from vtr.models.dual.checkpoint import load_dual, model_version_of
from vtr.models.dual.model import DualEncoder
from vtr.models.dual.vocabulary import Vocabulary
from vtr.models.training.checkpoints import CARD, WEIGHTS, Card, CheckpointError, read_card

HEADS = "heads"


@dataclass(frozen=True)
class Bundle:
    """A checked bundle. ``dual`` is in eval mode; ``heads``: name to the folder of its checkpoint.

    ``model_version`` is that of the vectors in the index, ``revision`` that of everything in the bundle.
    """

    dual: DualEncoder
    vocabulary: Vocabulary
    card: Card
    heads: Mapping[str, Path]
    model_version: str
    revision: str


def check_bundle(folder: Path) -> Manifest:
    """What is in ``folder``, after everything has been hashed and each head found to be of this dual encoder.

    Raises :class:`BundleError` naming the file and the reason.
    """
    files: dict[str, File] = {}
    card = _checked(folder, "", files)
    if card.head != DualEncoder.name:
        raise BundleError(
            f"{folder / CARD}: head is {card.head!r}, but a bundle's own is {DualEncoder.name!r}"
        )
    heads: dict[str, str] = {}
    for root in _head_folders(folder):
        of_head = _checked(root, f"{HEADS}/{root.name}/", files)
        if of_head.head != root.name:
            raise BundleError(f"{root / CARD}: head is {of_head.head!r}, but the folder is {root.name!r}")
        base = of_head.data.get("base")
        if base != card.sha256:
            raise BundleError(
                f"{root / CARD}: data.base is {str(base)[:12]}, but the dual encoder is {card.sha256[:12]}: "
                "the head was trained on other towers"
            )
        heads[root.name] = of_head.sha256
    return Manifest(model_version=model_version_of(card), files=files, heads=heads)


def load_bundle(folder: Path) -> Bundle:
    """The bundle in ``folder``, checked, its dual encoder loaded. Raises :class:`BundleError`."""
    manifest = check_bundle(folder)
    try:
        dual, vocabulary, card = load_dual(folder)
    except CheckpointError as error:
        raise BundleError(str(error)) from error
    return Bundle(
        dual=dual,
        vocabulary=vocabulary,
        card=card,
        heads={name: folder / HEADS / name for name in manifest.heads},
        model_version=manifest.model_version,
        revision=revision_of(encode_manifest(manifest)),
    )


def _head_folders(folder: Path) -> list[Path]:
    root = folder / HEADS
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


def _checked(root: Path, prefix: str, files: dict[str, File]) -> Card:
    """The card in ``root``, whose weights are those that it names; both go into ``files``."""
    try:
        card = read_card(root)
    except CheckpointError as error:
        raise BundleError(str(error)) from error
    for name in (WEIGHTS, CARD):
        try:
            data = (root / name).read_bytes()
        except OSError as error:
            raise BundleError(f"{root / name}: {error.strerror}") from error
        files[prefix + name] = File(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    found = files[prefix + WEIGHTS].sha256
    if found != card.sha256:
        raise BundleError(f"{root / WEIGHTS}: SHA-256 {found[:12]}, but the card says {card.sha256[:12]}")
    return card
