"""How much a head counts is chosen by what it finds on validation, as it serves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from support.bundles import saved_bundle
from support.tiny_dual import saved_dual
from vtr.evaluation.corpus.make import make
from vtr.evaluation.corpus.read import Corpus, open_corpus
from vtr.evaluation.corpus.record import Options
from vtr.media.thumbs import small_frames
from vtr.models.bundle.assemble import assemble
from vtr.models.bundle.manifest import BundleError
from vtr.models.dual.evaluate import full_captions
from vtr.models.dual.states import CorpusStates, corpus_states
from vtr.models.encoders.base import FloatArray
from vtr.models.heads.serving.card import save_serving, serving_of
from vtr.models.heads.serving.protocol import Clip, Composed, Evidence, HeadScores, QueryStates, Serving
from vtr.models.heads.serving.weigh import WEIGHTS, weigh, weigh_composer
from vtr.models.training.checkpoints import read_card
from vtr.models.training.corpus_frames import corpus_frames


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("corpus") / "c"
    make(Options(videos=18, seed=3, side=64, speech=False), root)
    return open_corpus(root)


@pytest.fixture(scope="module")
def states(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> CorpusStates:
    root = tmp_path_factory.mktemp("states")
    frames = corpus_frames(corpus, root / "frames", small_frames, side=16)
    return corpus_states(saved_dual(root / "dual"), corpus, frames, root / "states")


class Oracle:
    """Scores ``sign`` for the video that a caption is of, 0 for others."""

    name = "oracle"
    version = "0" * 12
    serving = Serving(mix={"part": 0.5})

    def __init__(self, corpus: Corpus, states: CorpusStates, sign: float) -> None:
        self._right = {
            full_captions(record)[0].text: states.vector(record.id) for record in corpus.videos.values()
        }
        self._sign = sign

    def score(self, query: QueryStates, clips: Sequence[Clip]) -> HeadScores:
        right = self._right[query.text]
        fits = [np.array_equal(clip.states.vector, right) for clip in clips]
        return HeadScores(self._sign * np.array(fits, dtype=np.float32), tuple(Evidence() for _ in clips))


def test_a_head_that_finds_more_counts_and_is_on(corpus: Corpus, states: CorpusStates) -> None:
    found = weigh(Oracle(corpus, states, 1.0), corpus, states, split="train", depth=50)
    assert found.before < found.after == 100.0
    assert found.serving.weight in WEIGHTS
    assert found.serving.weight > 0
    assert found.serving.default_on
    assert found.serving.depth == 50
    assert found.serving.mix == {"part": 0.5}
    assert found.low > 0


def test_a_head_that_misleads_has_no_weight_and_is_off(corpus: Corpus, states: CorpusStates) -> None:
    found = weigh(Oracle(corpus, states, -1.0), corpus, states, split="train", depth=50)
    assert found.serving.weight == 0.0
    assert not found.serving.default_on
    assert found.before == found.after


class KnowsAnswers:
    """Composes the vector of the right answer to each triplet, or of the example itself."""

    name = "covr"
    version = "0" * 12
    serving = Serving()

    def __init__(self, corpus: Corpus, states: CorpusStates, *, right: bool) -> None:
        self._answers = {
            (t.text, states.vector(t.reference).tobytes()): states.vector(t.target) for t in corpus.triplets
        }
        self._right = right

    def compose(self, query: QueryStates, example: FloatArray, clips: Sequence[Clip]) -> Composed:
        assert len(clips) == 1
        return Composed(self._answers[query.text, example.tobytes()] if self._right else -example, 0.5)


def test_a_composer_is_on_if_it_finds_more_than_the_way_halfway(corpus: Corpus, states: CorpusStates) -> None:
    good = weigh_composer(KnowsAnswers(corpus, states, right=True), corpus, states, split="train")
    assert good.serving.default_on
    assert good.before < good.after
    bad = weigh_composer(KnowsAnswers(corpus, states, right=False), corpus, states, split="train")
    assert not bad.serving.default_on


def test_a_split_without_videos_is_refused(corpus: Corpus, states: CorpusStates) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        weigh(Oracle(corpus, states, 1.0), corpus, states, split="nowhere")


def test_a_run_becomes_a_bundle_without_its_logs(tmp_path: Path) -> None:
    made = saved_bundle(tmp_path / "made", "camoe", "regada")
    run = tmp_path / "run"
    (made / "heads" / "camoe").rename(tmp_path / "camoe")
    (made / "heads" / "regada").rename(tmp_path / "regada")
    run.mkdir()
    for name in ("camoe", "regada"):
        (tmp_path / name).rename(run / name)
    (made / "heads").rmdir()
    made.rename(run / "dual")
    (run / "camoe" / "train.csv").write_text("step\n")
    manifest = assemble(run, tmp_path / "out")
    assert manifest.heads.keys() == {"camoe", "regada"}
    assert not (tmp_path / "out/heads/camoe/train.csv").exists()
    with pytest.raises(BundleError, match="is there already"):
        assemble(run, tmp_path / "out")
    with pytest.raises(BundleError, match="no card"):
        assemble(tmp_path / "nothing", tmp_path / "other")


def test_what_was_chosen_stands_in_the_card_and_the_weights_stay(tmp_path: Path) -> None:
    folder = saved_bundle(tmp_path / "b", "camoe") / "heads" / "camoe"
    before = read_card(folder)
    save_serving(folder, Serving(default_on=True, weight=0.5), queries=200)
    after = read_card(folder)
    assert serving_of(after) == Serving(default_on=True, weight=0.5)
    assert after.metrics["serving"]["queries"] == 200
    assert after.sha256 == before.sha256
