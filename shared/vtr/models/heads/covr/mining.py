"""Triplets from any captioned corpus: pairs of videos whose captions differ by a small edit.

CoVR (section 3) pairs captions that differ by one word and has a language model write the modification;
here a span of a few words may differ, and rules write it. Captions whose words around the span are the same
meet in one bucket, so that no two captions are compared that do not belong together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vtr.models.heads.covr.difference import difference
from vtr.models.heads.covr.modification import modification
from vtr.models.heads.covr.triplets import ComposedTriplet
from vtr.models.heads.tagging.rules import RuleTagger
from vtr.models.heads.tagging.tags import PosTagger, Tag, Word

_NEIGHBOURS = 16
"""How many captions of a bucket each is paired with: a bucket of thousands must not become millions."""


@dataclass(frozen=True)
class MiningOptions:
    """``max_words``: longest span that may differ; ``min_context``: words that must agree.

    ``per_reference``: most triplets of one example; ``per_change``: most of one change ("red" to "blue"), so
    that no change fills the set. ``seed`` picks sentences.
    """

    max_words: int = 3
    min_context: int = 3
    per_reference: int = 4
    per_change: int = 50
    seed: str = "0"

    def __post_init__(self) -> None:
        for field in ("max_words", "min_context", "per_reference", "per_change"):
            if getattr(self, field) < 1:
                raise ValueError(f"{field}: {getattr(self, field)} is less than 1")


@dataclass(frozen=True, slots=True)
class _Caption:
    owner: str
    words: tuple[str, ...]
    tagged: tuple[Word, ...]


def mine_triplets(
    captions: Iterable[tuple[str, str]],
    options: MiningOptions | None = None,
    *,
    tagger: PosTagger | None = None,
    keep: Callable[[str, str], bool] | None = None,
) -> list[ComposedTriplet]:
    """Triplets from (video id, caption) pairs, both directions of each edit, in the order of the captions.

    A video may have several captions. A caption that two videos share is left out: it would not tell which
    of them is the answer. ``keep(reference, target)`` may refuse pairs, for example videos that look alike.
    Memory is about ten kilobytes a caption. Raises ValueError for an empty id.
    """
    options = options or MiningOptions()
    unique = _unique(captions, tagger or RuleTagger())
    found: list[ComposedTriplet] = []
    by_reference: Counter[str] = Counter()
    by_change: Counter[tuple[str, ...]] = Counter()
    seen: set[tuple[str, str]] = set()
    for reference, target in _pairs(unique, options):
        pair = (reference.owner, target.owner)
        if pair in seen or by_reference[reference.owner] >= options.per_reference:
            continue
        change = difference(reference.words, target.words)
        # Equal hashes of different words would bring strangers together.
        if change is None or change.size > options.max_words:
            continue
        key = (
            *reference.words[change.start : change.before_end],
            ">",
            *target.words[change.start : change.after_end],
        )
        made = modification(reference.tagged, target.tagged, change, seed=f"{options.seed}/{pair}")
        if made is None or by_change[key] >= options.per_change or (keep and not keep(*pair)):
            continue
        seen.add(pair)
        by_reference[reference.owner] += 1
        by_change[key] += 1
        kind, text = made
        found.append(ComposedTriplet(reference=reference.owner, text=text, target=target.owner, factor=kind))
    return found


def _unique(captions: Iterable[tuple[str, str]], tagger: PosTagger) -> list[_Caption]:
    """Captions as words without punctuation, less those of more than one video, one of each."""
    owners: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    first: dict[tuple[str, ...], _Caption] = {}
    for owner, text in captions:
        if not owner:
            raise ValueError(f"id: empty, for the caption {text!r}")
        tagged = tuple(word for word in tagger.tag(text) if word.tag is not Tag.PUNCT)
        words = tuple(word.text.lower() for word in tagged)
        owners[words].add(owner)
        first.setdefault(words, _Caption(owner, words, tagged))
    return [caption for words, caption in first.items() if len(owners[words]) == 1]


def _pairs(captions: list[_Caption], options: MiningOptions) -> Iterator[tuple[_Caption, _Caption]]:
    """Ordered pairs of captions of different videos that share all words around a span."""
    buckets: defaultdict[int, list[int]] = defaultdict(list)
    for number, caption in enumerate(captions):
        for key in _contexts(caption.words, options):
            buckets[key].append(number)
    partners: defaultdict[int, dict[int, None]] = defaultdict(dict)
    for members in buckets.values():
        for place, one in enumerate(members):
            for other in members[place + 1 : place + 1 + _NEIGHBOURS]:
                if captions[one].owner != captions[other].owner:
                    partners[one][other] = None
                    partners[other][one] = None
    for one in sorted(partners):
        # The smallest change first: it is the clearest, and a reference has few triplets to give.
        def size(other: int, words: tuple[str, ...] = captions[one].words) -> tuple[int, int]:
            change = difference(words, captions[other].words)
            return (change.size if change else 0, other)

        for other in sorted(partners[one], key=size):
            yield captions[one], captions[other]


def _contexts(words: tuple[str, ...], options: MiningOptions) -> Iterator[int]:
    """A hash of the words before and after each span of up to ``max_words`` words, empty ones included."""
    before, after = [0], [0]
    for word in words:
        before.append(hash((before[-1], word)))
    for word in reversed(words):
        after.append(hash((after[-1], word)))
    for length in range(options.max_words + 1):
        if len(words) - length < options.min_context:
            return
        for start in range(len(words) - length + 1):
            yield hash((before[start], after[len(words) - start - length]))
