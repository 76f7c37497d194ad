"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from vtr.evaluation.datasets.adverbs import SETS, Adverbs
from vtr.evaluation.datasets.base import Dataset
from vtr.evaluation.datasets.didemo import DiDeMo
from vtr.evaluation.datasets.files import DatasetError
from vtr.evaluation.datasets.generated import Generated
from vtr.evaluation.datasets.msrvtt import MsrVtt
from vtr.evaluation.datasets.msvd import Msvd
from vtr.evaluation.datasets.qvhighlights import QvHighlights
from vtr.evaluation.datasets.tacos import Tacos
from vtr.evaluation.datasets.webvid_covr import WebVidCovr

_OPEN: dict[str, Callable[[Path], Dataset]] = {
    "generated": Generated,
    "msrvtt": MsrVtt,
    "msvd": Msvd,
    "didemo": DiDeMo,
    "qvhighlights": QvHighlights,
    "tacos": Tacos,
    "webvid-covr": WebVidCovr,
    **{name: partial(Adverbs, name=name) for name in SETS},
}

NAMES: tuple[str, ...] = tuple(_OPEN)
"""The names that :func:`open_dataset` knows."""


def open_dataset(name: str, root: Path) -> Dataset:
    """The data set ``name`` whose files are in ``root``.

    Which tasks it serves is told by ``isinstance`` with the Protocols of
    :mod:`vtr.evaluation.datasets.base`. Raises :class:`DatasetError` for an unknown name or a root that is no
    directory; its files are read when first asked for.
    """
    if name not in _OPEN:
        raise DatasetError(f"no data set {name!r}; there are {', '.join(NAMES)}")
    if not root.is_dir():
        raise DatasetError(f"{root}: no such directory")
    return _OPEN[name](root)
