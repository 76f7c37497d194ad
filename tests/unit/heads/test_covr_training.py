"""From a corpus and the states of a tiny dual encoder to a measured composer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch

from support.tiny_dual import TINY, saved_dual
from vtr.evaluation.corpus.make import make
from vtr.evaluation.corpus.read import Corpus, open_corpus
from vtr.evaluation.corpus.record import Options
from vtr.evaluation.metrics.rows import COMPOSED
from vtr.media.thumbs import small_frames
from vtr.models.dual.config import DualConfig
from vtr.models.dual.states import CorpusStates, corpus_states
from vtr.models.heads.covr.baselines import LinearComposer, best_weight, unit_rows, weighted
from vtr.models.heads.covr.checkpoint import load_covr
from vtr.models.heads.covr.data import ComposedBatches, ComposedData, seen_triplets, seen_videos
from vtr.models.heads.covr.evaluate import (
    COVR,
    FROM_BASE,
    LINEAR,
    MEAN,
    TEXT,
    VIDEO,
    WEIGHTED,
    chance,
    evaluate_covr,
    hard_chance,
)
from vtr.models.heads.covr.head import Covr
from vtr.models.heads.covr.search import ComposedSearch, composed, metrics
from vtr.models.heads.covr.train import OPTIONS, default_config, train_covr
from vtr.models.training.checkpoints import CheckpointError
from vtr.models.training.corpus_frames import corpus_frames

HEARD = {"sound", "word"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("corpus") / "c"
    make(Options(videos=24, seed=3, side=64, speech=False), root)
    return open_corpus(root)


@pytest.fixture(scope="module")
def states(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> CorpusStates:
    root = tmp_path_factory.mktemp("states")
    frames = corpus_frames(corpus, root / "frames", small_frames, side=16)
    return corpus_states(saved_dual(root / "dual"), corpus, frames, root / "states")


def test_only_what_is_seen_to_change_is_asked_for(corpus: Corpus) -> None:
    for split in ("train", "val", "test"):
        triplets, gallery = seen_triplets(corpus, split), seen_videos(corpus, split)
        assert triplets
        assert not {t.factor for t in triplets} & HEARD
        assert not {corpus.videos[video].member for video in gallery} & HEARD
        assert {t.reference for t in triplets} | {t.target for t in triplets} <= set(gallery)


def test_a_step_has_the_same_batch_and_a_change_beside_its_way_back(
    corpus: Corpus, states: CorpusStates
) -> None:
    one, other = (ComposedBatches(ComposedData(corpus, states), seed=0, size=4) for _ in range(2))
    one(0)
    (first,), (second,) = one(3), other(3)
    for name, value in vars(first).items():
        assert torch.equal(value, getattr(second, name)), name
    assert first.example_ids is not None
    assert first.target_ids is not None
    assert first.example_ids[0::2].tolist() == first.target_ids[1::2].tolist()
    assert first.target_ids[0::2].tolist() == first.example_ids[1::2].tolist()
    assert first.target_frames is not None
    assert torch.equal(first.target_frames[0], first.frames[1])
    reseeded = ComposedBatches(ComposedData(corpus, states), seed=1, size=4)
    drawn = [[str(batches(step)[0].example_ids) for step in range(4)] for batches in (one, reseeded)]
    assert drawn[0] != drawn[1]
    with pytest.raises(ValueError, match="size: 3"):
        ComposedBatches(ComposedData(corpus, states), seed=0, size=3)


def test_other_words_tell_the_same_change(corpus: Corpus, states: CorpusStates) -> None:
    batches = ComposedBatches(ComposedData(corpus, states), seed=0, size=4)
    rng = np.random.default_rng(0)
    colours = [t for t in seen_triplets(corpus, "train") if t.factor in {"colour", "shape", "direction"}]
    assert colours
    for triplet in colours:
        told = {batches._other_words(triplet, rng) for _ in range(8)}
        assert len(told) > 1
        after = corpus.videos[triplet.target]
        edit = after.edit or corpus.videos[triplet.reference].edit
        assert edit is not None
        thing = after.scene.things[edit.thing or 0]
        wanted = {"colour": thing.colour, "shape": thing.shape, "direction": thing.colour}[triplet.factor]
        assert all(wanted in text for text in told)


def test_the_example_answers_nothing_and_every_query_stands_alone(
    corpus: Corpus, states: CorpusStates
) -> None:
    search, data = ComposedSearch.of(corpus, states, "val"), ComposedData(corpus, states)
    examples = search.vectors[search.examples]
    assert (search.ranks(examples) <= len(search.gallery) - 1).all()
    assert (search.hard_ranks(examples) <= search.siblings.sum(axis=1)).all()
    assert not (search.siblings & search.own).any()
    assert search.siblings[np.arange(len(search.targets)), search.targets].all()
    assert (search.ranks(search.vectors[search.targets]) == 1).all()
    torch.manual_seed(0)
    head = Covr(default_config(states)).eval()
    together = composed(head, data, search.triplets)
    for number in (0, len(search.triplets) - 1):
        (alone,) = composed(head, data, search.triplets[number : number + 1])
        np.testing.assert_allclose(alone, together[number], atol=1e-5)


def test_a_trained_composer_is_measured_with_what_it_is_compared_with(
    tmp_path: Path, corpus: Corpus, states: CorpusStates
) -> None:
    options = replace(OPTIONS, seed=3, steps=4, evaluate_every=2)
    config = replace(default_config(states), width=16, heads=2, edit_layers=1)
    card = train_covr(
        corpus, states, tmp_path, config=config, options=options, batch=4, command="vtr train covr"
    )
    assert (card.head, card.precision, card.data["base"]) == ("covr", "float16", states.base)
    head, loaded = load_covr(tmp_path)
    assert loaded == card
    assert not head.training
    assert head.config == config

    rows = evaluate_covr(tmp_path, corpus, states, split="test", seed=3)
    assert {row.transductive for row in rows} == {False}
    assert {row.task for row in rows} == {COMPOSED}
    named = {row.method for row in rows if row.data == "generated" and row.metric == "R@1"}
    assert named == {"chance", TEXT, VIDEO, MEAN, WEIGHTED, LINEAR, COVR}
    assert {row.method for row in rows if not row.baseline} == {COVR}
    hard = [row for row in rows if row.data == "generated, hard galleries" and row.method == COVR]
    assert {row.metric for row in hard} >= {"hard R@1", "R@1 order", "R@1 adverb"}
    based = [row for row in rows if row.data == f"generated, {FROM_BASE}"]
    assert {row.method for row in based} == named | {COVR}
    assert {row.queries for row in based} == {hard[0].queries // 2}
    assert rows == evaluate_covr(tmp_path, corpus, states, split="test", seed=3)
    assert evaluate_covr(tmp_path, corpus, states, split="none", seed=3) == []

    (tmp_path / "model.safetensors").write_bytes(b"other")
    with pytest.raises(CheckpointError, match="SHA-256"):
        load_covr(tmp_path)


def test_baselines_are_what_they_say(corpus: Corpus, states: CorpusStates) -> None:
    search = ComposedSearch.of(corpus, states, "val")
    size = len(search.gallery) - 1
    assert chance(search)["R@1"] == pytest.approx(100 / size)
    assert hard_chance(search)["hard R@1"] >= chance(search)["R@1"]
    example, target = search.vectors[search.examples], search.vectors[search.targets]
    np.testing.assert_allclose(weighted(example, example, 1.0), unit_rows(example), atol=1e-6)
    # Text that is the answer: the more of it, the better.
    assert metrics(search, weighted(example, target, best_weight(search, example, target)))["R@1"] == 100.0
    rng = np.random.default_rng(0)
    texts = rng.normal(size=(200, 6)).astype(np.float32)
    videos = unit_rows(rng.normal(size=(200, 6)).astype(np.float32))
    change = rng.normal(size=(6, 6)).astype(np.float32)
    fitted = LinearComposer.fit(videos, texts, videos + texts @ change, 1e-3)
    np.testing.assert_allclose(fitted(videos, texts), unit_rows(videos + texts @ change), atol=1e-3)


def test_the_default_head_fits_the_towers_and_is_small(states: CorpusStates) -> None:
    head = Covr(default_config(states))
    head.start_from(states.model.video.pool)
    assert (head.config.frame_dim, head.config.text_dim) == (TINY.width, TINY.text_width)
    towers = cast(CorpusStates, SimpleNamespace(model=SimpleNamespace(config=DualConfig())))
    assert sum(p.numel() for p in Covr(default_config(towers)).parameters()) < 1_400_000
