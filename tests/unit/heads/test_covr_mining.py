"""Mining: what differs, how it is asked for, which pairs are found and which are not."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from vtr.cli.app import make_app
from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.corpus.record import Triplet
from vtr.models.heads.covr.captions_file import read_captions
from vtr.models.heads.covr.difference import Difference, difference
from vtr.models.heads.covr.mining import MiningOptions, mine_triplets
from vtr.models.heads.covr.modification import TEMPLATES, modification
from vtr.models.heads.covr.triplets import ComposedTriplet, from_corpus, read_triplets, write_triplets
from vtr.models.heads.tagging.rules import RuleTagger
from vtr.models.heads.tagging.tags import Tag

TAGGER = RuleTagger()


def asked(before: str, after: str, seed: str = "") -> tuple[str, str] | None:
    old = [w for w in TAGGER.tag(before) if w.tag is not Tag.PUNCT]
    new = [w for w in TAGGER.tag(after) if w.tag is not Tag.PUNCT]
    change = difference([w.text for w in old], [w.text for w in new])
    return modification(old, new, change, seed=seed) if change else None


def test_the_smallest_span_that_differs() -> None:
    assert difference(list("abcd"), list("axyd")) == Difference(1, 3, 3)
    assert difference(["a", "b"], ["a", "b", "c"]) == Difference(2, 2, 3)
    assert difference(["a", "a"], ["a", "a", "a"]) == Difference(2, 2, 3)
    assert difference(["a", "b"], ["a", "b"]) is None


@pytest.mark.parametrize(
    ("before", "after", "kind", "mentions"),
    [
        ("a red ball rolls", "a blue ball rolls", "adjective", "ball blue"),
        ("two dogs run", "three dogs run", "number", "three dogs"),
        ("a red ball rolls", "a red cube rolls", "thing", "a red cube"),
        ("the man walks", "the man runs", "action", "runs"),
        ("it moves slowly", "it moves quickly", "manner", "quickly"),
        ("a street at dawn", "a street at night", "setting", "at night"),
        ("a car by day", "a car at night", "setting", "at night"),
        ("a star above the ring moves", "a star below the ring moves", "setting", "below the ring"),
        ("a dog runs", "a dog runs in the snow", "added", "in the snow"),
        ("a dog with a ball runs", "a dog runs", "removed", "with a ball"),
        ("a man and dogs run", "a man and two white dogs run", "added", "two white"),
    ],
)
def test_what_changes_is_asked_for_in_its_own_words(
    before: str, after: str, kind: str, mentions: str
) -> None:
    for seed in ("0", "1", "2"):
        found = asked(before, after, seed)
        assert found is not None
        assert found[0] == kind
        words = mentions.split()
        assert all(word in found[1].split() for word in words), found[1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a dog runs", "the dog runs"),
        ("the dog runs", "the dogs run"),
        ("a ball rolls fast", "a cube bounces fast"),
        ("a red ball rolls", "a red ball that rolls"),
    ],
)
def test_wording_alone_and_several_changes_at_once_are_not_asked_for(before: str, after: str) -> None:
    assert asked(before, after) is None


def test_every_kind_of_change_has_sentences_with_what_comes_or_goes() -> None:
    for sentences in TEMPLATES.values():
        assert all("{after}" in s or "{before}" in s for s in sentences)


CAPTIONS = [
    ("a", "A red ball rolls on the grass by day."),
    ("b", "a blue ball rolls on the grass by day"),
    ("c", "a red ball rolls on the grass at night"),
    ("d", "two dogs sleep in a house"),
]


def test_pairs_are_found_in_both_directions_and_strangers_are_not() -> None:
    found = {(t.reference, t.target) for t in mine_triplets(CAPTIONS)}
    assert found == {("a", "b"), ("b", "a"), ("a", "c"), ("c", "a")}


def test_pairs_equal_those_of_comparing_everything_with_everything() -> None:
    words = ["red", "blue"], ["ball", "cube", "dog"], ["rolls", "runs"], ["slowly", "quickly"]
    captions = [
        (f"{i}{j}{k}{m}", f"the {a} {b} {c} {d} here")
        for i, a in enumerate(words[0])
        for j, b in enumerate(words[1])
        for k, c in enumerate(words[2])
        for m, d in enumerate(words[3])
    ]
    found = {
        (t.reference, t.target)
        for t in mine_triplets(captions, MiningOptions(max_words=1, per_reference=99, per_change=999))
    }
    slow = {
        (one, other)
        for one, before in captions
        for other, after in captions
        if (change := difference(before.split(), after.split())) and change.size == 1
    }
    assert found == slow


def test_a_caption_of_two_videos_is_no_answer_and_a_video_never_its_own() -> None:
    doubled = [
        *CAPTIONS,
        ("e", "a blue ball rolls on the grass by day"),
        ("a", "a green ball rolls on grass"),
    ]
    found = mine_triplets(doubled)
    assert {(t.reference, t.target) for t in found} == {("a", "c"), ("c", "a")}
    own = [("v", "a red ball rolls here"), ("v", "a blue ball rolls here")]
    assert mine_triplets(own) == []


def test_limits_hold() -> None:
    colours = ["red", "blue", "green", "white", "black", "pink"]
    captions = [(c, f"a {c} ball rolls on the grass") for c in colours]
    found = mine_triplets(captions, MiningOptions(per_reference=2))
    assert {c: sum(t.reference == c for t in found) for c in colours} == dict.fromkeys(colours, 2)
    many = [(f"{c}{n}", f"a {c} ball rolls on field {n} now") for n in range(9) for c in ("red", "blue")]
    assert len(mine_triplets(many, MiningOptions(max_words=1, per_change=3))) == 3 * 2
    kept = mine_triplets(captions, keep=lambda reference, target: reference == "red" and target != "pink")
    assert {(t.reference, t.target) for t in kept} == {
        ("red", c) for c in ("blue", "green", "white", "black")
    }
    with pytest.raises(ValueError, match="max_words: 0"):
        MiningOptions(max_words=0)
    with pytest.raises(ValueError, match="id: empty"):
        mine_triplets([("", "a dog")])


def test_the_same_captions_give_the_same_triplets_and_files_keep_them(tmp_path: Path) -> None:
    found = mine_triplets(CAPTIONS)
    assert found == mine_triplets(CAPTIONS)
    file = tmp_path / "triplets.jsonl"
    assert write_triplets(file, found) == len(found) > 0
    assert read_triplets(file) == found
    file.write_text(json.dumps({"reference": "a"}) + "\n")
    with pytest.raises(ValueError, match=r"triplets\.jsonl:1: .*text"):
        read_triplets(file)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.tsv", "v1\ta dog, running\nv2\ta cat\n"),
        ("c.csv", 'caption,id\n"a dog, running",v1\na cat,v2\n'),
        ("c.jsonl", '{"id": "v1", "caption": "a dog, running", "x": 1}\n{"id": "v2", "caption": "a cat"}\n'),
    ],
)
def test_captions_are_read_from_each_form_of_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert list(read_captions(tmp_path / name)) == [("v1", "a dog, running"), ("v2", "a cat")]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("c.tsv", "v1 a dog\n", r"c\.tsv:1: no id and caption"),
        ("c.csv", "name,caption\nx,y\n", r"c\.csv:1: no column id"),
        ("c.jsonl", '{"id": 3, "caption": ""}\n', r"c\.jsonl:1: "),
    ],
)
def test_a_bad_line_names_its_place(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        list(read_captions(tmp_path / name))


def test_a_generated_corpus_brings_its_own_triplets() -> None:
    given = [
        Triplet(split=split, factor="time", reference="a", text="at night", target="b")
        for split in ("train", "test")
    ]
    corpus = cast(Corpus, cast(Any, SimpleNamespace(triplets=given)))
    assert from_corpus(corpus, "test") == [
        ComposedTriplet(reference="a", text="at night", target="b", factor="time")
    ]
    with pytest.raises(ValueError, match="'val' has no triplets; those with some are test, train"):
        from_corpus(corpus, "val")


def test_the_command_writes_triplets_and_says_when_there_are_none(tmp_path: Path) -> None:
    captions, out = tmp_path / "captions.tsv", tmp_path / "triplets.jsonl"
    captions.write_text("".join(f"{name}\t{text}\n" for name, text in CAPTIONS))
    done = CliRunner().invoke(make_app(), ["corpus", "triplets", str(captions), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["triplets"] == len(read_triplets(out)) == 4
    captions.write_text("a\tone dog sleeps\n")
    none = CliRunner().invoke(make_app(), ["corpus", "triplets", str(captions), "--out", str(out)])
    assert none.exit_code == 2
    assert "no two videos" in none.stderr
