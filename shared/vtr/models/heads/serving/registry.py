"""Which code serves a head of a bundle: this package's own, and those that other packages register.

A loader takes the folder of the head's checkpoint and returns a
:class:`~vtr.models.heads.serving.protocol.HeadRunner` or a
:class:`~vtr.models.heads.serving.protocol.Composer`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

from vtr.models.heads.camoe.checkpoint import load_camoe
from vtr.models.heads.covr.checkpoint import load_covr
from vtr.models.heads.regada.checkpoint import load_regada
from vtr.models.heads.serving.camoe import CamoeRunner
from vtr.models.heads.serving.covr import CovrComposer
from vtr.models.heads.serving.protocol import Composer, HeadRunner
from vtr.models.heads.serving.regada import RegadaRunner
from vtr.models.heads.serving.vlgnet import VlgNetRunner
from vtr.models.heads.vlgnet.checkpoint import load_vlgnet
from vtr.models.training.checkpoints import CheckpointError

GROUP = "vtr.heads"
Loader = Callable[[Path], HeadRunner | Composer]


def load_head(name: str, folder: Path) -> HeadRunner | Composer:
    """The head ``name`` in ``folder``, ready to serve. Raises :class:`CheckpointError`."""
    loader = _OWN.get(name) or _registered(name)
    if loader is None:
        raise CheckpointError(f"{folder}: no code serves a head {name!r}; known are {', '.join(_OWN)}")
    return loader(folder)


def _registered(name: str) -> Loader | None:
    for found in entry_points(group=GROUP, name=name):
        loader: Loader = found.load()
        return loader
    return None


_OWN: dict[str, Loader] = {
    "camoe": lambda folder: CamoeRunner(*load_camoe(folder)),
    "covr": lambda folder: CovrComposer(*load_covr(folder)),
    "regada": lambda folder: RegadaRunner(*load_regada(folder)),
    "vlgnet": lambda folder: VlgNetRunner(*load_vlgnet(folder)),
}
