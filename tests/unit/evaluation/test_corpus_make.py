"""A whole corpus on disk: the same for the same seed, continued after a stop, repaired when damaged."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from support.corpus import decode
from vtr.cli.corpus import make_group
from vtr.cli.errors import CliError
from vtr.evaluation.corpus.make import CorpusMismatchError, make
from vtr.evaluation.corpus.read import CorpusError, boxes_of, open_corpus
from vtr.evaluation.corpus.record import Options
from vtr.evaluation.corpus.sample import SceneOptions

# Speech has tests of its own and needs a program that is not everywhere.
OPTIONS = Options(videos=18, seed=3, side=64, speech=False)
FILES = (
    "annotations.jsonl",
    "triplets.jsonl",
    "galleries.jsonl",
    "adverbs.jsonl",
    "corpus.json",
    "datasheet.md",
)


@pytest.fixture(scope="module")
def corpus_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    made = make(OPTIONS, root)
    assert (made.rendered, made.kept) == (18, 0)
    return root


def copy(source: Path, target: Path) -> Path:
    for path in source.rglob("*"):
        if path.is_file():
            to = target / path.relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(path.read_bytes())
    return target


def test_the_same_seed_gives_the_same_annotations_and_frames_on_any_number_of_workers(
    corpus_dir: Path, tmp_path: Path
) -> None:
    told: list[int] = []
    make(OPTIONS, tmp_path, workers=2, progress=lambda videos, _: told.append(videos))
    assert sum(told) == 18
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (corpus_dir / name).read_bytes(), name
    record = open_corpus(tmp_path).split("test")[0]
    assert (decode(tmp_path / record.file) == decode(corpus_dir / record.file)).all()


def test_another_seed_gives_other_videos(corpus_dir: Path, tmp_path: Path) -> None:
    make(msgspec.structs.replace(OPTIONS, seed=4), tmp_path)
    one, other = open_corpus(corpus_dir), open_corpus(tmp_path)
    assert list(one.videos) == list(other.videos)
    assert all(one.videos[i].sha256 != other.videos[i].sha256 for i in one.videos)
    assert one.manifest.heldout != other.manifest.heldout


def test_records_tell_the_truth_about_their_files(corpus_dir: Path) -> None:
    corpus = open_corpus(corpus_dir)
    assert len(corpus.videos) == 18
    for record in corpus.videos.values():
        frames = decode(corpus.path(record))
        assert frames.shape == (record.frames, record.height, record.width, 3)
        assert record.duration_s == pytest.approx(record.frames / record.fps)
        assert {b.shape for b in boxes_of(record)} == {(record.frames, 4)}
        assert len(record.objects) == sum(t.count for t in record.scene.things)
        assert record.word is None
        assert (record.edit is None) == (record.member == "base")
    assert {t.reference for t in corpus.triplets} <= set(corpus.videos)
    assert {v for g in corpus.galleries for v in g.videos} <= set(corpus.videos)
    for item in corpus.adverbs:
        assert corpus.videos[item.video].events[item.event].adverb == item.adverb


def test_siblings_look_alike_until_the_edit_shows(corpus_dir: Path) -> None:
    corpus = open_corpus(corpus_dir)
    gallery = corpus.galleries[0]
    base, adverb = (corpus.videos[gallery.videos[gallery.factors.index(f)]] for f in ("base", "adverb"))
    assert adverb.edit is not None
    assert adverb.edit.event is not None
    until = round(base.events[adverb.edit.event].start_s * base.fps)
    one, other = (decode(corpus.path(r)).astype(int) for r in (base, adverb))
    assert one.shape == other.shape
    assert until >= 3
    # Encoding looks ahead, so that frames before the edit may differ a little.
    assert np.abs(one[:until] - other[:until]).mean() < 1.0
    assert np.abs(one - other).max() > 50


def test_a_second_run_renders_nothing_and_changes_nothing(corpus_dir: Path) -> None:
    before = {p: p.read_bytes() for p in corpus_dir.iterdir() if p.name in FILES}
    made = make(OPTIONS, corpus_dir)
    assert (made.rendered, made.kept) == (0, 18)
    assert all(p.read_bytes() == data for p, data in before.items())


def test_a_missing_and_a_corrupt_file_are_made_again(corpus_dir: Path, tmp_path: Path) -> None:
    root = copy(corpus_dir, tmp_path)
    videos = sorted((root / "videos").iterdir())
    videos[0].unlink()
    videos[5].write_bytes(videos[5].read_bytes()[:-100])
    assert make(OPTIONS, root).rendered == 2
    for name in FILES:
        assert (root / name).read_bytes() == (corpus_dir / name).read_bytes()
    assert videos[5].read_bytes() == (corpus_dir / "videos" / videos[5].name).read_bytes()


def test_a_run_that_was_killed_is_continued(corpus_dir: Path, tmp_path: Path) -> None:
    root = copy(corpus_dir, tmp_path)
    for name in FILES:
        (root / name).unlink()
    lines = [line for line in (root / "journal.jsonl").read_bytes().splitlines() if line]
    # Killed while the last line was being written, with a half video beside it.
    (root / "journal.jsonl").write_bytes(b"\n".join(lines[:-1]) + b"\n" + lines[-1][:30])
    (root / "videos" / "train-000000-base.part").write_bytes(b"half")
    with pytest.raises(CorpusError, match=r"corpus\.json"):
        open_corpus(root)
    assert make(OPTIONS, root).rendered == 1
    assert make(OPTIONS, root).rendered == 0
    assert (root / "annotations.jsonl").read_bytes() == (corpus_dir / "annotations.jsonl").read_bytes()


def test_a_corpus_grows_without_making_its_videos_again(corpus_dir: Path, tmp_path: Path) -> None:
    root = copy(corpus_dir, tmp_path)
    made = make(msgspec.structs.replace(OPTIONS, videos=24), root)
    assert (made.rendered, made.kept) == (6, 18)
    with pytest.raises(CorpusMismatchError, match="24 videos"):
        make(OPTIONS, root)


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"seed": 9}, "seed"), ({"side": 96}, "side"), ({"scenes": SceneOptions(max_events=6)}, "scenes")],
)
def test_a_directory_with_another_corpus_is_refused(
    corpus_dir: Path, changes: dict[str, object], named: str
) -> None:
    with pytest.raises(CorpusMismatchError, match=named):
        make(msgspec.structs.replace(OPTIONS, **changes), corpus_dir)


def test_bad_options_name_the_field() -> None:
    with pytest.raises(ValueError, match="side"):
        Options(videos=1, seed=0, side=97)
    with pytest.raises(ValueError, match="videos"):
        Options(videos=0, seed=0)


def test_a_broken_annotation_names_file_and_line(corpus_dir: Path, tmp_path: Path) -> None:
    root = copy(corpus_dir, tmp_path)
    with (root / "annotations.jsonl").open("ab") as file:
        file.write(b'{"id": 3}\n')
    with pytest.raises(CorpusError, match=r"annotations\.jsonl:19"):
        _ = open_corpus(root).videos


def test_the_datasheet_counts_what_is_there(corpus_dir: Path) -> None:
    text = (corpus_dir / "datasheet.md").read_text()
    corpus = open_corpus(corpus_dir)
    assert "18 videos" in text
    assert "seed 3" in text
    assert "Without speech" in text
    for split in ("train", "val", "test", "test-heldout-composition"):
        own = corpus.split(split)
        bases = corpus.split(split, bases_only=True)
        assert f"| {split} | {len(own)} | {len(bases)} |" in text
    circles = sum(t.shape == "circle" for r in corpus.videos.values() for t in r.scene.things)
    assert f"circle {circles}," in text


def test_the_command_makes_a_corpus_and_says_so(tmp_path: Path) -> None:
    arguments = [
        "make",
        "--videos",
        "3",
        "--side",
        "64",
        "--workers",
        "1",
        "--no-speech",
        "--out",
        str(tmp_path),
    ]
    done = CliRunner().invoke(make_group(), [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["rendered"] == 3
    assert said["manifest"]["counts"]["videos"] == 3
    again = CliRunner().invoke(make_group(), arguments)
    assert "0 videos made, 3 kept" in again.output
    other = CliRunner().invoke(make_group(), [*arguments, "--seed", "8"])
    assert isinstance(other.exception, CliError)
    assert "seed" in other.exception.message
