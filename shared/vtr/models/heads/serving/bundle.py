"""A dual encoder with its heads from one folder: ``model.safetensors``, ``card.json``, ``heads/<head>/``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vtr.models.dual.checkpoint import load_dual
from vtr.models.dual.model import DualEncoder
from vtr.models.dual.states import text_states
from vtr.models.dual.vocabulary import Vocabulary
from vtr.models.encoders.clip_states import ClipStates
from vtr.models.heads.base import HeadError
from vtr.models.heads.serving.protocol import Clip, Composer, HeadRunner, QueryStates
from vtr.models.heads.serving.registry import load_head
from vtr.models.training.checkpoints import CARD, CheckpointError, read_card

HEADS = "heads"
_FRAMES, _CLIPS, _PASSES = 16, 4, 2


@dataclass(frozen=True)
class LoadedBundle:
    """A :class:`~vtr.models.heads.serving.protocol.HeadBundle` on the CPU."""

    model: str
    runners: Mapping[str, HeadRunner]
    composers: Mapping[str, Composer]
    broken: Mapping[str, str]
    cost_ms: Mapping[str, float]
    dual: DualEncoder
    vocabulary: Vocabulary

    def read(self, text: str) -> QueryStates:
        (found,) = text_states(self.dual, self.vocabulary, [text])
        return QueryStates(text, found.words, found.tokens, found.vector)


def load_bundle(folder: Path, model: str, *, clock: Callable[[], float] = time.perf_counter) -> LoadedBundle:
    """The bundle in ``folder``, whose dual encoder gave the index its vectors under the name ``model``.

    A head that cannot be loaded, or was trained on another dual encoder, is among ``broken`` with the reason;
    the others serve. Raises :class:`CheckpointError` where the dual encoder itself cannot be loaded.
    """
    dual, vocabulary, card = load_dual(folder)
    runners: dict[str, HeadRunner] = {}
    composers: dict[str, Composer] = {}
    broken: dict[str, str] = {}
    for place in sorted((folder / HEADS).glob(f"*/{CARD}")):
        name = place.parent.name
        try:
            head = _load_head(place.parent, card.sha256)
        except (CheckpointError, HeadError) as error:
            broken[name] = str(error)
            continue
        if isinstance(head, HeadRunner):
            runners[name] = head
        else:
            composers[name] = head
    bundle = LoadedBundle(model, runners, composers, broken, {}, dual, vocabulary)
    return _measured(bundle, clock)


def blank_clip(dual: DualEncoder, frames: int) -> Clip:
    """A clip of ``frames`` frames at the rate of ``dual`` in which nothing is to be seen."""
    config, tower = dual.config, dual.video.frame
    times = (np.arange(frames) / config.fps).astype(np.float32)
    states = ClipStates(
        frames=np.zeros((frames, config.width), dtype=np.float32),
        regions=np.zeros((frames, tower.cells_a_side**2, tower.cell_channels), dtype=np.float32),
        vector=np.full(config.dim, config.dim**-0.5, dtype=np.float32),
        times_s=times,
        region_times_s=times,
    )
    return Clip(states, 0.0, frames / config.fps)


def _load_head(folder: Path, base: str) -> HeadRunner | Composer:
    trained_on = read_card(folder).data.get("base")
    if trained_on != base:
        raise CheckpointError(f"trained on the dual encoder {trained_on}, but this is {base}")
    return load_head(folder.name, folder)


def _measured(bundle: LoadedBundle, clock: Callable[[], float]) -> LoadedBundle:
    """``bundle`` with what each runner takes for a clip; a runner that fails at it is broken.

    The first pass of a network allocates what later ones reuse, so a second is timed.
    """
    query = bundle.read("a thing moves slowly and then another thing moves quickly")
    clips = [blank_clip(bundle.dual, _FRAMES)] * _CLIPS
    costs: dict[str, float] = {}
    broken = dict(bundle.broken)
    for name, runner in bundle.runners.items():
        try:
            for _ in range(_PASSES):
                began = clock()
                runner.score(query, clips)
                costs[name] = (clock() - began) * 1000 / len(clips)
        except (ValueError, RuntimeError) as error:
            costs.pop(name, None)
            broken[name] = f"does not take the states of this dual encoder: {error}"
    runners = {name: runner for name, runner in bundle.runners.items() if name in costs}
    return LoadedBundle(
        bundle.model, runners, bundle.composers, broken, costs, bundle.dual, bundle.vocabulary
    )
