"""Which split a video belongs to, which edits it gets, which compositions only the held-out split has."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec

from vtr.evaluation.corpus.factors import ACTION_ADVERBS, ADVERBS, COLOURS, SHAPES
from vtr.evaluation.corpus.scene import Scene

TRAIN, VAL, TEST, HELDOUT = SPLITS = ("train", "val", "test", "test-heldout-composition")

HARD = ("order", "direction", "adverb")
"""The edits of a hard gallery: they leave the bag of attributes as it is, or nearly."""

_HELDOUT_MANNERS = 5

OTHER = (
    "colour",
    "scene",
    "time",
    "shape",
    "action",
    "relation",
    "count",
    "size",
    "pattern",
    "sound",
    "word",
)

_TRAIN_CYCLE = (
    "order", "direction", "adverb", "colour", "order", "direction", "adverb", "scene",
    "order", "direction", "adverb", "time", "order", "direction", "adverb", "action",
    "order", "direction", "adverb", "shape", "order", "direction", "adverb", "relation",
    "order", "direction", "adverb", "count", "order", "direction", "adverb", "size",
    "order", "direction", "adverb", "pattern", "order", "direction", "adverb", "sound",
    "order", "direction", "adverb", "word",
)  # fmt: skip


class Heldout(msgspec.Struct, frozen=True, kw_only=True):
    """Compositions that training never shows, though it shows each of their parts."""

    looks: tuple[tuple[str, str], ...]  # (shape, colour)
    manners: tuple[tuple[str, str], ...]  # (action, adverb)

    def found_in(self, scene: Scene) -> bool:
        """True if ``scene`` has at least one of the held-out compositions."""
        return any((t.shape, t.colour) in self.looks for t in scene.things) or any(
            (e.action, e.adverb) in self.manners for e in scene.events
        )


def draw_heldout(seed: int) -> Heldout:
    """Ten shape-colour pairs, one for each colour, and five pairs of an action and an adverb, none twice.

    Every shape keeps at least eight colours, every action at least one adverb more, and each held-out adverb
    is trained with other actions, except those of ``moves`` alone, from which none is taken.
    """
    rng = Random(f"heldout/{seed}")
    shapes = rng.sample(SHAPES, len(SHAPES))
    colours = rng.sample(list(COLOURS), len(COLOURS))
    looks = tuple((shapes[i % len(shapes)], colour) for i, colour in enumerate(colours))
    actions_of = {
        adverb: [a for a, adverbs in ACTION_ADVERBS.items() if adverb in adverbs] for adverb in ADVERBS
    }
    shared = [adverb for adverb, actions in actions_of.items() if len(actions) > 1]
    while True:
        # One adverb may find all its actions taken by others: draw again.
        manners: dict[str, str] = {}
        for adverb in rng.sample(shared, _HELDOUT_MANNERS):
            free = [a for a in actions_of[adverb] if a not in {*manners, "moves", "follows"}]
            if free:
                manners[rng.choice(free)] = adverb
        if len(manners) == _HELDOUT_MANNERS:
            break
    return Heldout(looks=tuple(sorted(looks)), manners=tuple(sorted(manners.items())))


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A base video and its counterfactual edits; all in one split.

    ``factors``: the edits that the base must allow; ``members``: "base" and those of them that are made.
    """

    split: str
    index: int
    factors: tuple[str, ...]
    members: tuple[str, ...]

    @property
    def id(self) -> str:
        return f"{self.split}-{self.index:06d}"

    def video_id(self, member: str) -> str:
        return f"{self.id}-{member}"


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of the videos by split; training gets the rest."""

    val: float = 0.08
    test: float = 0.30
    heldout: float = 0.08

    def __post_init__(self) -> None:
        for name in ("val", "test", "heldout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"shares.{name}: {getattr(self, name)} is not in [0, 1)")
        if self.val + self.test + self.heldout >= 1:
            raise ValueError("shares: val, test and heldout leave nothing to train on")


def _factors(split: str, index: int) -> tuple[str, ...]:
    if split == TRAIN:
        return (_TRAIN_CYCLE[index % len(_TRAIN_CYCLE)],)
    every = 4 if split == VAL else 8
    if index % every:
        return ()
    return (*HARD, OTHER[(index // every) % len(OTHER)])


def plan(videos: int, shares: Shares | None = None) -> Iterator[Group]:
    """Groups of exactly ``videos`` videos in all.

    In training every base has one edit. In the other splits most bases have none (they are the gallery), and
    every eighth (validation: fourth) has order, direction and adverb edited, and one factor more. The groups
    of a split are numbered, so that a larger corpus of the same seed begins with the smaller one.
    """
    if videos < 1:
        raise ValueError(f"videos: {videos} is less than 1")
    shares = shares or Shares()
    wanted = {VAL: round(videos * shares.val), TEST: round(videos * shares.test)}
    wanted[HELDOUT] = round(videos * shares.heldout)
    wanted[TRAIN] = videos - sum(wanted.values())
    for split in SPLITS:
        left, index = wanted[split], 0
        while left > 0:
            factors = _factors(split, index)
            members = ("base", *factors)[:left]
            yield Group(split=split, index=index, factors=factors, members=members)
            left -= len(members)
            index += 1
