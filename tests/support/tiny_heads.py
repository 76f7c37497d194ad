"""A tiny dual encoder with all four heads, untrained, saved as trained ones are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch
from torch import nn

from support.tiny_dual import WORDS, saved_dual, tiny_dual
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
from vtr.models.training.checkpoints import Card, read_card, save_checkpoint

HEADS = ("camoe", "covr", "regada", "vlgnet")
ACTIONS, ADVERBS = ("moves", "spins"), ("slowly", "quickly")


def save_heads(
    folder: Path,
    dual: DualEncoder,
    vocabulary: Vocabulary,
    base: str,
    serving: Mapping[str, Serving] | None = None,
    *,
    seed: int = 0,
    dim: int = 16,
) -> None:
    """Untrained heads of ``dim`` for ``dual`` under ``folder``/heads; ``serving``: of those not off."""
    torch.manual_seed(seed)
    for name, head in make_heads(dual, vocabulary, dim).items():
        assets = {"wording": {"adverbs": {"rapidly": "quickly"}}} if name == "regada" else {}
        card = _card(name, head.config, {"base": base}, assets)  # type: ignore[arg-type]
        said = (serving or {}).get(name)
        save_checkpoint(folder / "heads" / name, head, with_serving(card, said) if said else card)


def make_heads(dual: DualEncoder, vocabulary: Vocabulary, dim: int) -> dict[str, nn.Module]:
    """One of each head, drawn from torch's generator."""
    config = dual.config
    width, text = config.width, config.text_width
    sizes = {"dim": dim, "heads": 2, "dropout": 0.0}
    camoe = CamoeConfig(width, text, layers=1, memory=dim, queue=4, **sizes)  # type: ignore[arg-type]
    covr = CovrConfig(width, text, dim=config.dim, width=dim, layers=1, heads=2, dropout=0.0)
    moments = VlgNetConfig(width, text, dim=dim, map_dim=max(8, dim // 2), dropout=0.0)
    regions = RegionConfig(dual.video.frame.cell_channels, text, **sizes)  # type: ignore[arg-type]
    adverbs = AdverbConfig(width, config.dim, ACTIONS, ADVERBS, (1, 0), **sizes)  # type: ignore[arg-type]
    regada = Regada(RegadaConfig(regions, adverbs))
    assert regada.adverbs is not None
    dual.eval()
    regada.adverbs.set_vocabulary(_vectors(dual, vocabulary, ACTIONS), _vectors(dual, vocabulary, ADVERBS))
    return {"camoe": Camoe(camoe), "covr": Covr(covr), "vlgnet": VlgNet(moments), "regada": regada}


def _vectors(dual: DualEncoder, vocabulary: Vocabulary, texts: Sequence[str]) -> torch.Tensor:
    return torch.tensor(np.stack([states.vector for states in text_states(dual, vocabulary, texts)]))


def save_bundle(folder: Path, serving: Mapping[str, Serving] | None = None, *, seed: int = 0) -> Card:
    """A tiny dual encoder with tiny heads; returns the dual encoder's card."""
    card = read_card(saved_dual(folder, seed))
    save_heads(folder, tiny_dual(seed), WORDS, card.sha256, serving, seed=seed)
    return card


def _card(name: str, config: HeadConfig, data: Mapping[str, str], assets: Mapping[str, object]) -> Card:
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
