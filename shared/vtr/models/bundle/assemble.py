"""A run's directory to a bundle: the dual encoder, and the heads beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

from vtr.models.bundle.folder import HEADS, check_bundle
from vtr.models.bundle.manifest import BundleError, Manifest
from vtr.models.runs.methods import DUAL
from vtr.models.runs.methods import HEADS as METHODS
from vtr.models.training.checkpoints import CARD, WEIGHTS


def assemble(run: Path, out: Path) -> Manifest:
    """Copies the checkpoints of ``run`` into the new folder ``out`` and checks what came of it.

    Logs and states of training stay behind. Raises :class:`BundleError` for a run without a dual encoder, a
    head of another one, or an ``out`` that is there already.
    """
    if not (run / DUAL / CARD).exists():
        raise BundleError(f"{run / DUAL}: no {CARD}; a run is a directory with {DUAL}/ and heads beside it")
    if out.exists():
        raise BundleError(f"{out}: is there already")
    _copy(run / DUAL, out)
    for head in METHODS:
        if (run / head / CARD).exists():
            _copy(run / head, out / HEADS / head)
    return check_bundle(out)


def _copy(checkpoint: Path, out: Path) -> None:
    out.mkdir(parents=True)
    for name in (WEIGHTS, CARD):
        shutil.copyfile(checkpoint / name, out / name)
