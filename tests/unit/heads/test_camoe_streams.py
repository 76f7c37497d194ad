"""Streams: which words an expert reads, and which tokens they are."""

from __future__ import annotations

import pytest

from vtr.models.heads.camoe.streams import (
    ACTION,
    ENTITY,
    FUSION,
    SCENE,
    STREAMS,
    stream_of_words,
    token_streams,
)
from vtr.models.heads.tagging.rules import RuleTagger

TAGGER = RuleTagger()


def streams(text: str) -> dict[str, list[str]]:
    words = TAGGER.tag(text)
    return {
        name: [w.text for w, inside in zip(words, member, strict=True) if inside]
        for name, member in stream_of_words(words).items()
    }


@pytest.mark.parametrize(
    ("text", "entity", "action", "scene"),
    [
        ("two red dogs run quickly in the snow", "two red dogs", "run quickly", "in the snow"),
        ("a man carefully pours milk at night", "man milk", "carefully pours", "at night"),
        ("a star moves in a straight line", "star", "moves in a straight line", ""),
        ("the ball rolls in front of a brick wall", "ball", "rolls", "in front of a brick wall"),
        ("the heart goes up to the left slowly", "heart", "goes up to the left slowly", ""),
        ("a star to the left of a ring", "star left ring", "", ""),
        ("a man on the right waves", "man", "waves", "on the right"),
        ("a blue ring", "blue ring", "", ""),
        ("it stops by moving left", "", "stops moving left", ""),
    ],
)
def test_words_go_to_things_doings_and_places(text: str, entity: str, action: str, scene: str) -> None:
    found = streams(text)
    assert found[ENTITY] == entity.split()
    assert found[ACTION] == action.split()
    assert found[SCENE] == scene.split()
    assert found[FUSION] == text.split()


def test_no_word_is_in_two_streams_but_the_whole() -> None:
    member = stream_of_words(TAGGER.tag("first a small star spins wildly on the sea, then it sinks at dusk."))
    for word in zip(member[ENTITY], member[ACTION], member[SCENE], strict=True):
        assert sum(word) <= 1
    assert all(member[FUSION])


def test_tokens_follow_the_words_they_are_part_of() -> None:
    text = "dogs run"
    # [CLS] do ##gs run [SEP] and padding
    offsets = [(0, 0), (0, 2), (2, 4), (5, 8), (0, 0), (0, 0)]
    belongs = token_streams(text, offsets, TAGGER, STREAMS)
    found = dict(zip(STREAMS, belongs.tolist(), strict=True))
    assert found[ENTITY] == [False, True, True, False, False, False]
    assert found[ACTION] == [False, False, False, True, False, False]
    assert found[SCENE] == [False] * 6
    assert found[FUSION] == [True] * 6
    assert token_streams(text, offsets, TAGGER, (FUSION,)).shape == (1, 6)
