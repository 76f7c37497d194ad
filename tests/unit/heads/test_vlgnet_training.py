"""From a corpus and the states of a tiny dual encoder to a measured moment head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from support.tiny_dual import TINY, saved_dual
from vtr.evaluation.corpus.make import make
from vtr.evaluation.corpus.read import Corpus, open_corpus
from vtr.evaluation.corpus.record import Options
from vtr.evaluation.metrics.rows import MOMENTS, TEXT_TO_VIDEO
from vtr.media.thumbs import small_frames
from vtr.models.dual.states import CorpusStates, corpus_states
from vtr.models.heads.serving.card import serving_of
from vtr.models.heads.vlgnet.checkpoint import load_vlgnet
from vtr.models.heads.vlgnet.claims import claims_of
from vtr.models.heads.vlgnet.config import VlgNetConfig
from vtr.models.heads.vlgnet.data import MomentBatches, MomentData
from vtr.models.heads.vlgnet.evaluate import ANCHOR, PRIOR, RERANKED, VLGNET, WINDOW, evaluate_vlgnet
from vtr.models.heads.vlgnet.predict import of_prior, of_windows, predict
from vtr.models.heads.vlgnet.rerank import DEPTH, caption_search, event_search
from vtr.models.heads.vlgnet.train import default_config, train_vlgnet
from vtr.models.training.checkpoints import CheckpointError
from vtr.models.training.corpus_frames import corpus_frames
from vtr.models.training.options import TrainOptions

SMALL = VlgNetConfig(frame_dim=TINY.width, word_dim=TINY.text_width, dim=8, map_dim=4, map_layers=1)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("corpus") / "c"
    make(Options(videos=18, seed=3, side=64, speech=False), root)
    return open_corpus(root)


@pytest.fixture(scope="module")
def states(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> CorpusStates:
    root = tmp_path_factory.mktemp("states")
    frames = corpus_frames(corpus, root / "frames", small_frames, side=16)
    return corpus_states(saved_dual(root / "dual"), corpus, frames, root / "states")


def test_a_step_has_the_same_batch_whenever_it_is_asked_for(corpus: Corpus, states: CorpusStates) -> None:
    one, other = (
        MomentBatches(MomentData(corpus, states, "train"), seed=0, size=3, whole=2) for _ in range(2)
    )
    one(0)
    for step in (2, 3):
        (first,), (second,) = one(step), other(step)
        for name in ("frames", "words", "others", "moments_s", "edges_s"):
            assert torch.equal(getattr(first, name), getattr(second, name))
    (events,), (whole,) = one(2), one(3)
    assert whole.word_mask.sum(dim=1).min() > events.word_mask.sum(dim=1).max()
    (changed,) = MomentBatches(MomentData(corpus, states, "train"), seed=1, size=3, whole=2)(2)
    assert changed.words.shape != events.words.shape or not torch.equal(changed.words, events.words)


def test_false_sentences_are_false(corpus: Corpus, states: CorpusStates) -> None:
    batches = MomentBatches(MomentData(corpus, states, "train"), seed=0, size=4, hard=1.0)
    records = [record for record in corpus.split("train") if record.events]
    said = {
        text: claim
        for record in records
        for claim, event in zip(claims_of(record), record.events, strict=True)
        for text in event.captions
    }
    rng = np.random.default_rng(0)
    near = 0
    for number, record in enumerate(records):
        text = batches._false(number, rng)
        assert not said[text].true_of(claims_of(record))
        near += any(text in e.captions for r in records if r.group == record.group for e in r.events)
        for caption in batches._told[number].captions:
            swapped = batches._false_caption(number, caption, rng)
            assert swapped in caption.swaps.values() or swapped not in {c.text for c in record.captions}
    assert near  # of its group, where that says anything else


def test_a_trained_head_is_measured_with_what_it_is_compared_with(
    tmp_path: Path, corpus: Corpus, states: CorpusStates
) -> None:
    options = TrainOptions(seed=3, steps=4, evaluate_every=2, select="val")
    card = train_vlgnet(corpus, states, tmp_path, config=SMALL, options=options, batch=4, command="vtr x")
    assert (card.head, card.precision, card.data["base"]) == ("vlgnet", "float16", states.base)
    assert card.options["seed"] == 3
    head, loaded = load_vlgnet(tmp_path)
    assert loaded == card
    assert not head.training
    assert serving_of(card).depth == DEPTH
    assert len(card.metrics["serving"]["before"]) == len(card.metrics["serving"]["after"]) == 2

    rows = evaluate_vlgnet(tmp_path, corpus, states, split="test", seed=3)
    assert {row.transductive for row in rows} == {False}
    moments = {row.method for row in rows if row.task == MOMENTS and row.metric == "R@1 IoU=0.5"}
    assert moments == {ANCHOR, PRIOR, WINDOW, VLGNET}
    assert {row.method for row in rows if not row.baseline} == {VLGNET, RERANKED}
    assert {row.task for row in rows} == {MOMENTS, TEXT_TO_VIDEO}
    assert rows == evaluate_vlgnet(tmp_path, corpus, states, split="test", seed=3)

    (tmp_path / "model.safetensors").write_bytes(b"other")
    with pytest.raises(CheckpointError, match="SHA-256"):
        load_vlgnet(tmp_path)


def test_moments_do_not_depend_on_what_else_is_asked(corpus: Corpus, states: CorpusStates) -> None:
    data = MomentData(corpus, states, "val")
    queries = data.queries()
    for score in (of_windows(data), of_prior(MomentData(corpus, states, "train").queries())):
        together = predict(score, data, queries)
        for number in (0, len(queries) - 1):
            (alone,) = predict(score, data, [queries[number]])
            np.testing.assert_allclose(alone, together[number], atol=1e-5)


def test_every_sentence_has_its_own_video_among_the_right_ones(corpus: Corpus, states: CorpusStates) -> None:
    data = MomentData(corpus, states, "val")
    search = event_search(data, depth=2)
    assert search.relevant.any(axis=1).all()
    assert search.top.shape == (len(search.texts), min(2, len(search.videos)))
    for text, right in zip(search.texts, search.relevant, strict=True):
        own = [
            k for k, v in enumerate(search.videos) if any(text in e.captions for e in corpus.videos[v].events)
        ]
        assert right[own].all()
    whole = caption_search(data)
    assert whole.relevant.sum(axis=1).tolist() == [1] * len(whole.videos)


def test_the_default_head_is_small(states: CorpusStates) -> None:
    from vtr.models.heads.vlgnet.model import VlgNet

    assert 2 * sum(p.numel() for p in VlgNet(default_config(states)).parameters()) < 2_600_000
