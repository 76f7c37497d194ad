from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from ranking.handler import AnswerQueries
from ranking.ranker import Ranker, TextVectors
from ranking.search import SearchNow
from support.clips import SUBMITTED, message, unit_vectors
from support.memory_store import MemoryStore
from support.ranking import MODEL, FixedWatermark, Frames, clip_row, put, query
from vtr.contracts.codec import decode, encode
from vtr.contracts.envelope import Envelope
from vtr.contracts.events import QueryEncoded, ResultsRanked
from vtr.contracts.events.queries import Example, Filters
from vtr.contracts.step import Message, Rejected, Unavailable
from vtr.contracts.vector import ModalityVector
from vtr.vectors.arrays import FloatArray, mean_direction, to_array, to_vector

VECTORS = unit_vectors(24, 16)
ASKED = VECTORS[0]


class World:
    """24 clips: 6 videos of 4, each with frames; the speech of every third is indexed too."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.frames = Frames()
        self.watermark = FixedWatermark()
        self.time = 0.0
        for i in range(24):
            uri = f"file:///frames/{i}.npy"
            row = clip_row(i, video_id=f"v{i // 4}", frame_vectors_uri=uri)
            self.frames.by_uri[uri] = unit_vectors(3, 16, seed=100 + i)
            put(self.store, "visual", row, VECTORS[i])
            if i % 3 == 0:
                put(self.store, "speech", row, unit_vectors(1, 16, seed=200 + i)[0])
        self.ranker = Ranker(
            self.store, self.frames, self.watermark, clock=lambda: self.time, now=lambda: SUBMITTED
        )

    def ask(self, vector: FloatArray = ASKED, model: str = MODEL, **fields: Any) -> ResultsRanked:
        return self.ranker.answer(query(**fields), text(vector, model))


def text(vector: FloatArray = ASKED, model: str = MODEL) -> TextVectors:
    return TextVectors(model, {"visual": vector, "speech": vector})


def skipped(results: ResultsRanked) -> dict[str, str]:
    return {item.stage: item.reason for item in results.skipped}


@pytest.fixture
def world() -> World:
    return World()


def test_the_order_of_one_modality_is_that_of_its_cosines(world: World) -> None:
    results = world.ask(group_by="clip", k=24, modalities=("visual",))
    order = np.argsort(-(VECTORS @ ASKED), kind="stable")
    assert [hit.t0_s for hit in results.hits] == [float(i * 4) for i in order]
    assert [hit.rank for hit in results.hits] == list(range(1, 25))
    assert results.hits[0].shares[0].cosine == pytest.approx(1.0)
    assert results.candidates == 24
    assert not results.degraded
    assert results.watermark == SUBMITTED
    assert {"encode", "retrieve:visual", "fuse", "frames", "total"} <= results.took_ms.keys()


def test_videos_stand_once_with_their_other_clips_below(world: World) -> None:
    results = world.ask(k=3, modalities=("visual",))
    assert len({hit.video_id for hit in results.hits}) == 3
    first = results.hits[0]
    assert first.video_id == "v0"
    assert len(first.other_clips) == 3
    assert first.score > first.other_clips[0].score >= first.other_clips[-1].score


def test_frames_give_the_best_frame_and_the_moment(world: World) -> None:
    hit = world.ask(modalities=("visual",)).hits[0]
    cosines = world.frames.by_uri["file:///frames/0.npy"] @ ASKED
    assert hit.best_frame is not None
    assert hit.best_frame.index == int(np.argmax(cosines))
    assert hit.best_frame.score == pytest.approx(float(np.max(cosines)))
    assert hit.t0_s <= hit.moment.start_s <= hit.best_frame.time_s <= hit.moment.end_s <= hit.t1_s


def test_frames_are_left_out_when_the_time_is_up_and_it_says_so(world: World) -> None:
    def slow() -> None:
        world.time += 0.04

    world.frames.delay = slow
    results = world.ask(budget_ms=100, k=6)
    assert skipped(results)["frames"] == "out of time after 3 of 6 hits"
    assert [hit.best_frame is not None for hit in results.hits] == [True] * 3 + [False] * 3
    whole = results.hits[5]
    assert (whole.moment.start_s, whole.moment.end_s) == (whole.t0_s, whole.t1_s)
    assert not results.degraded, "hits and order are the same"


def test_missing_frames_and_a_missing_object_store_do_not_cost_the_answer(world: World) -> None:
    del world.frames.by_uri["file:///frames/0.npy"]
    results = world.ask(k=6)
    assert skipped(results)["frames"] == "1 of 6 hits: without frame vectors"
    world.frames.down = True
    results = world.ask(k=6)
    assert "object-store" in skipped(results)["frames"]
    assert len(results.hits) == 6


def test_one_long_video_does_not_hide_the_others(world: World) -> None:
    near = np.stack([ASKED + 0.001 * vector for vector in unit_vectors(300, 16, seed=3)])
    for i, vector in enumerate(near):
        put(world.store, "visual", clip_row(100 + i, video_id="long"), vector.astype(np.float32))
    results = world.ask(k=5, modalities=("visual",))
    assert len(results.hits) == 5
    assert world.store.searches == [50, 200, 800]


def test_nothing_indexed_is_said_not_hidden() -> None:
    ranker = Ranker(MemoryStore(), Frames(), FixedWatermark(None), now=lambda: SUBMITTED)
    results = ranker.answer(query(), text())
    assert results.hits == ()
    assert skipped(results)["index"] == "empty"
    assert results.watermark is None
    assert not results.degraded


def test_a_modality_without_an_index_or_without_a_vector_is_named(world: World) -> None:
    results = world.ask()
    assert skipped(results) == {"retrieve:audio": "nothing is indexed in this modality"}
    put(world.store, "audio", clip_row(0), VECTORS[0])
    results = world.ask()
    assert skipped(results) == {"retrieve:audio": "the query has no vector for this modality"}
    with pytest.raises(Rejected, match="no vector for audio"):
        world.ask(modalities=("audio",))


def test_a_modality_that_is_down_degrades_all_down_is_unavailable(world: World) -> None:
    world.store.down = {"clips_random_16_v1_speech"}
    results = world.ask()
    assert results.degraded
    assert "is down" in skipped(results)["retrieve:speech"]
    assert results.hits[0].video_id == "v0"
    world.store.down.add("clips_random_16_v1_visual")
    with pytest.raises(Unavailable, match="milvus"):
        world.ask()


def test_vectors_of_another_model_never_meet_the_index(world: World) -> None:
    with pytest.raises(Unavailable, match="query by other-v2"):
        world.ask(model="other-v2")
    # One modality moved on already, the other has not: the answer says that it is partial.
    put(world.store, "speech", clip_row(0), VECTORS[0], model="other-v2")
    world.store.set_live("speech", "other-v2")
    results = world.ask()
    assert results.degraded
    assert "live index by other-v2" in skipped(results)["retrieve:speech"]


def test_the_watermark_being_away_is_said(world: World) -> None:
    world.watermark.down = True
    results = world.ask()
    assert results.watermark is None
    assert "redis" in skipped(results)["watermark"]
    assert not results.degraded


def test_a_tenant_sees_its_own_clips_only(world: World) -> None:
    put(world.store, "visual", clip_row(0, tenant="acme"), ASKED)
    theirs = world.ask(tenant="acme", modalities=("visual",))
    assert len(theirs.hits) == 1
    assert theirs.tenant == "acme"
    mine = world.ask(k=200, group_by="clip", modalities=("visual",))
    assert theirs.hits[0].clip_id not in {hit.clip_id for hit in mine.hits}
    with pytest.raises(Rejected, match="not indexed"):
        world.ranker.answer(query("", tenant="acme", example=Example(video_id="v2")), None)


def test_an_example_finds_its_neighbours_and_not_itself(world: World) -> None:
    by_video = world.ranker.answer(query("", example=Example(video_id="v2"), k=200), None)
    middle = mean_direction(VECTORS[8:12])
    rest = {f"v{i // 4}": 0.0 for i in range(24) if i // 4 != 2}
    best = {v: max(float(VECTORS[i] @ middle) for i in range(24) if f"v{i // 4}" == v) for v in rest}
    assert [hit.video_id for hit in by_video.hits] == sorted(best, key=lambda v: -best[v])
    assert by_video.model == MODEL

    clip = clip_row(9, video_id="v2")
    by_clip = world.ranker.answer(
        query("", example=Example(clip_id=clip.clip_id), k=200, group_by="clip"), None
    )
    assert clip.clip_id not in {hit.clip_id for hit in by_clip.hits}
    assert len(by_clip.hits) == 23


def test_an_example_changed_by_words_lies_between_the_two(world: World) -> None:
    composed = world.ranker.answer(query("at night", example=Example(video_id="v2"), k=200), text())
    middle = mean_direction([mean_direction(VECTORS[8:12]), ASKED])
    scores = {f"v{i // 4}": -1.0 for i in range(24) if i // 4 != 2}
    for i in range(24):
        if i // 4 != 2:
            scores[f"v{i // 4}"] = max(scores[f"v{i // 4}"], float(VECTORS[i] @ middle))
    assert [hit.video_id for hit in composed.hits] == sorted(scores, key=lambda v: -scores[v])
    with pytest.raises(Unavailable, match="other-v2"):
        world.ranker.answer(query("at night", example=Example(video_id="v2")), text(model="other-v2"))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"example": Example(video_id="absent")}, "example-not-found"),
        ({"example": Example(clip_id="absent")}, "example-not-found"),
        ({"example": Example(uri="file:///x.mp4")}, "example-uri-not-supported"),
        ({"example": Example(video_id="v2"), "modalities": ("speech",)}, "example-needs-visual"),
    ],
)
def test_examples_that_cannot_be_used_are_rejected(world: World, fields: Any, code: str) -> None:
    with pytest.raises(Rejected) as caught:
        world.ranker.answer(query("", **fields), None)
    assert caught.value.code == code


def test_filters_reach_the_store(world: World) -> None:
    results = world.ask(filters=Filters(video_ids=("v3", "v4")))
    assert {hit.video_id for hit in results.hits} == {"v3", "v4"}


# --- The two ways to an answer ---------------------------------------------------------------------


class Embedder:
    """As text_encoder answers: float16 precision, by either way."""

    def embed(self, words: str, tenant: str, modalities: Any) -> TextVectors:
        vector = to_array(to_vector(ASKED))
        return TextVectors(MODEL, {m: vector for m in ("visual", "speech") if m in modalities})


def encoded(asked: Any, vector: FloatArray = ASKED) -> QueryEncoded:
    vectors = tuple(
        ModalityVector(modality=m, vector=to_vector(vector))  # type: ignore[arg-type]
        for m in ("visual", "speech")
        if asked.text and m in asked.modalities
    )
    return QueryEncoded(query=asked, model=MODEL, vectors=vectors, encode_ms=3.0)


def comparable(results: ResultsRanked) -> Any:
    return (results.hits, results.skipped, results.candidates, results.watermark, results.model, results.text)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"group_by": "clip", "k": 24},
        {"modalities": ("speech",)},
        {"example": Example(video_id="v1")},
        {"text": "", "example": Example(video_id="v1")},
        {"filters": Filters(exclude_video_ids=("v0",))},
    ],
)
def test_both_ways_give_the_same_answer(world: World, fields: Any) -> None:
    asked = query(**fields)
    by_http = SearchNow(Embedder(), world.ranker).search(asked)
    through_kafka = decode(QueryEncoded.TYPE, encode(encoded(asked)))
    step = AnswerQueries(world.ranker, max_age_s=30.0, now=lambda: SUBMITTED)
    (emit,) = step.handle([message_of(through_kafka)])
    assert isinstance(emit.event, ResultsRanked)
    assert comparable(emit.event) == comparable(by_http)
    assert emit.event.hits


def message_of(event: Any) -> Message[Any]:
    return Message(event, Envelope.root(type(event).TYPE, source="test", tenant=event.query.tenant))


def test_a_query_waits_for_the_store_but_not_for_ever(world: World) -> None:
    world.store.down = {"*"}
    waiting = message_of(encoded(query()))
    step = AnswerQueries(world.ranker, max_age_s=30.0, now=lambda: waiting.envelope.time)
    with pytest.raises(Unavailable):
        list(step.handle([waiting]))
    later = waiting.envelope.time + timedelta(seconds=31)
    (emit,) = AnswerQueries(world.ranker, max_age_s=30.0, now=lambda: later).handle([waiting])
    assert isinstance(emit.event, ResultsRanked)
    assert emit.event.degraded
    assert "milvus" in skipped(emit.event)["query"]


def test_who_waits_for_a_rejected_query_is_told(world: World) -> None:
    step = AnswerQueries(world.ranker, max_age_s=30.0, now=lambda: SUBMITTED)
    bad = message_of(encoded(query("", example=Example(video_id="absent"))))
    with pytest.raises(Rejected) as caught:
        list(step.handle([bad]))
    (emit,) = step.rejected(bad, caught.value)
    assert isinstance(emit.event, ResultsRanked)
    assert (emit.event.query_id, emit.event.hits, emit.event.degraded) == ("q1", (), True)
    assert "example-not-found" in skipped(emit.event)["query"]


def test_a_vector_without_direction_is_rejected(world: World) -> None:
    with pytest.raises(Rejected, match="norm 0"):
        world.ask(np.zeros(16, np.float32))


def test_the_answer_survives_its_contract(world: World) -> None:
    results = world.ask(k=6)
    assert decode(ResultsRanked.TYPE, encode(results)) == results
    assert message(results).event.query_id == "q1"
