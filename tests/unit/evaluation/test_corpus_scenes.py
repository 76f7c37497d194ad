"""Scenes, their splits and their edits: what may happen, and what differs between siblings."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.corpus import HELDOUT, a_scene, a_thing, groups, sampled
from vtr.evaluation.corpus import splits
from vtr.evaluation.corpus.edits import FACTORS, edit
from vtr.evaluation.corpus.factors import (
    ACTION_ADVERBS,
    ADVERBS,
    ANTONYMS,
    COLOURS,
    DIRECTIONS,
    OPPOSITE,
    RELATIONS,
    SHAPES,
    TURNS,
)
from vtr.evaluation.corpus.motion import fits, tracks
from vtr.evaluation.corpus.sample import SceneOptions, sample_group
from vtr.evaluation.corpus.scene import Event, Scene, SceneError, check, event_frames, event_times

FIELDS = {
    "direction": {"direction"},
    "adverb": {"adverb"},
    "action": {"action"},
    "colour": {"colour"},
    "shape": {"shape"},
    "size": {"size"},
    "pattern": {"pattern"},
    "count": {"count"},
    "scene": {"background"},
    "time": {"time_of_day"},
    "sound": {"sound"},
    "word": {"word"},
    "relation": {"relation", "home"},
}
some_seeds = st.integers(0, 2**31)
some_splits = st.sampled_from(splits.SPLITS)


def differences(one: Any, other: Any) -> list[str]:
    """The names of the fields in which two structs differ, with those of the structs inside."""
    if isinstance(one, msgspec.Struct) and type(one) is type(other):
        found = []
        for name in one.__struct_fields__:
            a, b = getattr(one, name), getattr(other, name)
            if a != b:
                inside = differences(a, b)
                found += inside or [name]
        return found
    if isinstance(one, tuple) and len(one) == len(other) and any(isinstance(a, msgspec.Struct) for a in one):
        return [name for a, b in zip(one, other, strict=True) for name in differences(a, b)]
    return []


@given(some_seeds, some_splits)
@settings(max_examples=25, deadline=None)
def test_scenes_can_be_shown_and_their_events_lie_within_the_video(seed: int, split: str) -> None:
    for scene in sampled(groups(split, 1)[0], seed):
        check(scene)
        assert fits(scene)
        times = [event_times(scene, k) for k in range(len(scene.events))]
        assert 3.0 <= scene.duration_s <= 12.0
        assert all(0 <= start < end <= scene.duration_s for start, end in times)
        assert all(before[1] <= after[0] for before, after in pairwise(times))


@given(some_seeds)
@settings(max_examples=20, deadline=None)
def test_up_to_six_events_fit_into_twelve_seconds(seed: int) -> None:
    group = groups(splits.TRAIN, 1)[0]
    scene, _ = sample_group(group, seed, SceneOptions(max_events=6), HELDOUT)
    assert len(scene.events) <= 6
    assert scene.duration_s <= 12.0


@given(some_seeds, some_splits)
@settings(max_examples=25, deadline=None)
def test_held_out_compositions_are_in_the_held_out_split_alone_and_in_all_of_it(
    seed: int, split: str
) -> None:
    heldout = splits.draw_heldout(seed)
    for scene in sampled(groups(split, 1)[0], seed):
        looks = {(t.shape, t.colour) for t in scene.things} & set(heldout.looks)
        manners = {(e.action, e.adverb) for e in scene.events} & set(heldout.manners)
        assert bool(looks or manners) == (split == splits.HELDOUT)


@given(some_seeds)
def test_training_keeps_every_part_of_a_held_out_composition(seed: int) -> None:
    heldout = splits.draw_heldout(seed)
    looks = {(s, c) for s in SHAPES for c in COLOURS} - set(heldout.looks)
    manners = {(a, m) for a, adverbs in ACTION_ADVERBS.items() for m in adverbs} - set(heldout.manners)
    assert len(heldout.looks) == 10
    assert len(heldout.manners) == 5
    assert {s for s, _ in looks} == set(SHAPES)
    assert {c for _, c in looks} == set(COLOURS)
    assert {a for a, _ in manners} == set(ACTION_ADVERBS)
    assert {m for _, m in manners} == set(ADVERBS)


def test_every_adverb_has_an_antonym_that_fits_the_same_actions() -> None:
    assert all(ANTONYMS[ANTONYMS[adverb]] == adverb for adverb in ADVERBS)
    for adverbs in ACTION_ADVERBS.values():
        assert {ANTONYMS[a] for a in adverbs} == set(adverbs)
    assert all(OPPOSITE[OPPOSITE[way]] == way for way in (*DIRECTIONS, *TURNS))


@given(some_seeds, st.sampled_from(FACTORS), st.integers(0, 5))
@settings(max_examples=120, deadline=None)
def test_an_edit_changes_exactly_its_factor(seed: int, factor: str, pick: int) -> None:
    base = sampled(groups(splits.TRAIN, 6)[pick], seed % 50)[0]
    found = edit(base, factor, str(seed))
    if found is None:
        return
    edited, change = found
    assert change.factor == factor
    assert change.before != change.after
    if factor == "order":
        assert edited.events != base.events
        key = msgspec.json.encode
        assert Counter(map(key, edited.events)) == Counter(map(key, base.events))
        assert msgspec.structs.replace(edited, events=base.events) == base
    else:
        changed = differences(base, edited)
        assert set(changed) == FIELDS[factor]
        assert len(changed) == (3 if factor == "relation" else 1)


def test_an_edit_is_impossible_where_the_scene_lacks_the_factor() -> None:
    scene = a_scene(Event(thing=0, action="grows"))
    assert {f for f in FACTORS if edit(scene, f, "0") is None} == {
        "order", "direction", "adverb", "relation", "sound", "word",
    }  # fmt: skip


def test_a_direction_edit_goes_the_opposite_way_and_an_adverb_edit_takes_the_antonym() -> None:
    scene = a_scene(Event(thing=0, action="moves", direction="up_left", adverb="zigzag"))
    turned = edit(scene, "direction", "0")
    replaced = edit(scene, "adverb", "0")
    assert turned is not None
    assert replaced is not None
    assert turned[0].events[0].direction == "down_right"
    assert replaced[0].events[0].adverb == "straight"
    assert turned[1].inverse().after == "up_left"


@pytest.mark.parametrize("videos", [1, 7, 60, 500])
def test_the_plan_has_exactly_the_videos_asked_for_and_no_id_twice(videos: int) -> None:
    ids = [group.video_id(member) for group in splits.plan(videos) for member in group.members]
    assert len(ids) == videos
    assert len(set(ids)) == videos


def test_a_larger_plan_begins_with_the_smaller_one() -> None:
    small = {g.video_id(m): g.factors for g in splits.plan(300) for m in g.members}
    large = {g.video_id(m): g.factors for g in splits.plan(600) for m in g.members}
    assert {i: large[i] for i in small} == small


def test_half_of_training_is_counterfactual_and_the_test_has_hard_galleries() -> None:
    planned = list(splits.plan(1000))
    train = [g for g in planned if g.split == splits.TRAIN]
    assert all(len(g.members) == 2 for g in train)
    hard = [g for g in planned if g.split == splits.TEST and len(g.members) > 1]
    assert len(hard) >= 20
    assert all(set(splits.HARD) <= set(g.members) for g in hard[:-1])


def test_bad_shares_and_options_name_the_field() -> None:
    with pytest.raises(ValueError, match="test"):
        splits.Shares(test=1.0)
    with pytest.raises(ValueError, match="nothing to train on"):
        splits.Shares(val=0.4, test=0.4, heldout=0.2)
    with pytest.raises(ValueError, match="max_events"):
        SceneOptions(max_events=7)
    with pytest.raises(ValueError, match="fps"):
        SceneOptions(fps=2)


@pytest.mark.parametrize(
    ("scene", "field"),
    [
        (a_scene(Event(thing=1, action="spins")), r"events\[0\].thing"),
        (a_scene(Event(thing=0, action="blinks", adverb="carefully")), r"events\[0\].adverb"),
        (a_scene(Event(thing=0, action="follows", direction="up")), r"events\[0\].other"),
        (a_scene(Event(thing=0, action="grows"), Event(thing=0, action="grows")), "events"),
        (a_scene(things=(a_thing(), a_thing(size="large")), relation="above"), "things"),
        (a_scene(relation="above"), "relation"),
    ],
)
def test_scenes_that_contradict_themselves_are_refused(scene: Scene, field: str) -> None:
    with pytest.raises(SceneError, match=field):
        check(scene)


def test_a_group_that_no_scene_allows_is_an_error_that_names_it() -> None:
    group = splits.Group(split="train", index=3, factors=("direction",), members=("base",))
    everything = splits.Heldout(looks=tuple((s, c) for s in SHAPES for c in COLOURS), manners=())
    with pytest.raises(RuntimeError, match="train-000003"):
        sample_group(group, 0, SceneOptions(), everything)


def _way(adverb: str | None) -> Any:
    scene = a_scene(Event(thing=0, action="moves", direction="right", adverb=adverb))
    first, last = event_frames(scene, 0)
    track = tracks(scene)[0]
    return scene, track.x[first : last + 1], track.y[first : last + 1]


def test_quick_takes_less_time_than_slow_for_the_same_way() -> None:
    (_, slow, _), (_, quick, _) = _way("slowly"), _way("quickly")
    assert len(quick) * 2 < len(slow)
    assert slow[-1] - slow[0] == pytest.approx(quick[-1] - quick[0])


def test_jerky_motion_stands_still_in_between_and_smooth_motion_does_not() -> None:
    (_, jerky, _), (_, smooth, _) = _way("jerkily"), _way("smoothly")
    still = [int((abs(x[1:] - x[:-1]) < 1e-6).sum()) for x in (jerky, smooth)]
    assert still[0] >= 6
    assert still[1] == 0


def test_a_zigzag_leaves_the_line_to_both_sides_and_straight_does_not() -> None:
    (_, _, crooked), (_, _, straight) = _way("zigzag"), _way("straight")
    assert crooked.max() - crooked[0] > 0.05
    assert crooked[0] - crooked.min() > 0.05
    assert abs(straight - straight[0]).max() < 1e-9


def test_careless_motion_overshoots_and_rocks_and_careful_motion_slows_down() -> None:
    scene, careless, _ = _way("carelessly")
    _, careful, _ = _way("carefully")
    assert careless.max() > careless[-1] + 0.02
    assert abs(tracks(scene)[0].angle).max() > 0.4
    assert careful[1] - careful[0] > 5 * (careful[-1] - careful[-2])
    assert careful.max() == pytest.approx(careful[-1])


@pytest.mark.parametrize("direction", list(DIRECTIONS))
def test_the_opposite_way_visits_the_same_places(direction: str) -> None:
    there = tracks(a_scene(Event(thing=0, action="moves", direction=direction)))[0]
    back = tracks(a_scene(Event(thing=0, action="moves", direction=OPPOSITE[direction])))[0]
    assert (there.x[0], there.y[0]) == pytest.approx((back.x[-1], back.y[-1]))
    assert (there.x[-1], there.y[-1]) == pytest.approx((back.x[0], back.y[0]))


@given(some_seeds)
@settings(max_examples=25, deadline=None)
def test_a_relation_holds_at_every_frame(seed: int) -> None:
    for scene in sampled(groups(splits.TRAIN, 1)[0], seed):
        if scene.relation is None:
            continue
        dx, dy = DIRECTIONS[RELATIONS[scene.relation]]
        one, other = tracks(scene)[:2]
        assert (((other.x - one.x) * dx + (other.y - one.y) * dy) > 0.1).all()


def test_a_follower_keeps_behind_the_followed() -> None:
    things = (a_thing(home=(0.27, 0.5)), a_thing(colour="blue", home=(0.73, 0.5)))
    event = Event(thing=0, action="follows", direction="right", other=1)
    scene = a_scene(event, things=things, relation="left_of")
    assert fits(scene)
    one, other = tracks(scene)
    assert (other.x - one.x > 0.3).all()
    assert one.x[-1] - one.x[0] > 0.15
    assert other.x[-1] - other.x[0] > 0.15
    assert not fits(
        msgspec.structs.replace(scene, events=(msgspec.structs.replace(event, thing=1, other=0),))
    )
