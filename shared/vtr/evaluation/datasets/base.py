"""What every data set offers, whatever its files look like.

A data set is read lazily, split by split; a broken file raises
:class:`~vtr.evaluation.datasets.files.DatasetError`, which names the file, the line or entry, and the field.
A split that the set does not have raises it too, with the splits that there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Video:
    """A video of a gallery: ``id`` is unique in its data set, ``path`` where the file belongs (it need not
    exist). ``start_s`` and ``end_s``: the part of the file that is meant; None is its beginning or end."""

    id: str
    path: Path
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True)
class TextQuery:
    """A caption that asks for the video ``video``."""

    id: str
    text: str
    video: str


@dataclass(frozen=True)
class MomentQuery:
    """A sentence that asks for moments of the video ``video``, ``duration_s`` long.

    ``windows``: the right moments as (start_s, end_s), end after start; a prediction is right if it overlaps
    any of them.
    """

    id: str
    text: str
    video: str
    duration_s: float
    windows: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class ComposedQuery:
    """``reference`` changed as ``text`` says asks for ``target``; the reference itself is no answer.

    ``caption`` is that of the target where it has one (for training, never part of the query).
    """

    id: str
    reference: str
    text: str
    target: str
    caption: str | None = None


@dataclass(frozen=True)
class AdverbClip:
    """``action`` done in the manner ``adverb`` in ``video`` from ``start_s`` to ``end_s``.

    ``composition_trained``: whether training has this action with this adverb.
    """

    id: str
    video: str
    action: str
    adverb: str
    start_s: float
    end_s: float
    composition_trained: bool


@runtime_checkable
class Dataset(Protocol):
    """What all data sets have. ``splits`` are in the order train, validation, test."""

    @property
    def name(self) -> str: ...

    @property
    def splits(self) -> Sequence[str]: ...

    def videos(self, split: str) -> Sequence[Video]:
        """The gallery of ``split``, each video once."""
        ...


@runtime_checkable
class RetrievalDataset(Dataset, Protocol):
    """Captions of videos: text to video and video to text."""

    def queries(self, split: str) -> Sequence[TextQuery]:
        """The captions of ``split``; a video may have several."""
        ...


@runtime_checkable
class MomentDataset(Dataset, Protocol):
    """Sentences that ask for moments of videos."""

    def moments(self, split: str) -> Sequence[MomentQuery]:
        """The sentences of ``split`` with their right moments."""
        ...


@runtime_checkable
class ComposedDataset(Dataset, Protocol):
    """Example video and modification text that ask for another video."""

    def triplets(self, split: str) -> Sequence[ComposedQuery]:
        """The triplets of ``split``."""
        ...


@runtime_checkable
class AdverbDataset(Dataset, Protocol):
    """Actions done in a manner."""

    @property
    def antonyms(self) -> Mapping[str, str]:
        """The adverb that each adverb is told apart from."""
        ...

    def clips(self, split: str) -> Sequence[AdverbClip]:
        """The annotated clips of ``split``."""
        ...
