"""One training: what it needs is made first, and what is trained already is not trained again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from vtr.evaluation.corpus.read import Corpus, open_corpus
from vtr.models.audio.corpus_sounds import Soundtracks, corpus_sounds
from vtr.models.audio.train import train_audio
from vtr.models.dual.states import CorpusStates, corpus_states
from vtr.models.dual.train import train_dual
from vtr.models.runs.methods import AUDIO, DUAL, HEADS, METHODS, Progress, head_trainer, options_of
from vtr.models.training.checkpoints import CARD, Card, read_card
from vtr.models.training.corpus_frames import SmallFrames, corpus_frames
from vtr.models.training.features import FeatureStore
from vtr.models.training.loop import STATE

BATCH = 64
"""Videos in a batch of the dual encoder."""


@dataclass(frozen=True)
class Decoders:
    """What reads videos. Given, so that no model needs a decoder: ``vtr.media.thumbs.small_frames`` and
    ``vtr.media.soundtrack.soundtrack``."""

    frames: SmallFrames
    sound: Soundtracks


@dataclass(frozen=True)
class Training:
    """``method`` on the corpus in ``corpus``, into ``out``; heads on the dual encoder in ``base``.

    ``frames``, ``sounds`` and ``states``: directories of what is computed once; None: beside the corpus, and
    beside the dual encoder. ``steps`` of None are the method's own. ``batch``
    and ``chunk`` are of the dual encoder. ``command``: what its card says it was made with.
    """

    method: str
    corpus: Path
    out: Path
    decode: Decoders
    base: Path | None = None
    frames: Path | None = None
    sounds: Path | None = None
    states: Path | None = None
    seed: int = 0
    steps: int | None = None
    minutes: float | None = None
    batch: int = BATCH
    chunk: int | None = None
    threads: int = 1
    resume: bool = False
    test: bool = True
    command: str = ""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method: {self.method!r} is none of {', '.join(METHODS)}")
        if self.method in HEADS and self.base is None:
            raise ValueError(f"base: {self.method} needs the checkpoint of a dual encoder")


def train(training: Training, progress: Progress = lambda _share, _text: None) -> Card:
    """Trains, whatever is in ``out``; the card of what was written there.

    ``progress`` is told of features, states and steps, each from 0 to 1. Raises ``ValueError`` (of which the
    errors of corpora, features, checkpoints and training are) for bad input.
    """
    torch.set_num_threads(training.threads)
    corpus = open_corpus(training.corpus)
    options = options_of(training.method, seed=training.seed, steps=training.steps, minutes=training.minutes)
    if training.method == AUDIO:
        sounds = sounds_of(
            corpus, training.decode, training.sounds, workers=training.threads, progress=progress
        )
        return train_audio(
            corpus,
            sounds,
            training.out,
            options=options,
            resume=training.resume,
            command=training.command,
            progress=progress,
        )
    store = frames_of(corpus, training.decode, training.frames, workers=training.threads, progress=progress)
    if training.method == DUAL:
        return train_dual(
            corpus,
            store,
            training.out,
            options=options,
            batch=training.batch,
            chunk=training.chunk,
            resume=training.resume,
            test=training.test,
            command=training.command,
            progress=progress,
        )
    assert training.base is not None  # noqa: S101
    states = states_of(training.base, corpus, store, training.states, progress=progress)
    return head_trainer(training.method)(
        corpus,
        states,
        training.out,
        options=options,
        resume=training.resume,
        command=training.command,
        progress=progress,
    )


def frames_of(
    corpus: Corpus,
    decode: Decoders,
    root: Path | None = None,
    *,
    workers: int = 1,
    progress: Progress = lambda _share, _text: None,
) -> FeatureStore:
    """The small frames of ``corpus``; decoded into ``root`` (None: beside the corpus) if not yet there."""
    root = root or corpus.root.with_name(f"{corpus.root.name}-frames48")
    told = _counted(corpus.manifest.options.videos, "small frames", progress)
    return corpus_frames(corpus, root, decode.frames, workers=workers, progress=told)


def sounds_of(
    corpus: Corpus,
    decode: Decoders,
    root: Path | None = None,
    *,
    workers: int = 1,
    progress: Progress = lambda _share, _text: None,
) -> FeatureStore:
    """The log-mels of ``corpus``; decoded into ``root`` (None: beside the corpus) if not yet there."""
    root = root or corpus.root.with_name(f"{corpus.root.name}-sounds")
    told = _counted(corpus.manifest.options.videos, "sounds", progress)
    return corpus_sounds(corpus, root, decode.sound, workers=workers, progress=told)


def states_of(
    base: Path,
    corpus: Corpus,
    frames: FeatureStore,
    root: Path | None = None,
    *,
    progress: Progress = lambda _share, _text: None,
) -> CorpusStates:
    """The states of ``corpus`` by the dual encoder in ``base``; made in ``root`` (None: beside the encoder,
    in a folder of these very weights) if not yet there."""
    root = root or base.parent / f"states-{read_card(base).sha256[:12]}"
    total = corpus.manifest.options.videos
    return corpus_states(base, corpus, frames, root, progress=_counted(total, "states", progress))


def what_is_missing(training: Training, corpus: Corpus) -> str | None:
    """Why ``training`` has to run, or None where its checkpoint is there: of the same corpus, the same seed,
    the same steps where they are given, and on the same dual encoder. A checkpoint that cannot be read
    raises ``CheckpointError``, one of another method or corpus ``ValueError``: neither is overwritten."""
    if not (training.out / CARD).exists():
        return "goes on where it stopped" if (training.out / STATE).exists() else "not trained yet"
    card = read_card(training.out)
    if card.head != training.method:
        raise ValueError(f"{training.out}: is a checkpoint of {card.head}, not of {training.method}")
    if card.data.get("corpus") != corpus.manifest.sha256:
        raise ValueError(f"{training.out}: was trained on another corpus than {corpus.root}")
    if card.options.get("seed") != training.seed:
        raise ValueError(f"{training.out}: was trained with seed {card.options.get('seed')}")
    if training.steps is not None and card.options.get("steps") != training.steps:
        return f"was trained for {card.options.get('steps')} steps"
    if training.base is not None and card.data.get("base") != read_card(training.base).sha256:
        return "was trained on another dual encoder"
    return None


def _counted(total: int, what: str, progress: Progress) -> Callable[[int], None]:
    """Numbers of videos just done as a share of all."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(done / max(1, total), f"{what}, {done} of {total} videos")

    return advance
