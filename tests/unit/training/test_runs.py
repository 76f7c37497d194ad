"""Which trainings of a seed are due, told by the cards that are there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vtr.evaluation.corpus.make import make
from vtr.evaluation.corpus.read import Corpus, open_corpus
from vtr.evaluation.corpus.record import Options
from vtr.media.soundtrack import soundtrack
from vtr.media.thumbs import small_frames
from vtr.models.runs.command import card_command
from vtr.models.runs.evaluation import Measuring, measure, methods_in
from vtr.models.runs.methods import METHODS, chosen_methods, head_trainer, options_of
from vtr.models.runs.seed import Seed, expected_minutes
from vtr.models.runs.training import Decoders, Training, what_is_missing
from vtr.models.training.checkpoints import CARD, Card
from vtr.models.training.loop import STATE

DECODE = Decoders(small_frames, soundtrack)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("corpus")
    make(Options(videos=1, seed=3, side=64, speech=False), root)
    return open_corpus(root)


def a_card(folder: Path, corpus: Corpus, *, base: str | None = None, **changes: Any) -> None:
    """A card alone: what is due is decided without weights."""
    data = {"corpus": corpus.manifest.sha256, **({"base": base} if base else {})}
    card = Card(
        head=folder.name,
        config={},
        options={"seed": 0, "steps": 900, "select": "val"},
        data=data,
        metrics={},
        command="",
        parameters=1,
        precision="float16",
        sha256=f"weights of {folder.name}",
    )
    folder.mkdir(parents=True)
    (folder / CARD).write_bytes(msgspec.json.encode(msgspec.structs.replace(card, **changes)))


def seed_of(tmp_path: Path, corpus: Corpus, *methods: str, **steps: int) -> Seed:
    return Seed(0, tmp_path, corpus.root, DECODE, methods, steps)


def test_what_has_a_card_of_the_same_corpus_and_dual_encoder_is_done(tmp_path: Path, corpus: Corpus) -> None:
    seed = seed_of(tmp_path, corpus, "dual", "covr", "audio")
    assert seed.missing(corpus) == {
        "dual": "not trained yet",
        "covr": "the dual encoder is trained first",
        "audio": "not trained yet",
    }
    a_card(tmp_path / "dual", corpus)
    a_card(tmp_path / "covr", corpus, base="weights of dual")
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / STATE).touch()
    assert seed.missing(corpus) == {"audio": "goes on where it stopped"}
    assert [training.resume for training in seed.trainings()] == [False, False, True]
    assert replace(seed, training=False).missing(corpus) == {}


def test_another_dual_encoder_or_number_of_steps_is_trained_again(tmp_path: Path, corpus: Corpus) -> None:
    a_card(tmp_path / "dual", corpus)
    a_card(tmp_path / "covr", corpus, base="weights of another")
    assert seed_of(tmp_path, corpus, "dual", "covr").missing(corpus) == {
        "covr": "was trained on another dual encoder"
    }
    assert seed_of(tmp_path, corpus, "dual", dual=900).missing(corpus) == {}
    assert seed_of(tmp_path, corpus, "dual", dual=9).missing(corpus) == {"dual": "was trained for 900 steps"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": {"corpus": {"annotations.jsonl": "x"}}}, "another corpus"),
        ({"options": {"seed": 4}}, "with seed 4"),
        ({"head": "camoe"}, "a checkpoint of camoe, not of dual"),
    ],
)
def test_what_was_meant_for_something_else_is_not_overwritten(
    tmp_path: Path, corpus: Corpus, changes: dict[str, Any], message: str
) -> None:
    a_card(tmp_path / "dual", corpus, **changes)
    with pytest.raises(ValueError, match=message):
        what_is_missing(Training("dual", corpus.root, tmp_path / "dual", DECODE), corpus)


def test_measuring_wants_a_dual_encoder_and_heads_of_it(tmp_path: Path, corpus: Corpus) -> None:
    with pytest.raises(ValueError, match=r"dual: no card\.json"):
        methods_in(tmp_path)
    a_card(tmp_path / "dual", corpus)
    a_card(tmp_path / "camoe", corpus, base="weights of another")
    assert methods_in(tmp_path) == ("dual", "camoe")
    with pytest.raises(ValueError, match="camoe: was trained on another dual encoder"):
        measure(Measuring(tmp_path, corpus.root, DECODE))


def test_time_is_that_of_the_slowest_seed_or_of_all_shared_by_the_workers() -> None:
    one = expected_minutes({0: {"dual": ""}}, workers=2)
    assert expected_minutes({0: {"dual": ""}, 1: {"dual": ""}}, workers=2) == one
    assert expected_minutes({k: {"dual": ""} for k in range(3)}, workers=2) == 1.5 * one
    assert expected_minutes({}, workers=2) == 0


def test_every_method_has_options_of_its_own_and_takes_a_seed_and_steps() -> None:
    for method in METHODS:
        assert options_of(method, seed=7).steps > 1
        given = options_of(method, seed=7, steps=3, minutes=1.5)
        assert (given.seed, given.steps, given.minutes) == (7, 3, 1.5)


def test_unknown_methods_are_named(tmp_path: Path) -> None:
    for call in (
        lambda: chosen_methods(["dual", "x"]),
        lambda: head_trainer("audio"),
        lambda: Training("x", tmp_path, tmp_path, DECODE),
    ):
        with pytest.raises(ValueError, match="is none of"):
            call()
    assert chosen_methods(["audio", "dual"]) == ("dual", "audio")
    with pytest.raises(ValueError, match="covr needs the checkpoint of a dual encoder"):
        Training("covr", tmp_path, tmp_path, DECODE)


def test_a_card_keeps_the_command_without_paths() -> None:
    given = {"--seed": 2, "--steps": None, "--minutes": 1.5}
    assert card_command("covr", given, resume=True) == (
        "vtr train covr --corpus CORPUS --base DUAL --out OUT --seed 2 --minutes 1.5 --resume"
    )
    assert "--base" not in card_command("audio", {})


def test_what_is_asked_for_alone_is_measured_alone(tmp_path: Path) -> None:
    for method in ("dual", "audio"):
        (tmp_path / method).mkdir()
        (tmp_path / method / "card.json").write_text("{}")
    run = Seed(0, tmp_path, tmp_path, DECODE, training=False)
    assert run.to_measure() == ("dual", "audio")
    assert replace(run, methods=("audio", "covr")).to_measure() == ("audio",)
    with pytest.raises(ValueError, match="holds no checkpoint of covr"):
        replace(run, methods=("covr",)).to_measure()
