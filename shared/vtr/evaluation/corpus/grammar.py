"""The sentence templates, in three sets that share none: training, validation, test.

All three use the same words, so that a text tower that learns its words from the training captions knows
those of the test, but has seen none of its sentences.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtr.evaluation.corpus import splits


@dataclass(frozen=True)
class Joiner:
    """How clauses follow one another: what stands before the first, a middle one and the last."""

    first: str
    middle: str
    last: str

    def join(self, clauses: list[str]) -> str:
        """The clauses as one story; a single one is left as it is."""
        if len(clauses) == 1:
            return clauses[0]
        story = self.first + clauses[0]
        for clause in clauses[1:-1]:
            story += self.middle + clause
        return story + self.last + clauses[-1]


@dataclass(frozen=True)
class Grammar:
    """One split's templates. Slots: {cast} {story} {place} {time}; {clause} or {thing} {doing}; {change};
    {sounds}. A slot with a capital begins a sentence."""

    name: str
    full: tuple[str, ...]
    joiners: tuple[Joiner, ...]
    moment: tuple[str, ...]
    modification: tuple[str, ...]
    sound: tuple[str, ...]
    both: tuple[str, ...]


TRAIN = Grammar(
    name="train",
    full=(
        "{Cast} {place} {time}; {story}.",
        "{Place} {time} there is {cast}, and {story}.",
        "A video of {cast} {place}, {time}: {story}.",
        "{Time}, {place}, {cast}. {Story}.",
        "{Story}. The video shows {cast} {place} {time}.",
        "We see {cast}. {Story}. It happens {place} {time}.",
        "This is {cast} {time}. {Story}, {place}.",
        "Here is how {story}: {cast}, {place}, {time}.",
    ),
    joiners=(
        Joiner("", ", then ", ", then "),
        Joiner("first ", ", then ", ", and finally "),
        Joiner("", ", after that ", ", after that "),
        Joiner("", " and then ", " and then "),
        Joiner("", ", next ", ", and later "),
        Joiner("at first ", "; later ", "; finally "),
    ),
    moment=("{clause}", "the moment when {clause}", "find {thing} {doing}", "see how {clause}"),
    modification=(
        "the same, but {change}",
        "the same video, only {change}",
        "change it so that {change}",
        "like this one, but {change} instead",
        "now {change}",
    ),
    sound=("{sounds}", "we hear that {sounds}", "the sound: {sounds}"),
    both=("{seen} Meanwhile {sounds}.", "{seen} We hear that {sounds}."),
)

VAL = Grammar(
    name="val",
    full=(
        "{Time} we see {cast} {place}, and here {story}.",
        "There is {cast}; {story}; it happens {time} {place}.",
        "The video shows {cast}, {time}, {place}, and {story}.",
    ),
    joiners=(Joiner("first ", ", and then ", ", and then "), Joiner("", ", later ", ", later ")),
    moment=("here {clause}", "now see {thing} {doing}"),
    modification=("like this, but {change}", "the same one, only now {change}"),
    sound=("here {sounds}",),
    both=("{seen} Here {sounds}.",),
)

TEST = Grammar(
    name="test",
    full=(
        "{Place}, {cast}: {story}, {time}.",
        "The video shows how {story}, of {cast} {time} {place}.",
        "{Cast}, and {story}. {Place} {time}.",
        "{Time} {place} there is a video of {cast}. {Story}.",
    ),
    joiners=(
        Joiner("first ", ", after that ", ", and after that "),
        Joiner("", "; then ", ", finally "),
        Joiner("at first ", ", next ", ", then "),
        Joiner("", ", and later ", ", and finally "),
    ),
    moment=("find when {clause}", "the moment of {thing} {doing}"),
    modification=(
        "like this video, but now {change}",
        "see the same video, now {change}",
        "change this: {change}",
    ),
    sound=("find the video when {sounds}",),
    both=("{seen} And {sounds}.",),
)
GRAMMARS = {splits.TRAIN: TRAIN, splits.VAL: VAL, splits.TEST: TEST, splits.HELDOUT: TEST}
"""Split to its grammar."""
