"""From the sounds of a corpus to a checkpoint, and what is asked of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from support.corpus import a_scene
from support.tiny_audio import TINY
from vtr.evaluation.corpus.make import make
from vtr.evaluation.corpus.read import Corpus, open_corpus
from vtr.evaluation.corpus.record import Caption, Options, SoundRecord, VideoRecord
from vtr.media.sample import SampleError
from vtr.media.soundtrack import soundtrack
from vtr.models.audio.batches import SoundBatches
from vtr.models.audio.checkpoint import load_audio
from vtr.models.audio.corpus_sounds import corpus_sounds
from vtr.models.audio.evaluate import Scores, chance
from vtr.models.audio.heard import BOTH, FULL, SOUND
from vtr.models.audio.model import AudioBatch
from vtr.models.audio.queries import Questions, heard_questions, sound_pairs, told_questions
from vtr.models.audio.train import OPTIONS, train_audio, vocabulary_of
from vtr.models.dual.vocabulary import UNKNOWN
from vtr.models.training.features import FeatureError, FeatureStore


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("corpus") / "c"
    make(Options(videos=18, seed=3, side=64, speech=False), root)
    return open_corpus(root)


@pytest.fixture(scope="module")
def store(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    return corpus_sounds(corpus, tmp_path_factory.mktemp("mels"), soundtrack, config=TINY.mel)


def test_sounds_are_those_of_the_videos_and_as_long(corpus: Corpus, store: FeatureStore) -> None:
    loud = {True: [], False: []}  # type: dict[bool, list[float]]
    for record in corpus.videos.values():
        mels = np.asarray(store[record.id], dtype=np.float32)
        assert len(mels) == -(-round(record.duration_s * 16_000) // 320)
        if record.sound is not None and record.sound.end_s is not None:
            at = (np.arange(len(mels)) * 0.02 >= record.sound.start_s + 0.1) & (
                np.arange(len(mels)) * 0.02 < record.sound.end_s - 0.1
            )
            loud[True].append(float(mels[at].mean()))
            loud[False].append(float(mels[~at].mean()))
    assert np.mean(loud[True]) > np.mean(loud[False]) + 0.2


def test_a_file_without_sound_is_silent_and_no_media_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"no video")
    with pytest.raises(SampleError, match=r"x\.mp4"):
        soundtrack(tmp_path / "x.mp4", rate=16_000)


def batches(corpus: Corpus, store: FeatureStore, seed: int = 0) -> SoundBatches:
    return SoundBatches(corpus, store, vocabulary_of(corpus), seed=seed, size=4)


def test_a_step_has_the_same_batch_whenever_it_is_asked_for(corpus: Corpus, store: FeatureStore) -> None:
    one, other = batches(corpus, store), batches(corpus, store)
    one(0)
    for name in ("mels", "tokens", "owner", "true", "senses"):
        assert torch.equal(getattr(one(2)[0], name), getattr(other(2)[0], name))
    assert not torch.equal(one(2)[0].tokens, batches(corpus, store, seed=1)(2)[0].tokens)


def test_texts_that_name_nothing_heard_belong_to_no_sound(corpus: Corpus, store: FeatureStore) -> None:
    vocabulary = vocabulary_of(corpus)
    telling = {n for word, n in vocabulary.numbers.items() if word in {"bell", "rings", "horn", "drum"}}
    seen_unknown = False
    for step in range(12):
        (batch,) = batches(corpus, store)(step)
        assert isinstance(batch, AudioBatch)
        nothing = batch.owner < 0
        assert int(nothing.sum()) == 2
        assert (batch.senses[nothing] == torch.tensor([1.0, 0.0])).all()
        assert not batch.true[nothing].any()
        heard = ~nothing
        rows = torch.arange(int(heard.sum()))
        assert batch.true[heard][rows, batch.owner[heard]].all()
        for tokens, mask in zip(batch.tokens[nothing], batch.token_mask[nothing], strict=True):
            words = set(tokens[mask].tolist())
            assert not words & telling
            seen_unknown = seen_unknown or (UNKNOWN in words and len(words) <= 6)
    assert seen_unknown, "no text of unknown words among the negatives"


def test_training_writes_a_checkpoint_that_loads_and_is_repeatable(
    corpus: Corpus, store: FeatureStore, tmp_path: Path
) -> None:
    options = replace(OPTIONS, steps=2, evaluate_every=1, warmup=1)
    cards = [
        train_audio(corpus, store, tmp_path / name, config=TINY, options=options, batch=6)
        for name in ("one", "two")
    ]
    assert cards[0].sha256 == cards[1].sha256
    assert set(cards[0].metrics["val"]) >= {"val", "R@1", "senses"}
    model, vocabulary, card = load_audio(tmp_path / "one")
    assert (model.config, card.precision) == (TINY, "float16")
    assert len(vocabulary.words) == model.text.words.num_embeddings
    with pytest.raises(FeatureError, match="log-mel"):
        train_audio(corpus, store, tmp_path / "other", options=options)


def record(
    video: str, *, sound: str | None = None, word: str | None = None, looks: str = "a circle", **more: Any
) -> VideoRecord:
    """A video of which ``sound`` and ``word`` are heard."""
    named = " and ".join(text for text in (sound, word) if text)
    captions = [Caption(text=looks, kind=FULL, form="f")]
    if named:
        captions += [
            Caption(text=named, kind=SOUND, form="f"),
            Caption(text=f"{looks}; {named}", kind=BOTH, form="f"),
        ]
    group, _, member = video.partition("-")
    return VideoRecord(
        id=video,
        group=group,
        member=member or "base",
        split="test",
        file="",
        sha256="",
        width=2,
        height=2,
        fps=10,
        frames=1,
        duration_s=1.0,
        scene=a_scene(),
        edit=None,
        events=(),
        objects=(),
        sound=SoundRecord(what=sound, start_s=0) if sound else None,
        word=SoundRecord(what=word, start_s=0) if word else None,
        captions=tuple(captions),
    )


RECORDS = [
    record("a", sound="bell", word="tiger"),
    record("a-order", sound="bell", word="tiger", looks="a circle, later"),
    record("a-sound", sound="drum", word="tiger"),
    record("b", sound="bell", looks="a square"),
    record("c", looks="a star"),
]


def test_every_video_in_which_all_of_it_is_heard_is_right() -> None:
    questions = heard_questions(RECORDS)
    asked = dict(zip(questions.texts, questions.relevant.tolist(), strict=True))
    assert asked == {
        "bell and tiger": [True, True, False, False, False],
        "drum and tiger": [False, False, True, False, False],
        "bell": [True, True, False, True, False],
    }


def test_what_looks_and_sounds_the_same_is_as_right() -> None:
    both = told_questions(RECORDS, BOTH)
    assert len(both.texts) == 4
    assert both.relevant.astype(int).tolist() == [
        [1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0],
    ]
    assert told_questions(RECORDS, FULL).relevant[0].astype(int).tolist() == [1, 0, 1, 0, 0]


def test_pairs_differ_in_what_is_heard_alone() -> None:
    assert sound_pairs(RECORDS) == [
        ("a circle; drum and tiger", 2, 0),
        ("a circle; bell and tiger", 0, 2),
    ]


def test_chance_is_that_of_a_random_order() -> None:
    relevant = np.zeros((2, 8), dtype=np.bool_)
    relevant[0, :3] = relevant[1, 4] = True
    exact = chance(Questions(["x", "y"], relevant))
    rng = np.random.default_rng(0)
    best = [[rng.permutation(8)[row].min() for row in (slice(0, 3), slice(4, 5))] for _ in range(20_000)]
    for k in (1, 5):
        assert exact[f"R@{k}"] == pytest.approx(100 * float((np.array(best) < k).mean()), abs=1)
    assert exact["R@10"] == 100


def test_ranks_are_fused_as_the_service_fuses_them() -> None:
    from ranking.fuse import fuse
    from support.clips import clip_row
    from vtr.vectors.store import Candidate

    rng = np.random.default_rng(0)
    seen, heard = rng.normal(size=(2, 40)), rng.normal(size=(2, 40))
    text, audio = np.array([1.0, 0.3]), np.array([0.9, 1.0])
    found = Scores(seen, heard, text, audio).fused()
    rows = [clip_row(k) for k in range(40)]
    for q in range(2):
        lists: Any = {
            "visual": [Candidate(row, float(c)) for row, c in zip(rows, seen[q], strict=True)],
            "audio": [Candidate(row, float(c)) for row, c in zip(rows, heard[q], strict=True)],
        }
        clips = fuse(lists, weights={"visual": text[q], "audio": audio[q]})
        order = [row.clip_id for row in (rows[k] for k in np.argsort(-found[q]))]
        assert [clip.row.clip_id for clip in clips] == order


def test_sound_has_no_say_where_none_is_named() -> None:
    rng = np.random.default_rng(0)
    seen, heard = rng.normal(size=(3, 30)), rng.normal(size=(3, 30))
    scores = Scores(seen, heard, np.ones(3), np.zeros(3))
    for fused in (scores.fused(), scores.weighed(0.7)):
        assert (np.argsort(-fused, axis=1)[:, :20] == np.argsort(-seen, axis=1)[:, :20]).all()
