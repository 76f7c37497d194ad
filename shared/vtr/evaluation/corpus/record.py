"""What the corpus's files hold, line by line. Times are seconds, boxes pixels, ids stable for a seed.

=================== ==========================================================
``corpus.json``      one :class:`Manifest`
``annotations.jsonl`` one :class:`VideoRecord` a line, in the order of splits and groups
``triplets.jsonl``   one :class:`Triplet` a line: composed retrieval
``galleries.jsonl``  one :class:`Gallery` a line: hard galleries
``adverbs.jsonl``    one :class:`AdverbItem` a line: how things are done
``datasheet.md``     what is in the corpus, for people
``videos/``          the videos, ``<id>.mp4``
=================== ==========================================================
"""

from __future__ import annotations

import msgspec

from vtr.evaluation.corpus.edits import Edit
from vtr.evaluation.corpus.sample import SceneOptions
from vtr.evaluation.corpus.scene import Scene
from vtr.evaluation.corpus.splits import Heldout, Shares


class Caption(msgspec.Struct, frozen=True, kw_only=True):
    """A caption of a whole video.

    ``kind``: ``full`` (everything that is seen), ``sound`` (what is heard alone), ``both``.
    ``form``: the sentence template; no form of training occurs in validation or test.
    ``swaps``: factor to the same caption with that one factor swapped, so that it is false for this video.
    """

    text: str
    kind: str
    form: str
    swaps: dict[str, str] = {}


class EventRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One event in [start_s, end_s), with captions that ask for it; ``antonym`` is that of ``adverb``."""

    thing: int
    action: str
    direction: str | None
    adverb: str | None
    antonym: str | None
    other: int | None
    start_s: float
    end_s: float
    captions: tuple[str, ...]


class ObjectRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One object of thing ``thing``: its box at every frame as x0, y0, x1, y1 one after another.

    Pixels, x1 and y1 exclusive, clipped to the frame; four zeros at frames where it is not seen.
    """

    thing: int
    boxes: tuple[int, ...]


class SoundRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A sound or a spoken word, heard from ``start_s``; a sound ends at ``end_s``."""

    what: str
    start_s: float
    end_s: float | None = None


class VideoRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is true about one video. ``file`` is relative to the corpus's directory.

    ``member`` is ``base``, or the factor in which the video differs from its group's base by ``edit``.
    ``boxes`` are sampled at ``fps``: entry t belongs to the frame shown from t / fps.
    """

    id: str
    group: str
    member: str
    split: str
    file: str
    sha256: str
    width: int
    height: int
    fps: int
    frames: int
    duration_s: float
    scene: Scene
    edit: Edit | None
    events: tuple[EventRecord, ...]
    objects: tuple[ObjectRecord, ...]
    sound: SoundRecord | None
    word: SoundRecord | None
    captions: tuple[Caption, ...]


class Triplet(msgspec.Struct, frozen=True, kw_only=True):
    """Reference video + modification text -> target video; they differ in ``factor`` alone."""

    split: str
    factor: str
    reference: str
    text: str
    target: str


class Gallery(msgspec.Struct, frozen=True, kw_only=True):
    """Videos that only order, direction or manner tell apart: a base and its edits; ``factors[i]`` is that of
    ``videos[i]``, ``base`` first. A caption of kind ``full`` of any of them is a query with one right
    answer."""

    split: str
    group: str
    factors: tuple[str, ...]
    videos: tuple[str, ...]


class AdverbItem(msgspec.Struct, frozen=True, kw_only=True):
    """Event ``event`` of ``video``: ``action`` done in the manner ``adverb`` (``antonym`` would be wrong).

    ``composition_trained``: whether training has this action with this adverb.
    """

    split: str
    video: str
    event: int
    action: str
    adverb: str
    antonym: str
    start_s: float
    end_s: float
    composition_trained: bool


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What determines a corpus. ``side``: pixels, even. ``speech``: whether words are spoken."""

    videos: int
    seed: int
    side: int = 128
    speech: bool = True
    scenes: SceneOptions = SceneOptions()
    shares: Shares = Shares()

    def __post_init__(self) -> None:
        if self.videos < 1:
            raise ValueError(f"videos: {self.videos} is less than 1")
        if self.side % 2 or not 64 <= self.side <= 1024:
            raise ValueError(f"side: {self.side} is not an even number in 64..1024")


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What made the corpus, and the SHA-256 of each of its annotation files."""

    generator_version: str
    options: Options
    heldout: Heldout
    counts: dict[str, int]
    sha256: dict[str, str]
