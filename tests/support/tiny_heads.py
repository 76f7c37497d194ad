"""A tiny dual encoder with all four heads, untrained, saved as trained ones are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import torch
from torch import nn

from support.tiny_dual import TINY, WORDS, tiny_dual
from vtr.models.dual.config import DualConfig
from vtr.models.dual.model import DualEncoder
from vtr.models.dual.states import text_states
from vtr.models.dual.vocabulary import Vocabulary
from vtr.models.heads.base import HeadConfig
from vtr.models.heads.camoe.config import CamoeConfig
from vtr.models.heads.camoe.head import Camoe
from vtr.models.heads.covr.config import CovrConfig
from vtr.models.heads.covr.head import Covr
from vtr.models.heads.regada.config import AdverbConfig, RegadaConfig, RegionConfig
from vtr.models.heads.regada.model import Regada
from vtr.models.heads.serving.card import with_serving
from vtr.models.heads.serving.protocol import Serving
from vtr.models.heads.vlgnet.config import VlgNetConfig
from vtr.models.heads.vlgnet.model import VlgNet
from vtr.models.training.checkpoints import Card, save_checkpoint

HEADS = ("camoe", "covr", "regada", "vlgnet")
ACTIONS, ADVERBS = ("moves", "spins"), ("slowly", "quickly")


def save_dual(folder: Path, *, seed: int = 0) -> Card:
    """A tiny untrained dual encoder; returns its card."""
    assets = {"words": list(WORDS.words)}
    return save_checkpoint(folder, tiny_dual(seed), _card("dual", TINY, {}, assets))


def save_heads(
    folder: Path,
    dual: DualEncoder,
    vocabulary: Vocabulary,
    base: str,
    serving: Mapping[str, Serving] | None = None,
    *,
    seed: int = 0,
) -> None:
    """Tiny untrained heads for ``dual`` under ``folder``/heads; ``serving``: of those that are not off."""
    torch.manual_seed(seed)
    for name, head in make_heads(dual, vocabulary).items():
        assets = {"wording": {"adverbs": {"rapidly": "quickly"}}} if name == "regada" else {}
        card = _card(name, head.config, {"base": base}, assets)  # type: ignore[arg-type]
        said = (serving or {}).get(name)
        save_checkpoint(folder / "heads" / name, head, with_serving(card, said) if said else card)


def make_heads(dual: DualEncoder, vocabulary: Vocabulary) -> dict[str, nn.Module]:
    """One of each head, of 16 dimensions, drawn from torch's generator."""
    config = dual.config
    words = {"dim": 16, "heads": 2, "dropout": 0.0}
    camoe = CamoeConfig(config.width, config.text_width, layers=1, memory=4, queue=4, **words)  # type: ignore[arg-type]
    covr = CovrConfig(
        config.width, config.text_width, dim=config.dim, width=16, layers=1, heads=2, dropout=0.0
    )
    moments = VlgNetConfig(
        config.width, config.text_width, dim=16, map_dim=8, semantic_neighbours=2, dropout=0.0
    )
    regions = RegionConfig(dual.video.frame.cell_channels, config.text_width, appearance=2, **words)  # type: ignore[arg-type]
    adverbs = AdverbConfig(config.width, config.dim, ACTIONS, ADVERBS, (1, 0), **words)  # type: ignore[arg-type]
    regada = Regada(RegadaConfig(regions, adverbs))
    assert regada.adverbs is not None
    regada.adverbs.set_vocabulary(
        *(
            torch.tensor([s.vector.tolist() for s in text_states(dual.eval(), vocabulary, of)])
            for of in (ACTIONS, ADVERBS)
        )
    )
    return {"camoe": Camoe(camoe), "covr": Covr(covr), "vlgnet": VlgNet(moments), "regada": regada}


def save_bundle(folder: Path, serving: Mapping[str, Serving] | None = None, *, seed: int = 0) -> Card:
    """A tiny dual encoder with tiny heads; returns the dual encoder's card."""
    card = save_dual(folder, seed=seed)
    save_heads(folder, tiny_dual(seed), WORDS, card.sha256, serving, seed=seed)
    return card


def _card(
    name: str, config: HeadConfig | DualConfig, data: Mapping[str, str], assets: Mapping[str, object]
) -> Card:
    return Card(
        head=name,
        config=msgspec.json.decode(config.to_json()),
        options={},
        data=dict(data),
        metrics={},
        command="made in a test",
        parameters=0,
        precision="",
        assets=dict(assets),
    )
