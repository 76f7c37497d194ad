"""Every clip against every action-adverb pair: by the head, by the dual encoder, and by counts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from vtr.evaluation.corpus.captions import moment_caption
from vtr.evaluation.corpus.grammar import GRAMMARS
from vtr.evaluation.corpus.lexicon import Voice
from vtr.evaluation.corpus.record import AdverbItem
from vtr.evaluation.metrics.adverbs import (
    AdverbPrior,
    AdverbScores,
    adverb_metrics,
    any_action,
    given_action,
)
from vtr.models.dual.infer import embed_texts
from vtr.models.heads.masks import unit
from vtr.models.heads.regada.adverb_data import AdverbData
from vtr.models.heads.regada.adverb_head import AdverbHead

Floats = NDArray[np.float64]
Pairs = tuple[tuple[str, str], ...]
_CLIPS = 64


@dataclass(frozen=True)
class Scored:
    """Scores of each adverb [clips, adverbs], where the action is given and where it is not."""

    given: AdverbScores
    free: AdverbScores

    @classmethod
    def of(cls, scores: Floats, pairs: Pairs, items: Sequence[AdverbItem]) -> Scored:
        """From ``scores`` [clips, pairs]."""
        actions = [item.action for item in items]
        return cls(given_action(scores, pairs, actions), any_action(scores, pairs))

    def metrics(self, rows: Sequence[int], items: Sequence[AdverbItem]) -> dict[str, dict[str, float]]:
        """Metrics of the clips ``rows`` alone: ``given`` and ``free``."""
        chosen = [items[row] for row in rows]
        true = [item.adverb for item in chosen]
        antonyms = {i.adverb: i.antonym for i in chosen}
        return {
            name: dict(
                adverb_metrics(AdverbScores(scores.scores[list(rows)], scores.adverbs), true, antonyms)
            )
            for name, scores in (("given", self.given), ("free", self.free))
        }


def pairs_of(data: AdverbData) -> Pairs:
    """All pairs that training or the split of ``data`` has, and each with the antonym."""
    vocabulary = data.vocabulary
    found = {
        (action, vocabulary.adverbs[k])
        for action, row in zip(vocabulary.actions, vocabulary.pairs, strict=True)
        for adverb in row
        for k in (adverb, vocabulary.antonyms[adverb])
    }
    for item in data.items:
        found |= {(item.action, item.adverb), (item.action, item.antonym)}
    return tuple(sorted(found))


@torch.inference_mode()
def head_scores(head: AdverbHead, data: AdverbData, pairs: Pairs, *, whole: bool = False) -> Floats:
    """[clips, pairs]: cosines by ``head``, with the event cut out or in the ``whole`` video."""
    actions = [data.vocabulary.actions.index(action) for action, _ in pairs]
    adverbs = [data.vocabulary.adverbs.index(adverb) for _, adverb in pairs]
    found = []
    for start in range(0, len(data.items), _CLIPS):
        part = data.items[start : start + _CLIPS]
        batch = data.batch(part, [whole] * len(part))
        found.append(head.all_pairs(batch.snippets, batch.mask)[:, actions, adverbs].double().numpy())
    return np.concatenate(found)


@torch.inference_mode()
def dual_scores(data: AdverbData, pairs: Pairs, *, whole: bool = False) -> Floats:
    """[clips, pairs]: cosine of the dual encoder's vector of the event, or of the ``whole`` video, with a
    caption of the event done in each manner.

    The caption is the grammar's, names the thing that acts, and where the action is the true one, where it
    goes: all of that is given to the dual encoder.
    """
    states, model = data.states, data.states.model
    if whole:
        videos = states.vectors([item.video for item in data.items])
    else:
        pooled = torch.stack([data.snippets(i.video, i.start_s, i.end_s).mean(dim=0) for i in data.items])
        videos = unit(model.video.of_frame(pooled).float()).numpy()
    texts = [[_caption(data, item, action, adverb) for action, adverb in pairs] for item in data.items]
    unique = sorted({text for row in texts for text in row})
    vectors = embed_texts(model, states.vocabulary.encode_all(unique))
    at = {text: number for number, text in enumerate(unique)}
    return np.stack(
        [
            vectors[[at[text] for text in row]].astype(np.float64) @ video
            for row, video in zip(texts, videos, strict=True)
        ]
    )


def _caption(data: AdverbData, item: AdverbItem, action: str, adverb: str) -> str:
    scene = data.corpus.videos[item.video].scene
    event = msgspec.structs.replace(scene.events[item.event], adverb=adverb)
    if action != item.action:
        event = msgspec.structs.replace(event, action=action, direction=None, other=None)
    events = (*scene.events[: item.event], event, *scene.events[item.event + 1 :])
    told = msgspec.structs.replace(scene, events=events)
    return moment_caption(told, item.event, GRAMMARS[item.split], 0, Voice("manner"))


def prior_scores(
    train: Sequence[AdverbItem], data: AdverbData, adverbs: tuple[str, ...], *, length: bool = False
) -> Scored:
    """What counts in ``train`` say, without a look at the video: how often an adverb goes with the action,
    and with ``length`` with an event of that action and length (which often tells slow from quick)."""
    prior = AdverbPrior(adverbs).fit([_key(i, length) for i in train], [i.adverb for i in train])
    lengths = AdverbPrior(adverbs).fit(
        [_key(i, length, action=False) for i in train], [i.adverb for i in train]
    )
    return Scored(
        prior.score([_key(i, length) for i in data.items]),
        lengths.score([_key(i, length, action=False) for i in data.items]),
    )


def _key(item: AdverbItem, length: bool, *, action: bool = True) -> str:
    parts = [item.action] if action else []
    return " ".join([*parts, f"{item.end_s - item.start_s:.1f}"] if length else parts)


def chance(items: Sequence[AdverbItem]) -> Mapping[str, float]:
    """What random scores reach: an adverb's average precision is its share of the clips."""
    _, counts = np.unique([item.adverb for item in items], return_counts=True)
    shares = counts / counts.sum()
    return {
        "mAP-W": float(100 * (shares * shares).sum()),
        "mAP-M": float(100 * shares.mean()),
        "Acc-A": 50.0,
    }
