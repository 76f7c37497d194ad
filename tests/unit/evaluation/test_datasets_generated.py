"""The generated corpus keeps to the same Protocols as the published sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from vtr.evaluation.corpus.make import make
from vtr.evaluation.corpus.record import Options
from vtr.evaluation.datasets.base import AdverbDataset, ComposedDataset, MomentDataset, RetrievalDataset
from vtr.evaluation.datasets.files import DatasetError
from vtr.evaluation.datasets.generated import Generated


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("generated")
    make(Options(videos=16, seed=5, side=64, speech=False), root)
    return root


def test_it_serves_all_four_tasks(root: Path) -> None:
    data = Generated(root)
    for protocol in (RetrievalDataset, MomentDataset, ComposedDataset, AdverbDataset):
        assert isinstance(data, protocol)
    for split in data.splits:
        videos = {v.id: v for v in data.videos(split)}
        assert videos
        assert all(v.path.exists() for v in videos.values())
        assert {q.video for q in data.queries(split)} == set(videos)
        for moment in data.moments(split):
            assert moment.video in videos
            assert all(0 <= start < end <= moment.duration_s for start, end in moment.windows)
        for triplet in data.triplets(split):
            assert {triplet.reference, triplet.target} <= set(videos)
            assert triplet.reference != triplet.target
            assert triplet.caption
        for clip in data.clips(split):
            assert clip.video in videos
            assert data.antonyms[data.antonyms[clip.adverb]] == clip.adverb


def test_a_random_gallery_is_the_base_scenes_alone(root: Path) -> None:
    bases, everything = Generated(root, bases_only=True), Generated(root)
    for split in bases.splits:
        found = {v.id for v in bases.videos(split)}
        assert found == {v.id for v in everything.videos(split) if v.id.endswith("-base")}
        assert {q.video for q in bases.queries(split)} == found


def test_ids_are_unique_and_sentences_of_training_never_occur_in_test(root: Path) -> None:
    data = Generated(root)
    for items in (data.queries("test"), data.moments("test"), data.triplets("test"), data.clips("test")):
        assert len({item.id for item in items}) == len(items)  # type: ignore[attr-defined]
    assert not {q.text for q in data.queries("train")} & {q.text for q in data.queries("test")}


def test_a_broken_corpus_is_told_like_any_other_data_set(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"corpus\.json: No such file"):
        Generated(tmp_path).videos("test")
    (tmp_path / "corpus.json").write_bytes((root / "corpus.json").read_bytes())
    (tmp_path / "annotations.jsonl").write_text("{}\n")
    (tmp_path / "adverbs.jsonl").write_text("nothing\n")
    with pytest.raises(DatasetError, match=r"annotations\.jsonl:1: .*`id`"):
        Generated(tmp_path).videos("test")
    with pytest.raises(DatasetError, match=r"adverbs\.jsonl:1: "):
        _ = Generated(tmp_path).antonyms
    with pytest.raises(DatasetError, match=r"triplets\.jsonl: No such file"):
        Generated(tmp_path).triplets("test")
