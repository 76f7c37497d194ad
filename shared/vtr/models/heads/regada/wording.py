"""The words of the generated corpus for its actions and adverbs, and their vectors by the text tower."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vtr.evaluation.corpus.lexicon import ADVERB, VERBS
from vtr.models.dual.states import CorpusStates, text_states
from vtr.models.heads.masks import unit

Wording = dict[str, dict[str, str]]


def action_phrases(action: str) -> list[str]:
    """How captions say ``action``, in the third person: "moves in a circle", "goes round and round"."""
    return [f"{verb.it} {verb.tail}".strip() for verb in VERBS.get(action, ())] or [action]


def adverb_phrases(adverb: str) -> list[str]:
    """How captions say ``adverb``: "quickly", "rapidly"."""
    return list(ADVERB.get(adverb, (adverb,)))


def wording_of(actions: Sequence[str], adverbs: Sequence[str]) -> Wording:
    """Every phrase and the entry of the vocabulary that it means, as a card's ``assets.wording`` holds it."""
    return {
        "actions": {phrase: action for action in actions for phrase in action_phrases(action)},
        "adverbs": {phrase: adverb for adverb in adverbs for phrase in adverb_phrases(adverb)},
    }


def phrase_vectors(states: CorpusStates, phrases: Sequence[Sequence[str]]) -> Tensor:
    """float32 [N, D], L2 norm 1: for each entry the mean direction of its phrases by the text tower."""
    found = [
        np.mean([state.vector for state in text_states(states.model, states.vocabulary, list(of))], axis=0)
        for of in phrases
    ]
    return unit(torch.from_numpy(np.stack(found).astype(np.float32)))
