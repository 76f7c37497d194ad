"""From encoded videos to measured region and adverb heads, on towers that know nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import pytest
import torch

from support.tiny_dual import saved_dual
from vtr.evaluation.corpus.captions import name_thing
from vtr.evaluation.corpus.make import make
from vtr.evaluation.corpus.read import Corpus, boxes_of, open_corpus
from vtr.evaluation.corpus.record import AdverbItem, Options
from vtr.evaluation.metrics.rows import ADVERBS, REGIONS
from vtr.media.thumbs import small_frames
from vtr.models.dual.states import CorpusStates, corpus_states
from vtr.models.heads.regada.adverb_data import AdverbBatches, AdverbData, vocabulary_of
from vtr.models.heads.regada.adverb_scores import Scored, chance, pairs_of, prior_scores
from vtr.models.heads.regada.checkpoint import load_regada
from vtr.models.heads.regada.config import AdverbConfig, RegadaConfig, RegionConfig
from vtr.models.heads.regada.data import RegadaBatches, Sizes
from vtr.models.heads.regada.evaluate import DUAL, HEAD, PRIOR, evaluate_regada
from vtr.models.heads.regada.pointing import FINE, Truth, bystander_questions, event_questions
from vtr.models.heads.regada.region_data import RegionBatches, RegionData, false_caption
from vtr.models.heads.regada.train import train_regada
from vtr.models.heads.regada.wording import action_phrases, phrase_vectors, wording_of
from vtr.models.training.checkpoints import CheckpointError
from vtr.models.training.corpus_frames import corpus_frames
from vtr.models.training.options import TrainOptions

SIZES = Sizes(regions=3, adverbs=4)


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


def train_items(corpus: Corpus) -> list[AdverbItem]:
    return [item for item in corpus.adverbs if item.split == "train"]


def adverb_data(corpus: Corpus, states: CorpusStates, split: str = "train") -> AdverbData:
    return AdverbData(corpus, states, split, vocabulary_of(train_items(corpus)))


def test_the_vocabulary_is_what_training_has(corpus: Corpus) -> None:
    items = train_items(corpus)
    found = vocabulary_of(items)
    assert set(found.actions) == {item.action for item in items}
    for item in items:
        own = found.adverbs.index(item.adverb)
        assert found.adverbs[found.antonyms[own]] == item.antonym
        assert own in found.pairs[found.actions.index(item.action)]
    assert sum(map(len, found.pairs)) == len({(item.action, item.adverb) for item in items})
    with pytest.raises(ValueError, match="two antonyms"):
        vocabulary_of([*items, msgspec.structs.replace(items[0], antonym="sideways")])
    with pytest.raises(ValueError, match="no event"):
        vocabulary_of([])


def test_snippets_are_the_frames_of_the_event_or_all(corpus: Corpus, states: CorpusStates) -> None:
    data = adverb_data(corpus, states)
    item = data.items[0]
    times = states.times_s(item.video)
    inside = (times >= item.start_s - 1e-6) & (times < item.end_s - 1e-6)
    batch = data.batch([item, item], [False, True])
    assert batch.mask.sum(dim=1).tolist() == [inside.sum(), len(times)]
    np.testing.assert_array_equal(
        batch.snippets[0, : inside.sum()].numpy(), states.frames(item.video)[inside]
    )
    assert len(data.snippets(item.video, item.start_s + 0.01, item.start_s + 0.02)) == 1


def test_adverbs_need_four_frames_a_second(corpus: Corpus, states: CorpusStates) -> None:
    with pytest.raises(ValueError, match="frames a second"):
        adverb_data(corpus, replace(states, step_s=0.5))


def test_a_whole_video_is_shown_only_where_it_has_one_answer(corpus: Corpus, states: CorpusStates) -> None:
    data = adverb_data(corpus, states)
    for item, alone in zip(data.items, data.alone(), strict=True):
        events = corpus.videos[item.video].events
        assert alone == all(e.adverb == item.adverb for e in events if e.action == item.action)
    assert any(data.alone())
    shown = AdverbBatches(data, seed=0, size=len(data.items), whole=1.0)(0)
    assert int(shown.mask.sum()) > int(
        AdverbBatches(data, seed=0, size=len(data.items), whole=0.0)(0).mask.sum()
    )


def test_a_step_has_the_same_batch_whenever_it_is_asked_for(corpus: Corpus, states: CorpusStates) -> None:
    def batches(seed: int = 0) -> RegadaBatches:
        regions, adverbs = RegionData(corpus, states, "train"), adverb_data(corpus, states)
        return RegadaBatches(regions, adverbs, seed=seed, sizes=SIZES)

    one, other = batches(), batches()
    one(0)
    for step in (1, 7):
        (a,), (b,) = one(step), other(step)
        assert a.regions is not None
        assert b.regions is not None
        assert a.adverbs is not None
        assert b.adverbs is not None
        assert torch.equal(a.regions.features, b.regions.features)
        assert torch.equal(a.regions.words, b.regions.words)
        assert torch.equal(a.adverbs.snippets, b.adverbs.snippets)
    (a,), (b,) = one(1), batches(seed=1)(1)
    assert a.regions is not None
    assert b.regions is not None
    assert a.regions.features.shape != b.regions.features.shape or not torch.equal(
        a.regions.features, b.regions.features
    )


def test_the_false_caption_names_a_look_that_the_video_lacks(corpus: Corpus) -> None:
    for record in corpus.split("train"):
        looks = {(thing.colour, thing.shape) for thing in record.scene.things}
        for event in record.events:
            text = event.captions[0]
            false = false_caption(record, event, text, Random(0))
            own = record.scene.things[event.thing]
            changed = [(a, b) for a, b in zip(text.split(), false.split(), strict=True) if a != b]
            assert len(changed) == 1, "one word, of colour or of shape"
            word = changed[0][1]
            assert (word, own.shape) not in looks
            assert (own.colour, word) not in looks


def test_training_reads_no_box(corpus: Corpus, states: CorpusStates) -> None:
    blind = Corpus(corpus.root, corpus.manifest)
    blind.__dict__["videos"] = {
        name: msgspec.structs.replace(record, objects=()) for name, record in corpus.videos.items()
    }
    for step in range(3):
        seen, unseen = (
            RegionBatches(RegionData(c, states, "train"), seed=0, size=3, full=0.3, names=0.3)(step)
            for c in (corpus, blind)
        )
        assert torch.equal(seen.features, unseen.features)
        assert torch.equal(seen.words, unseen.words)


def test_an_event_is_looked_for_in_its_own_frames(corpus: Corpus, states: CorpusStates) -> None:
    data = RegionData(corpus, states, "test")
    for question in event_questions(data, corpus.split("test")):
        times = states.region_times_s(question.video)[list(question.frames)]
        assert 1 <= len(question.frames) <= 4
        assert any(
            event.thing == question.thing
            and (times >= event.start_s - 1e-6).all()
            and (times < event.end_s).all()
            for event in corpus.videos[question.video].events
        )


def test_a_bystander_is_named_and_does_nothing(corpus: Corpus, states: CorpusStates) -> None:
    found = bystander_questions(RegionData(corpus, states, "train"), corpus.split("train"))
    assert found
    for question in found:
        record = corpus.videos[question.video]
        assert name_thing(record.scene.things[question.thing]) in question.text


def test_pointing_at_the_middle_of_every_box_hits_and_at_the_corner_misses(
    corpus: Corpus, states: CorpusStates
) -> None:
    data = RegionData(corpus, states, "test")
    questions = event_questions(data, corpus.split("test"))
    truth = Truth.of(data, questions)
    maps = np.zeros((len(truth.several), FINE, FINE), dtype=np.float32)
    corners = maps.copy()
    corners[:, 0, 0] = 1
    row = 0
    for question in questions:
        record = corpus.videos[question.video]
        for time_s in states.region_times_s(question.video)[list(question.frames)]:
            for box, thing in zip(boxes_of(record), record.objects, strict=True):
                x0, y0, x1, y1 = box[min(round(time_s * record.fps), record.frames - 1)] / record.width
                if thing.thing == question.thing and x1 > x0:
                    maps[row, int((y0 + y1) / 2 * FINE), int((x0 + x1) / 2 * FINE)] = 1
                    break
            row += 1
    assert truth.hits(maps).mean() > 0.95
    assert truth.hits(corners).mean() < 0.1
    assert 0 < truth.chance().mean() < 0.4


def test_the_prior_knows_counts_and_random_scores_reach_chance(corpus: Corpus, states: CorpusStates) -> None:
    data = adverb_data(corpus, states, "test")
    adverbs = data.vocabulary.adverbs
    known = {item.action for item in train_items(corpus)}
    rows = [k for k, item in enumerate(data.items) if item.action in known and item.adverb in adverbs]
    found = prior_scores(train_items(corpus), data, adverbs)
    assert found.given.scores.shape == (len(data.items), len(adverbs))
    np.testing.assert_allclose(found.given.scores[rows].sum(axis=1), 1.0)
    assert (found.free.scores == found.free.scores[0]).all(), "without the action nothing is told apart"
    guess = chance(data.items)
    counts = np.array([sum(i.adverb == a for i in data.items) for a in {i.adverb for i in data.items}])
    assert guess["mAP-M"] == pytest.approx(100 / len(counts))
    assert guess["mAP-W"] >= guess["mAP-M"] - 1e-9


def test_right_scores_are_right_with_and_without_the_action(corpus: Corpus, states: CorpusStates) -> None:
    data = adverb_data(corpus, states, "test")
    pairs = pairs_of(data)
    assert {(i.action, i.antonym) for i in data.items} <= set(pairs)
    scores = np.array([[float((i.action, i.adverb) == pair) for pair in pairs] for i in data.items])
    found = Scored.of(scores, pairs, data.items).metrics(range(len(data.items)), data.items)
    assert found["given"] == found["free"] == {"mAP-W": 100.0, "mAP-M": 100.0, "Acc-A": 100.0}


def test_wording_leads_every_phrase_to_its_entry(states: CorpusStates) -> None:
    found = wording_of(["circles", "moves"], ["quickly"])
    assert found["actions"]["goes round and round"] == "circles"
    assert found["actions"]["goes"] == "moves"
    assert found["adverbs"]["rapidly"] == "quickly"
    assert action_phrases("pours") == ["pours"], "what the corpus does not know stands for itself"
    vectors = phrase_vectors(states, [["a red ball", "dogs"], ["zebra"]])
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


@pytest.fixture(scope="module")
def trained(corpus: Corpus, states: CorpusStates, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("regada")
    options = TrainOptions(seed=1, steps=3, warmup=1, evaluate_every=2, precision="float32")
    card = train_regada(
        corpus, states, out, config=tiny_config(corpus), options=options, sizes=SIZES, command="vtr train"
    )
    assert card.data["base"] == states.base
    assert card.precision == "float16"
    assert card.metrics["steps"] == 3
    assert {"pointing", "Acc-A", "mAP-W", "val"} <= card.metrics["val"].keys()
    return out


def tiny_config(corpus: Corpus) -> RegadaConfig:
    vocabulary = vocabulary_of(train_items(corpus))
    return RegadaConfig(
        regions=RegionConfig(24, 32, dim=16, heads=2, layers=1, appearance=1, negatives=1),
        adverbs=AdverbConfig(
            32,
            32,
            vocabulary.actions,
            vocabulary.adverbs,
            vocabulary.antonyms,
            dim=16,
            heads=2,
            layers=1,
            time_layers=1,
            contrast_weight=1.0,
            pairs=vocabulary.pairs,
        ),
    )


def test_a_checkpoint_comes_back_as_it_was(trained: Path, corpus: Corpus, states: CorpusStates) -> None:
    head, card = load_regada(trained)
    assert not head.training
    assert head.config == tiny_config(corpus)
    assert card.assets["wording"]["adverbs"]
    assert head.adverbs is not None
    assert bool(head.adverbs.adverb_vectors.any())
    with pytest.raises(CheckpointError, match=r"card\.json"):
        load_regada(trained / "nowhere")


@pytest.mark.parametrize("split", ["test", "test-heldout-composition"])
def test_every_number_has_its_baselines_beside_it(
    trained: Path, corpus: Corpus, states: CorpusStates, split: str
) -> None:
    rows = evaluate_regada(trained, corpus, states, split=split, seed=1)
    assert not any(row.transductive for row in rows)
    assert all(row.baseline != (row.method.split(",")[0] == HEAD) or "another" in row.method for row in rows)
    measured = {(row.task, row.data, row.metric) for row in rows if row.method == HEAD}
    assert {task for task, _, _ in measured} == {ADVERBS, REGIONS}
    for task, data, metric in measured:
        methods = {r.method for r in rows if (r.task, r.data, r.metric) == (task, data, metric)}
        assert "chance" in methods
        if task == ADVERBS:
            assert {PRIOR, DUAL} <= methods
    again = evaluate_regada(trained, corpus, states, split=split, seed=1)
    assert [row.value for row in again] == [row.value for row in rows]
