"""The command that a checkpoint's card keeps."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from vtr.models.runs.methods import HEADS


def card_command(method: str, given: Mapping[str, object], *, resume: bool = False) -> str:
    """How ``method`` was trained, with the options that were given and no paths of any machine."""
    words = ["vtr", "train", method, "--corpus", "CORPUS", *(["--base", "DUAL"] if method in HEADS else [])]
    words += ["--out", "OUT"]
    for option, value in given.items():
        if value is not None:
            words += [option, f"{value:g}" if isinstance(value, float) else str(value)]
    return shlex.join([*words, *(["--resume"] if resume else [])])
