"""Batches for the moment head, from the states of the dual encoder's frozen towers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.datasets.base import MomentQuery
from vtr.evaluation.datasets.generated import moment_queries
from vtr.models.dual.states import CorpusStates, TextStates, text_states
from vtr.models.heads.vlgnet.batch import MomentBatch
from vtr.models.heads.vlgnet.claims import Claim, claims_of
from vtr.models.heads.vlgnet.snippets import merge_frames, snippet_edges

SNIPPETS = 32
"""The most snippets a video has: at 5 frames a second, 0.2 s each up to 6.4 s, then 0.4 s."""
_TRIES = 1000


@dataclass(frozen=True)
class Snippets:
    """One video: ``features`` float32 [N, Df] and the boundaries ``edges_s`` float32 [N + 1] in seconds."""

    features: Tensor
    edges_s: Tensor


@dataclass(frozen=True)
class Example:
    """A video and a sentence. ``words`` float32 [L, Dw]; ``windows``: the true moments, for training alone;
    ``group``: videos of one group lend each other no negative sentence. ``other`` float32 [M, Dw]: a sentence
    that is false of the video, for training alone."""

    video: Snippets
    words: Tensor
    windows: Sequence[tuple[float, float]] = ()
    group: int = 0
    other: Tensor | None = None


def snippets_of(
    frames: NDArray[np.floating],
    times_s: NDArray[np.floating],
    start_s: float,
    end_s: float,
    *,
    limit: int = SNIPPETS,
) -> Snippets:
    """At most ``limit`` snippets of a clip from ``start_s`` to ``end_s``, means of consecutive frames.

    ``frames`` [T, Df] at ``times_s`` [T]. Depends on this clip alone, whatever it is batched with.
    """
    values = torch.from_numpy(np.asarray(frames, dtype=np.float32))
    edges = snippet_edges(torch.from_numpy(np.asarray(times_s, dtype=np.float32)), start_s, end_s)
    real = torch.ones(1, len(values), dtype=torch.bool)
    merged, _, edges = merge_frames(values.unsqueeze(0), real, edges.unsqueeze(0), limit)
    return Snippets(merged[0], edges[0])


def collate(examples: Sequence[Example]) -> MomentBatch:
    """One batch, padded to its longest; with targets where every example has ``windows``,
    with negative sentences where every one has ``other``."""
    frames = pad_sequence([e.video.features for e in examples], batch_first=True)
    words = pad_sequence([e.words for e in examples], batch_first=True)
    # Edges past a video's end stay at its end: candidates there would be empty, and are not valid anyway.
    edges = torch.stack(
        [
            torch.cat([e.video.edges_s, e.video.edges_s[-1:].expand(frames.shape[1] - len(e.video.features))])
            for e in examples
        ]
    )
    moments = moment_mask = None
    if all(e.windows for e in examples):
        spans = [torch.tensor(e.windows, dtype=torch.float32) for e in examples]
        moments = pad_sequence(spans, batch_first=True)
        moment_mask = _mask([len(span) for span in spans])
    others = [e.other for e in examples if e.other is not None]
    whole = len(others) == len(examples)
    return MomentBatch(
        frames=frames,
        frame_mask=_mask([len(e.video.features) for e in examples]),
        words=words,
        word_mask=_mask([len(e.words) for e in examples]),
        edges_s=edges,
        moments_s=moments,
        moment_mask=moment_mask,
        group=torch.tensor([e.group for e in examples], dtype=torch.long),
        others=pad_sequence(others, batch_first=True) if whole else None,
        other_mask=_mask([len(words) for words in others]) if whole else None,
    )


def _mask(lengths: Sequence[int]) -> Tensor:
    return torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)


@dataclass
class MomentData:
    """The videos of one split, and sentences about them. Made once, held in memory.

    Every video's snippets and every sentence's states are computed when first asked for, and kept.
    """

    corpus: Corpus
    states: CorpusStates
    split: str
    snippets: int = SNIPPETS
    _videos: dict[str, Snippets] = field(default_factory=dict, repr=False)
    _texts: dict[str, TextStates] = field(default_factory=dict, repr=False)

    def queries(self) -> list[MomentQuery]:
        """A query for each caption of each event of the split."""
        return moment_queries(self.corpus.split(self.split))

    def video(self, video: str) -> Snippets:
        """The snippets of one video."""
        if video not in self._videos:
            self._videos[video] = snippets_of(
                self.states.frames(video),
                self.states.times_s(video),
                0.0,
                self.corpus.videos[video].duration_s,
                limit=self.snippets,
            )
        return self._videos[video]

    def texts(self, texts: Sequence[str]) -> list[TextStates]:
        """The states of each text."""
        new = sorted(set(texts) - self._texts.keys())
        if new:
            made = text_states(self.states.model, self.states.vocabulary, new)
            self._texts |= zip(new, made, strict=True)
        return [self._texts[text] for text in texts]

    def example(self, query: MomentQuery) -> Example:
        """A query with its targets."""
        return self.pair(query.video, query.text, query.windows)

    def pair(self, video: str, text: str, windows: Sequence[tuple[float, float]] = ()) -> Example:
        """Any sentence with any video of the corpus."""
        group = crc32(self.corpus.videos[video].group.encode())
        return Example(self.video(video), self.words(text), windows, group)

    def words(self, text: str) -> Tensor:
        """float32 [L, Dw] of one text."""
        return torch.from_numpy(self.texts([text])[0].tokens)


def in_batches(examples: Iterable[Example], size: int) -> Iterator[MomentBatch]:
    """``examples`` in their order, ``size`` at a time."""
    part: list[Example] = []
    for example in examples:
        part.append(example)
        if len(part) == size:
            yield collate(part)
            part = []
    if part:
        yield collate(part)


class MomentBatches:
    """Training batches of ``size`` videos with a sentence each, a function of (``seed``, step) alone.

    A pass is a permutation of the videos; each time one of a video's sentences is drawn, and one that is
    false of it: in a share ``hard`` of cases, if there is any, of a video that differs from it in one factor
    (the same thing moves the other way, say), else of any video.
    """

    def __init__(self, data: MomentData, *, seed: int, size: int, hard: float = 0.5) -> None:
        self._data, self._seed, self._hard = data, seed, hard
        self._queries: list[list[MomentQuery]] = []
        self._claims: list[tuple[Claim, ...]] = []
        self._sentences: list[list[tuple[Claim, str]]] = []
        siblings: dict[str, list[int]] = {}
        for record in data.corpus.split(data.split):
            if record.events:
                siblings.setdefault(record.group, []).append(len(self._queries))
                self._queries.append(moment_queries([record]))
                self._claims.append(claims_of(record))
                told = zip(self._claims[-1], record.events, strict=True)
                self._sentences.append([(claim, text) for claim, event in told for text in event.captions])
        self._siblings = {k: [s for s in group if s != k] for group in siblings.values() for k in group}
        if len(self._queries) < 2:
            raise ValueError(f"split: {data.split!r} holds {len(self._queries)} videos with events, not 2")
        self._size = min(size, len(self._queries))
        data.texts([text for sentences in self._sentences for _, text in sentences])

    def __call__(self, step: int) -> list[MomentBatch]:
        """The batch of ``step`` (from 0), in one chunk."""
        turn, place = divmod(step, len(self._queries) // self._size)
        order = np.random.default_rng([self._seed, turn, 0]).permutation(len(self._queries))
        rng = np.random.default_rng([self._seed, step, 1])
        examples = []
        for k in order[place * self._size : (place + 1) * self._size].tolist():
            query = self._queries[k][int(rng.integers(len(self._queries[k])))]
            example = self._data.example(query)
            examples.append(replace(example, other=self._data.words(self._false(k, rng))))
        return [collate(examples)]

    def _false(self, video: int, rng: np.random.Generator) -> str:
        own = self._claims[video]
        if rng.random() < self._hard:
            near = [
                text
                for sibling in self._siblings[video]
                for claim, text in self._sentences[sibling]
                if not claim.true_of(own)
            ]
            if near:
                return near[int(rng.integers(len(near)))]
        for _ in range(_TRIES):
            sentences = self._sentences[int(rng.integers(len(self._sentences)))]
            claim, text = sentences[int(rng.integers(len(sentences)))]
            if not claim.true_of(own):
                return text
        raise ValueError(f"split: {self._data.split!r} holds no sentence that is false of one of its videos")
