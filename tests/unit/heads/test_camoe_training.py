"""The experts from a corpus's states to a measured checkpoint; nothing online looks at other queries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from support.tiny_dual import saved_dual
from vtr.evaluation.corpus.make import make
from vtr.evaluation.corpus.read import Corpus, open_corpus
from vtr.evaluation.corpus.record import Options
from vtr.evaluation.corpus.splits import Shares
from vtr.evaluation.metrics.scorers import QueryBank, dual_softmax
from vtr.evaluation.metrics.transduction import TransductionError, assert_not_transductive
from vtr.evaluation.report.reconcile import reconcile
from vtr.media.thumbs import small_frames
from vtr.models.dual.states import CorpusStates, corpus_states
from vtr.models.heads.camoe.ablate import ablate_camoe
from vtr.models.heads.camoe.bank import background_texts
from vtr.models.heads.camoe.checkpoint import load_camoe
from vtr.models.heads.camoe.config import CamoeConfig
from vtr.models.heads.camoe.data import GroupBatches, TextReader, event_frames
from vtr.models.heads.camoe.embed import embed_texts, embed_videos
from vtr.models.heads.camoe.evaluate import CAMOE, evaluate_camoe
from vtr.models.heads.camoe.galleries import Galleries, similarities
from vtr.models.heads.camoe.head import Camoe
from vtr.models.heads.camoe.train import default_config, train_camoe
from vtr.models.heads.serving.registry import load_head
from vtr.models.training.checkpoints import Card, CheckpointError
from vtr.models.training.corpus_frames import corpus_frames
from vtr.models.training.options import TrainOptions

OPTIONS = TrainOptions(steps=2, evaluate_every=2, warmup=1)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("corpus") / "c"
    shares = Shares(val=0.3, test=0.3, heldout=0.0)
    make(Options(videos=20, seed=3, side=64, speech=False, shares=shares), root)
    return open_corpus(root)


@pytest.fixture(scope="module")
def states(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> CorpusStates:
    root = tmp_path_factory.mktemp("states")
    frames = corpus_frames(corpus, root / "frames", small_frames, side=16)
    return corpus_states(saved_dual(root / "dual"), corpus, frames, root / "states")


@pytest.fixture(scope="module")
def config(states: CorpusStates) -> CamoeConfig:
    return replace(default_config(states), dim=16, heads=2, memory=4, queue=8)


@pytest.fixture(scope="module")
def trained(
    corpus: Corpus, states: CorpusStates, config: CamoeConfig, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Card]:
    out = tmp_path_factory.mktemp("camoe")
    return out, train_camoe(corpus, states, out, config=config, options=OPTIONS, batch=4, command="made here")


def test_a_steps_batch_is_the_same_whenever_it_is_asked_for(corpus: Corpus, states: CorpusStates) -> None:
    def batches(seed: int = 0) -> GroupBatches:
        return GroupBatches(corpus, states, TextReader(states), seed=seed, size=4)

    one, other = batches(), batches()
    one(0)
    for step in (1, 5):
        (a,), (b,) = one(step), other(step)
        assert a.false is not None
        assert b.false is not None
        assert a.events is not None
        assert torch.equal(a.frames, b.frames)
        assert torch.equal(a.false.tokens, b.false.tokens)
        assert torch.equal(a.tokens, b.tokens)
        assert len(a.events.frames) <= len(a.frames)
        assert a.false.rows.max() < len(a.frames)
        assert a.events.false is not None
        assert a.events.false.rows.max() < len(a.events.frames)
    assert not torch.equal(batches(1)(0)[0].ids, one(0)[0].ids)  # type: ignore[arg-type]


def test_half_a_batch_are_edits_of_the_other_half(corpus: Corpus, states: CorpusStates) -> None:
    ids = list(corpus.videos)
    (batch,) = GroupBatches(corpus, states, TextReader(states), seed=0, size=4)(0)
    assert batch.ids is not None
    records = [corpus.videos[ids[k]] for k in batch.ids.tolist()]
    assert [r.member == "base" for r in records] == [True, False] * (len(records) // 2)
    assert [r.group for r in records[::2]] == [r.group for r in records[1::2]]
    assert {r.split for r in records} == {"train"}


def test_an_event_is_seen_in_its_frames_alone(corpus: Corpus) -> None:
    event = next(iter(corpus.videos.values())).events[0]
    times = (np.arange(100) / 5).astype(np.float32)
    inside = times[event_frames(event, times)]
    assert inside[0] - 0.2 < event.start_s <= inside[0]
    assert inside[-1] < event.end_s <= inside[-1] + 0.2001
    short = msgspec.structs.replace(event, start_s=1.01, end_s=1.02)
    assert times[event_frames(short, times)] == pytest.approx([1.0])


def test_a_checkpoint_holds_what_serving_needs(
    trained: tuple[Path, Card], states: CorpusStates, config: CamoeConfig
) -> None:
    out, card = trained
    head, read = load_camoe(out)
    assert read == card
    assert head.config == replace(config, queue=0)
    assert card.data["base"] == states.base
    assert card.options["queue"] == 8
    assert card.precision == "float16"
    assert card.metrics["serving"]["weight"] == card.metrics["val"]["weight"] > 0
    assert load_head("camoe", out).version == card.sha256[:12]


def test_every_number_says_whether_it_is_transductive(
    trained: tuple[Path, Card], corpus: Corpus, states: CorpusStates, config: CamoeConfig
) -> None:
    out, _ = trained
    ablate_camoe(corpus, states, out, config=config, options=replace(OPTIONS, steps=1))
    rows = evaluate_camoe(out, corpus, states, split="test", seed=4)
    assert reconcile(rows) == rows
    assert {row.method for row in rows if row.transductive} == {
        "dual encoder + dual softmax over the test",
        "CAMoE, experts alone + dual softmax over the test",
        "CAMoE + dual softmax over the test",
    }
    assert {row.data for row in rows} == {"generated", "generated, with edits", "generated, hard galleries"}
    by = {(row.data, row.method, row.metric): row.value for row in rows}
    base = "generated"
    gain = by[base, CAMOE, "R@1"] - by[base, "dual encoder", "R@1"]
    assert by[base, CAMOE, "R@1 gain"] == pytest.approx(gain)
    assert (base, "CAMoE + query bank", "hubness") in by
    assert (base, "CAMoE, query bank for the experts alone", "R@1") in by
    for name in ("whole", "no memory", "one expert", "uniform gate"):
        assert (base, f"CAMoE, {name}, 1 steps", "R@1") in by
    assert evaluate_camoe(out, corpus, states, split="test-heldout-composition", seed=4) == []


def test_a_head_of_another_dual_encoder_is_refused(
    trained: tuple[Path, Card], corpus: Corpus, states: CorpusStates
) -> None:
    with pytest.raises(CheckpointError, match="another dual encoder"):
        evaluate_camoe(trained[0], corpus, replace(states, base="0" * 64), seed=0)


def test_scores_do_not_look_at_other_queries_and_the_dual_softmax_does(
    trained: tuple[Path, Card], corpus: Corpus, states: CorpusStates
) -> None:
    head, _ = load_camoe(trained[0])
    reader = TextReader(states)
    galleries = Galleries.of(corpus, "val", captions=2)
    videos = [record.id for record in galleries.records]

    def both(texts: tuple[str, ...]) -> np.ndarray:
        of_dual = np.stack([text.vector for text in reader(texts)])
        return np.concatenate([of_dual, 2 * embed_texts(head.encoder, reader, texts)], axis=1)

    queries, bank = both(galleries.captions), both(background_texts(corpus))
    gallery = np.concatenate([states.vectors(videos), embed_videos(head.encoder, states, videos)], axis=1)
    wanted = similarities(head.encoder, states, reader, galleries.captions, videos).fused(2.0)
    np.testing.assert_allclose(queries @ gallery.T / 3, wanted, atol=1e-5)

    def banked(asked: np.ndarray, items: np.ndarray) -> np.ndarray:
        return QueryBank.of(bank @ items.T).normalise(asked @ items.T)

    assert_not_transductive(lambda asked, items: asked @ items.T, queries, gallery)
    assert_not_transductive(banked, queries, gallery)
    with pytest.raises(TransductionError):
        assert_not_transductive(lambda asked, items: dual_softmax(asked @ items.T, 500.0), queries, gallery)


def test_false_texts_and_events_are_learned_too(
    corpus: Corpus, states: CorpusStates, config: CamoeConfig
) -> None:
    torch.manual_seed(0)
    head = Camoe(replace(config, dropout=0.0))
    (batch,) = GroupBatches(corpus, states, TextReader(states), seed=0, size=4)(0)
    losses = head.loss(batch.to("cpu"))
    parts = {"dual_softmax": 1.0, "queue": 0.5, "false": 1.0, "events": 1.0, "false_events": 1.0}
    assert losses.keys() == {"loss", *parts}
    total = sum(weight * losses[name] for name, weight in parts.items())
    assert torch.allclose(losses["loss"], torch.as_tensor(total))
    without = Camoe(replace(config, false_weight=0.0, event_weight=0.0, queue=0)).loss(batch)
    assert without.keys() == {"loss", "dual_softmax"}
    optimizer = torch.optim.Adam([p for p in head.parameters() if p.requires_grad], lr=1e-2)
    before = losses
    for _ in range(40):
        optimizer.zero_grad()
        losses = head.loss(batch)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert losses["false"] < 0.9 * before["false"]
    assert losses["events"] < 0.9 * before["events"]
