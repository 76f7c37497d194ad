"""From encoded videos to a measured checkpoint, small enough for a unit test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from support.corpus import decode
from support.tiny_dual import TINY
from trainer.job import run
from trainer.settings import TrainerSettings
from vtr.evaluation.corpus.make import make
from vtr.evaluation.corpus.read import Corpus, open_corpus
from vtr.evaluation.corpus.record import Options
from vtr.media.sample import SampleError
from vtr.media.thumbs import small_frames
from vtr.models.dual.checkpoint import load_dual
from vtr.models.dual.config import DualConfig
from vtr.models.dual.evaluate import DualEvaluator
from vtr.models.dual.pairs import Augmentation, PairedBatches, stride_of
from vtr.models.dual.train import train_dual, vocabulary_of
from vtr.models.training.corpus_frames import corpus_frames
from vtr.models.training.features import FeatureStore
from vtr.models.training.options import TrainOptions


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("corpus") / "c"
    make(Options(videos=18, seed=3, side=64, speech=False), root)
    return open_corpus(root)


@pytest.fixture(scope="module")
def store(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    return corpus_frames(corpus, tmp_path_factory.mktemp("frames"), small_frames, side=16)


def test_small_frames_are_the_videos_frames_at_an_even_rate(corpus: Corpus) -> None:
    record = corpus.split("train")[0]
    frames = decode(corpus.path(record))
    small = small_frames(corpus.path(record), side=16, count=record.frames // 2, fps=record.fps / 2)
    blocks = frames[::2].reshape(-1, 16, 4, 16, 4, 3).mean(axis=(2, 4))[: len(small)]
    assert np.abs(small - blocks).mean() < 3
    held = small_frames(corpus.path(record), side=16, count=record.frames + 3, fps=record.fps)
    assert (held[-1] == held[-4]).all()


def test_a_file_that_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"no video")
    with pytest.raises(SampleError, match=r"x\.mp4"):
        small_frames(tmp_path / "x.mp4", side=16, count=1, fps=1)


def batches(corpus: Corpus, store: FeatureStore, seed: int = 0, chunk: int | None = None) -> PairedBatches:
    return PairedBatches(
        corpus,
        store,
        vocabulary_of(corpus),
        TINY,
        seed=seed,
        size=4,
        chunk=chunk,
        augmentation=Augmentation(coarse_steps=1),
    )


def test_a_step_has_the_same_batch_whenever_it_is_asked_for(corpus: Corpus, store: FeatureStore) -> None:
    one, other = batches(corpus, store), batches(corpus, store)
    one(0)
    for name in ("frames", "tokens", "swap_tokens", "event_frames"):
        assert torch.equal(getattr(one(2)[0], name), getattr(other(2)[0], name))
    assert not torch.equal(one(2)[0].tokens, batches(corpus, store, seed=1)(2)[0].tokens)
    # The first step is coarse: half of the frames.
    coarse, fine = (one(step)[0].mask.sum(dim=1).float().mean() for step in (0, 1))
    assert coarse < 0.7 * fine
    assert max(len(part.mask) for part in batches(corpus, store, chunk=2)(0)) == 2


def test_each_base_stands_beside_an_edit_of_it(corpus: Corpus, store: FeatureStore) -> None:
    drawn = (replace_shift(corpus, store)(step)[0] for step in range(20))
    batch = next(batch for batch in drawn if len(batch.mask) == 4)  # a group may lack an edit
    starts = np.concatenate([[0], batch.mask.sum(dim=1).cumsum(0).numpy()[:-1]])
    looks = batch.frames.numpy()[starts].astype(float)
    # A pair shares its background, so that it differs less than videos of two groups do.
    within = [np.abs(looks[k] - looks[k + 1]).mean() for k in (0, 2)]
    across = [np.abs(looks[a] - looks[b]).mean() for a in (0, 1) for b in (2, 3)]
    assert max(within) < min(across)


def replace_shift(corpus: Corpus, store: FeatureStore) -> PairedBatches:
    still = Augmentation(coarse_steps=0, sideways=0.0, shift=0)
    return PairedBatches(corpus, store, vocabulary_of(corpus), TINY, seed=0, size=4, augmentation=still)


def test_a_rate_that_does_not_divide_that_of_the_features_is_refused() -> None:
    assert stride_of(10, 5) == 2
    with pytest.raises(ValueError, match="does not divide"):
        stride_of(10, 4)


def test_training_measures_and_stores_what_it_trained(
    corpus: Corpus, store: FeatureStore, tmp_path: Path
) -> None:
    options = TrainOptions(steps=2, evaluate_every=2, precision="float32")
    card = train_dual(corpus, store, tmp_path, config=TINY, options=options, batch=4, chunk=2)
    model, vocabulary, read = load_dual(tmp_path)
    assert read == card
    assert card.data["corpus"] == corpus.manifest.sha256
    found = DualEvaluator(corpus, store, vocabulary).split(model, "test")
    # What the card says is what the stored weights, in half precision, do.
    assert card.metrics["test"] == pytest.approx(found)
    assert {"t2v/R@1", "v2t/MedR", "shuffled_frames/swap/direction", "bag_of_words/t2v/R@1"} <= found.keys()
    assert all(np.isfinite(value) for value in found.values())


def test_the_job_trains_every_seed_once(corpus: Corpus, tmp_path: Path) -> None:
    settings = TrainerSettings(
        corpus=corpus.root, out=tmp_path, features=tmp_path / "frames", seeds=(0, 1), steps=1, batch=2
    )
    cards = run(settings)
    assert len({card.sha256 for card in cards}) == 2
    assert DualConfig.from_json("{}").side == store_side(tmp_path / "frames")
    changed = (tmp_path / "seed0" / "dual" / "model.safetensors").stat().st_mtime_ns
    assert run(settings) == cards
    assert (tmp_path / "seed0" / "dual" / "model.safetensors").stat().st_mtime_ns == changed


def store_side(root: Path) -> int:
    shape = np.load(root / "features.npy", mmap_mode="r").shape
    return int(shape[1])
