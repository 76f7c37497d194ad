"""Tastes come out the same whatever the order and however often events come."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendation.taste import Taste, counts, endorses, merge, strongest_verb, weight
from support.recommending import NOW, interaction
from vtr.contracts.events import InteractionRecorded

KINDS = ["click", "like", "skip", "rating", "watch"]
HALF_LIFE_S = 14 * 86_400.0


def taste_of(*interactions: InteractionRecorded) -> Taste:
    taste = Taste()
    for each in interactions:
        taste = merge(taste, each)
    return taste


def weigh(*interactions: InteractionRecorded, duration_s: float | None = 100.0) -> float:
    return weight(taste_of(*interactions), now=NOW, half_life_s=HALF_LIFE_S, duration_s=duration_s)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["click", "like", "skip", "rating", "watch"]),
            st.integers(0, 3),
            st.integers(0, 2),
        ),
        max_size=5,
    )
)
def test_order_and_repetition_change_nothing(parts: list[tuple[str, int, int]]) -> None:
    events = [
        interaction(
            "v",
            kind,
            days_ago=days,
            watch_s=float(value * 10) if kind == "watch" else None,
            value=value - 1.0 if kind == "rating" else None,
        )
        for kind, days, value in parts
    ]
    expected = taste_of(*events)
    assert taste_of(*reversed(events)) == expected
    assert taste_of(*events, *events) == expected


def test_every_order_of_three_kinds() -> None:
    events = [interaction("v", "click"), interaction("v", "skip"), interaction("v", "watch", watch_s=9.0)]
    assert len({repr(sorted(taste_of(*order).signals.items())) for order in permutations(events)}) == 1


def test_the_latest_judgement_stands_even_when_it_comes_first() -> None:
    changed_mind = [
        interaction("v", "rating", days_ago=0, value=-1.0),
        interaction("v", "rating", days_ago=3, value=1.0),
    ]
    assert weigh(*changed_mind) == pytest.approx(-1.0)


def test_a_whole_video_watched_speaks_for_it_and_one_left_at_once_against_it() -> None:
    whole = weigh(interaction("v", "watch", watch_s=100.0))
    half = weigh(interaction("v", "watch", watch_s=50.0))
    left = weigh(interaction("v", "watch", watch_s=1.0))
    assert whole == pytest.approx(1.0)
    assert 0 < half < whole
    assert left < 0


def test_watching_longer_than_the_video_counts_as_all_of_it() -> None:
    assert weigh(interaction("v", "watch", watch_s=900.0)) == pytest.approx(1.0)


def test_the_longest_watch_stands() -> None:
    again = [interaction("v", "watch", watch_s=100.0), interaction("v", "watch", watch_s=2.0)]
    assert weigh(*again) == weigh(again[0])


def test_weights_halve_with_age_and_add_over_kinds() -> None:
    assert weigh(interaction("v", "like", days_ago=14)) == pytest.approx(0.5)
    assert weigh(interaction("v", "like"), interaction("v", "click")) == pytest.approx(1.3)
    assert weigh(interaction("v", "skip")) == pytest.approx(-0.5)


def test_a_clock_that_runs_ahead_does_not_inflate() -> None:
    ahead = interaction("v", "like", occurred_at=NOW + timedelta(days=30))
    assert weigh(ahead) == pytest.approx(1.0)


def test_impressions_say_nothing() -> None:
    assert not counts(interaction("v", "impression"))
    assert counts(interaction("v", "skip"))


@pytest.mark.parametrize(
    ("event", "expected", "verb"),
    [
        (interaction("v", "like"), True, "liked"),
        (interaction("v", "watch", watch_s=30.0), True, "watched"),
        (interaction("v", "watch", watch_s=3.0), False, "watched"),
        (interaction("v", "rating", value=0.5), True, "rated"),
        (interaction("v", "satisfaction", value=-0.5), False, "opened"),
        (interaction("v", "click"), False, "opened"),
    ],
)
def test_what_endorses_a_video(event: InteractionRecorded, expected: bool, verb: str) -> None:
    assert endorses(taste_of(event)) is expected
    assert strongest_verb(taste_of(event)) == verb
