from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.tiny_dual import saved_dual
from vtr.evaluation.corpus.make import make
from vtr.evaluation.corpus.read import Corpus, open_corpus
from vtr.evaluation.corpus.record import Options
from vtr.media.thumbs import small_frames
from vtr.models.dual.states import clip_states, corpus_states
from vtr.models.training.corpus_frames import corpus_frames
from vtr.models.training.features import FeatureError, FeatureStore


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("corpus") / "c"
    make(Options(videos=3, seed=3, side=64, speech=False), root)
    return open_corpus(root)


@pytest.fixture(scope="module")
def frames(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    return corpus_frames(corpus, tmp_path_factory.mktemp("frames"), small_frames, side=16)


def test_a_corpus_has_the_states_of_its_videos(tmp_path: Path, corpus: Corpus, frames: FeatureStore) -> None:
    checkpoint = saved_dual(tmp_path / "dual")
    found = corpus_states(checkpoint, corpus, frames, tmp_path / "states")
    for video in corpus.videos:
        pixels = np.asarray(frames[video][::2], dtype=np.uint8)
        times = (np.arange(len(pixels)) / 5).astype(np.float32)
        (wanted,) = clip_states(found.model, [pixels], [times])
        np.testing.assert_allclose(found.frames(video), wanted.frames, atol=4e-3)
        np.testing.assert_allclose(found.regions(video), wanted.regions, rtol=2e-3, atol=4e-3)
        np.testing.assert_allclose(found.vector(video), wanted.vector, atol=1e-6)
        np.testing.assert_allclose(found.times_s(video), times)
        np.testing.assert_allclose(found.region_times_s(video), times)
        assert found.states(video).frames.dtype == np.float32


def test_what_is_computed_is_opened_and_of_a_large_corpus_not_every_region_is_kept(
    tmp_path: Path, corpus: Corpus, frames: FeatureStore
) -> None:
    checkpoint = saved_dual(tmp_path / "dual")
    done: list[int] = []
    total = sum(-(-len(frames[video]) // 2) for video in corpus.videos) * 4 * 24 * 2

    def states() -> object:
        return corpus_states(
            checkpoint, corpus, frames, tmp_path / "states", progress=done.append, region_bytes=total // 2 + 1
        )

    states()
    assert done == [0, 1, 1, 1]
    found = corpus_states(checkpoint, corpus, frames, tmp_path / "states", region_bytes=total // 2 + 1)
    video = next(iter(corpus.videos))
    np.testing.assert_allclose(found.region_times_s(video), found.times_s(video)[::2], atol=1e-6)
    done.clear()
    states()
    assert done == [3]


def test_states_of_another_checkpoint_are_refused(
    tmp_path: Path, corpus: Corpus, frames: FeatureStore
) -> None:
    corpus_states(saved_dual(tmp_path / "one", 0), corpus, frames, tmp_path / "states")
    with pytest.raises(FeatureError, match="of other tower"):
        corpus_states(saved_dual(tmp_path / "other", 1), corpus, frames, tmp_path / "states")
