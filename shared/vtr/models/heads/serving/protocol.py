"""What a head is to whoever serves queries. Needs numpy alone: torch comes with a loaded bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from vtr.contracts.events.results import Manner, Moment
from vtr.models.encoders.base import FloatArray
from vtr.models.encoders.clip_states import ClipStates


@dataclass(frozen=True)
class QueryStates:
    """A query's ``text`` as the text tower of the bundle reads it: L ``words``, ``tokens`` float32
    [L, text_width], ``vector`` float32 [D] of L2 norm 1."""

    text: str
    words: tuple[str, ...]
    tokens: FloatArray
    vector: FloatArray


@dataclass(frozen=True)
class Clip:
    """A clip as heads see it: what the towers saw in it, and its span ``[start_s, end_s)`` in the video, in
    which the states' times lie."""

    states: ClipStates
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Heat:
    """``values`` float32 [S, rows, columns], not negative, sum 1: which cells of which frames fit the words;
    ``times_s`` [S], those of the states' regions."""

    values: FloatArray
    times_s: FloatArray


@dataclass(frozen=True)
class Evidence:
    """What a head tells of one clip beside its score; empty where it has nothing of the kind."""

    gates: Mapping[str, float] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    heat: Heat | None = None
    manner: Manner | None = None


@dataclass(frozen=True)
class HeadScores:
    """``scores`` float32 [N], higher fits better, comparable between clips of one query; ``evidence``: N."""

    scores: FloatArray
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Serving:
    """How a head takes part, from its card's ``metrics.serving`` (see :mod:`vtr.models.heads.serving.card`).

    ``weight``: of its score beside the visual cosine, 0 for a head that only explains. ``depth``: how many
    candidates it was measured to re-order. ``default_on``: whether queries use it that do not say. ``mix``:
    weights of the head's own parts in its score, by their names, for a head of several.
    """

    default_on: bool = False
    weight: float = 0.0
    depth: int = 50
    mix: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class HeadRunner(Protocol):
    """A trained head that scores clips for a query. A clip's score does not depend on the other clips."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """The first twelve digits of its weights' SHA-256."""
        ...

    @property
    def serving(self) -> Serving: ...

    def score(self, query: QueryStates, clips: Sequence[Clip]) -> HeadScores:
        """Scores and evidence of ``clips``. Raises ``ValueError`` for states that are not of its towers."""
        ...


@dataclass(frozen=True)
class Composed:
    """``vector`` float32 [D] of L2 norm 1, to search the index by; ``kept`` in [0, 1]: of the example."""

    vector: FloatArray
    kept: float


@runtime_checkable
class Composer(Protocol):
    """A trained composer (CoVR): an example and words that change it, as one query."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def serving(self) -> Serving: ...

    def compose(self, query: QueryStates, example: FloatArray, clips: Sequence[Clip]) -> Composed:
        """``example`` [D]: the example's vector as in the index; ``clips``: all of it, in order of time.

        Raises ``ValueError`` for states that are not of its towers, or none.
        """
        ...


class HeadBundle(Protocol):
    """The heads of one model version, loaded."""

    @property
    def model(self) -> str:
        """The model version of the vectors in the index."""
        ...

    @property
    def runners(self) -> Mapping[str, HeadRunner]: ...

    @property
    def composers(self) -> Mapping[str, Composer]: ...

    @property
    def broken(self) -> Mapping[str, str]:
        """Heads of the bundle that cannot serve, with the reason."""
        ...

    @property
    def cost_ms(self) -> Mapping[str, float]:
        """What each runner took for one clip when the bundle was loaded."""
        ...

    def read(self, text: str) -> QueryStates:
        """``text`` through the bundle's text tower. Raises ``ValueError`` for a blank one."""
        ...
