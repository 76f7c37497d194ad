from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ranking.bundles import Found
from ranking.costs import Costs, how_many
from support.head_world import CLIPS, MODEL, FixedBundle, FixedRunner, HeadWorld
from support.tiny_heads import save_bundle
from vtr.contracts.codec import decode, encode
from vtr.contracts.events import ResultsRanked
from vtr.contracts.events.queries import Example
from vtr.models.heads.serving.bundle import LoadedBundle, load_bundle
from vtr.models.heads.serving.protocol import Serving

ON = {"camoe": Serving(default_on=True, weight=0.5), "covr": Serving(default_on=True)}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> LoadedBundle:
    folder = tmp_path_factory.mktemp("bundle")
    save_bundle(folder, ON)
    return load_bundle(folder, MODEL)


@pytest.fixture
def world(tmp_path: Path, bundle: LoadedBundle) -> Iterator[HeadWorld]:
    world = HeadWorld(tmp_path, Found(bundle))
    yield world
    world.close()


def ids(results: ResultsRanked) -> list[str]:
    return [hit.clip_id for hit in results.hits]


def skipped(results: ResultsRanked) -> dict[str, str]:
    return {item.stage: item.reason for item in results.skipped if not item.stage.startswith("retrieve")}


def test_a_head_that_is_on_re_orders_by_its_weight_and_says_so(
    world: HeadWorld, bundle: LoadedBundle
) -> None:
    results = world.ask(modalities=("visual",))
    runner, states = bundle.runners["camoe"], bundle.read("a red ball moves left quickly")
    scores = runner.score(states, [world.clip(row) for row in world.rows]).scores
    wanted = world.vectors @ world.asked + 0.5 * scores
    assert ids(results) == [world.rows[i].clip_id for i in np.argsort(-wanted)]
    assert ids(results) != ids(world.ask(modalities=("visual",), heads=()))
    by_id = {row.clip_id: float(score) for row, score in zip(world.rows, scores, strict=True)}
    for hit in results.hits:
        (part,) = hit.heads
        assert (part.head, part.weight) == ("camoe", 0.5)
        assert part.score == pytest.approx(by_id[hit.clip_id], abs=1e-5)
        assert sum(part.gates.values()) == pytest.approx(1.0, abs=1e-3)
    (used,) = results.heads
    assert (used.head, used.version, used.candidates) == ("camoe", runner.version, CLIPS)
    assert not results.degraded
    assert {"states", "head:camoe"} <= results.took_ms.keys()


def test_heads_that_are_off_take_part_when_asked_and_only_explain_without_weight(world: HeadWorld) -> None:
    plain = world.ask(heads=())
    assert plain.heads == ()
    assert all(hit.heads == () and hit.moments == () and hit.heat is None for hit in plain.hits)
    asked = world.ask(heads=("vlgnet", "regada"))
    assert ids(asked) == ids(plain)
    assert {used.head for used in asked.heads} == {"vlgnet", "regada"}
    for hit in asked.hits:
        assert hit.moment == hit.moments[0]
        assert hit.t0_s - 1e-3 <= hit.moment.start_s < hit.moment.end_s <= hit.t1_s + 1e-3
        assert hit.best_frame is not None
        assert hit.heat is not None
        assert hit.heat.index == hit.best_frame.index
        assert max(hit.heat.values) == 1.0
        assert hit.manner is not None
        assert hit.manner.adverb == "quickly"
    assert decode(ResultsRanked.TYPE, encode(asked)) == asked


def test_the_best_frame_is_in_the_moment_that_a_head_found(world: HeadWorld) -> None:
    times = {row.clip_id: row.frame_times_s for row in world.rows}
    looked = 0
    for hit in world.ask(heads=("vlgnet",)).hits:
        assert hit.best_frame is not None
        if any(hit.moment.start_s <= time < hit.moment.end_s for time in times[hit.clip_id]):
            looked += 1
            assert hit.moment.start_s <= hit.best_frame.time_s < hit.moment.end_s
    assert looked


def test_without_a_bundle_only_who_asked_is_told(world: HeadWorld) -> None:
    world.found = Found(reason="no heads are published for it")
    quiet = world.ask()
    assert skipped(quiet) == {}
    assert not quiet.degraded
    told = world.ask(heads=("camoe", "vlgnet"))
    assert skipped(told) == {"heads": "camoe, vlgnet: no heads are published for it"}
    assert told.degraded
    assert ids(told) == ids(quiet)
    world.found = Found(reason="not looked up yet", loading=True)
    assert world.ask().degraded, "heads that would have taken part did not"


def test_a_head_that_is_unknown_or_broken_is_told_without_a_label_of_its_own(world: HeadWorld) -> None:
    results = world.ask(heads=("nonsense",))
    assert skipped(results) == {"heads": f"nonsense: {MODEL} has no such head"}
    assert results.degraded


def test_heads_that_cannot_read_the_query_say_why(world: HeadWorld) -> None:
    example = Example(video_id="v0")
    results = world.ask(heads=("camoe", "covr"), example=example)
    assert "change an example" in skipped(results)["head:camoe"]
    assert [used.head for used in results.heads] == ["covr"]
    results = world.ask(heads=("covr",))
    assert "composes an example with words" in skipped(results)["head:covr"]
    assert not results.degraded
    assert skipped(world.ask("", example=example)) == {}, "nobody asked"


def test_a_composed_query_is_searched_by_the_composers_vector(world: HeadWorld, bundle: LoadedBundle) -> None:
    results = world.ask("at night", example=Example(clip_id=world.rows[3].clip_id))
    composer = bundle.composers["covr"]
    found = composer.compose(bundle.read("at night"), world.vectors[3], [world.clip(world.rows[3])])
    order = [i for i in np.argsort(-(world.vectors @ found.vector)) if i != 3]
    assert ids(results) == [world.rows[i].clip_id for i in order]
    (used,) = results.heads
    assert used.details["kept"] == pytest.approx(found.kept, abs=1e-3)
    halfway = world.ask("at night", example=Example(clip_id=world.rows[3].clip_id), heads=())
    assert halfway.hits[0].shares[0].cosine != pytest.approx(results.hits[0].shares[0].cosine, abs=1e-4)


def test_an_example_without_states_is_composed_halfway_and_it_says_so(world: HeadWorld) -> None:
    world.forget_states(world.rows[0])
    example = Example(video_id="v0")
    results = world.ask("at night", example=example)
    assert skipped(results)["head:covr"] == "1 of 2 clips of the example: without states"
    assert results.degraded
    assert ids(results) == ids(world.ask("at night", example=example, heads=()))


def test_a_clip_without_states_stands_as_the_worst_that_was_scored(world: HeadWorld) -> None:
    runner = FixedRunner(Serving(default_on=True, weight=100.0))
    world.found = Found(FixedBundle(runner))
    favourite = max(range(CLIPS), key=lambda i: float(world.vectors[i][0]))
    best = world.rows[favourite].clip_id
    world.forget_states(world.rows[favourite])
    results = world.ask()
    assert results.hits[0].clip_id != best
    assert results.degraded
    assert f"1 of {CLIPS} clips: without states" in skipped(results)["head:camoe"]
    gone = next(hit for hit in results.hits if hit.clip_id == best)
    assert gone.heads == ()


def test_a_head_stops_when_the_time_is_up_and_what_it_saw_stays_in_front(world: HeadWorld) -> None:
    def slow(clips: int) -> None:
        world.time += 0.010 * clips

    runner = FixedRunner(Serving(default_on=True, weight=100.0), slow)
    world.found = Found(FixedBundle(runner, cost_ms=10.0))
    plain = ids(world.ask(heads=()))
    results = world.ask(budget_ms=100)
    assert runner.passes == [4, 4, 1], "nine clips of ten milliseconds fit into 95"
    assert skipped(results)["head:camoe"] == f"out of time after 9 of {CLIPS} clips (10.0 ms each)"
    assert results.degraded
    assert set(ids(results)[:9]) == set(plain[:9])
    assert ids(results)[9:] == plain[9:]
    assert ids(results)[:9] != plain[:9]


def test_a_head_without_any_time_leaves_the_order_and_is_tried_again_later(world: HeadWorld) -> None:
    runner = FixedRunner(Serving(default_on=True, weight=1.0))
    world.found = Found(FixedBundle(runner, cost_ms=1_000.0))
    plain = ids(world.ask(heads=()))
    results = world.ask(budget_ms=100)
    assert ids(results) == plain
    assert runner.passes == []
    assert "out of time after 0 of 12" in skipped(results)["head:camoe"]
    for _ in range(40):
        world.ask(budget_ms=100)
    assert runner.passes, "one estimate is not believed for good"


def test_a_head_looks_at_its_depth_and_at_what_is_shown(world: HeadWorld) -> None:
    runner = FixedRunner(Serving(default_on=True, weight=100.0, depth=3))
    world.found = Found(FixedBundle(runner))
    plain = ids(world.ask(heads=()))
    results = world.ask(k=5)
    assert set(ids(results)[:3]) == set(plain[:3])
    assert ids(results)[3:] == plain[3:5]
    assert [hit.heads[0].weight for hit in results.hits] == [100.0] * 3 + [0.0] * 2


def test_scores_that_are_no_numbers_do_not_rank(world: HeadWorld) -> None:
    class Broken(FixedRunner):
        def score(self, query, clips):  # type: ignore[no-untyped-def]
            found = super().score(query, clips)
            found.scores[0] = np.nan
            return found

    world.found = Found(FixedBundle(Broken(Serving(default_on=True, weight=1.0))))
    results = world.ask()
    assert ids(results) == ids(world.ask(heads=()))
    assert "not finite" in skipped(results)["head:camoe"]


def test_costs_follow_what_is_measured_and_forget_what_is_refused() -> None:
    costs = Costs()
    assert costs.estimate("a", 7.0) == 7.0
    costs.measured("a", 100.0, 10)
    assert costs.estimate("a") == 10.0
    costs.measured("a", 200.0, 10)
    assert 10.0 < costs.estimate("a") < 20.0
    before = costs.estimate("a")
    costs.refused("a")
    assert costs.estimate("a") < before
    assert how_many(95.0, 10.0, 50) == 9
    assert how_many(-1.0, 0.0, 50) == 0
    assert how_many(1.0, 0.0, 50) == 50
