"""A dual encoder on a corpus: random and hard galleries, swapped captions, and controls that must fail.

Nothing here looks at other queries: no number is transductive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.corpus.record import Caption, VideoRecord
from vtr.evaluation.metrics.binary import binary_accuracy
from vtr.evaluation.metrics.ranks import retrieval_metrics, target_ranks
from vtr.models.dual.infer import Floats, embed_texts, embed_videos
from vtr.models.dual.model import DualEncoder
from vtr.models.dual.vocabulary import Vocabulary, words_of
from vtr.models.training.features import FeatureStore

SWAPPED = ("direction", "adverb", "order", "relation", "colour")


class DualEvaluator:
    """Metrics in percent (ranks from 1). ``captions`` of a video are those of kind ``full``; the first is its
    query, everywhere."""

    def __init__(self, corpus: Corpus, store: FeatureStore, vocabulary: Vocabulary) -> None:
        self._corpus, self._store, self._vocabulary = corpus, store, vocabulary
        self._known: dict[str, Floats] = {}

    def validation(self, model: DualEncoder) -> dict[str, float]:
        """What training is steered by: R@1 among all of ``val``, with each base's edits beside it, and parts.

        ``val`` is the mean of R@1 and of the R@1 of the hard galleries, where there are any.
        """
        found = self.split(model, "val", controls=False)
        steered = [found[name] for name in ("all/R@1", "hard/R@1") if name in found]
        return {"val": float(np.mean(steered)), **found}

    def split(self, model: DualEncoder, split: str, *, controls: bool = True) -> dict[str, float]:
        """All metrics of ``split``, by names such as ``t2v/R@1``, ``hard/R@1``, ``swap/order``."""
        records = self._corpus.split(split)
        self._known = {}
        videos = embed_videos(model, self._store, records)
        queries = [full_captions(record)[0] for record in records]
        texts = self._texts(model, [caption.text for caption in queries])
        bases = np.flatnonzero([record.member == "base" for record in records])
        found: dict[str, float] = {"gallery": float(len(bases))}
        square = texts[bases] @ videos[bases].T
        own = range(len(bases))
        found |= _named("t2v", retrieval_metrics(target_ranks(square, own)))
        found |= _named("v2t", retrieval_metrics(target_ranks(square.T, own)))
        seen = np.flatnonzero([record.member not in {"sound", "word"} for record in records])
        everything = texts[seen] @ videos[seen].T
        found |= _named("all", retrieval_metrics(target_ranks(everything, range(len(seen)))))
        found |= self._hard(records, texts, videos, split)
        found |= self._swaps(model, records, videos)
        if controls:
            found |= self._controls(model, records, texts, videos, split)
        return found

    def _texts(self, model: DualEncoder, texts: Sequence[str]) -> Floats:
        """Each text of a split is embedded once: captions are asked for in several tasks."""
        new = sorted(set(texts) - self._known.keys())
        self._known |= zip(new, embed_texts(model, self._vocabulary.encode_all(new)), strict=True)
        return np.stack([self._known[text] for text in texts])

    def _hard(
        self, records: Sequence[VideoRecord], texts: Floats, videos: Floats, split: str
    ) -> dict[str, float]:
        """R@1 in galleries of a base and its edits; chance is one over their size."""
        at = {record.id: number for number, record in enumerate(records)}
        hits: list[bool] = []
        chance: list[float] = []
        for gallery in self._corpus.galleries:
            if gallery.split != split:
                continue
            rows = [at[video] for video in gallery.videos]
            ranks = target_ranks(texts[rows] @ videos[rows].T, range(len(rows)))
            hits.extend((ranks == 1).tolist())
            chance.extend([1 / len(rows)] * len(rows))
        if not hits:
            return {}
        return {"hard/R@1": 100 * float(np.mean(hits)), "hard/chance": 100 * float(np.mean(chance))}

    def _swaps(self, model: DualEncoder, records: Sequence[VideoRecord], videos: Floats) -> dict[str, float]:
        """Binary accuracy of a video's caption against the same with one factor swapped; chance is 50."""
        found = {}
        for factor in SWAPPED:
            pairs = [
                (number, caption.text, caption.swaps[factor])
                for number, record in enumerate(records)
                for caption in full_captions(record)[:1]
                if factor in caption.swaps
            ]
            if not pairs:
                continue
            own = videos[[number for number, _, _ in pairs]]
            right = (self._texts(model, [text for _, text, _ in pairs]) * own).sum(axis=1)
            wrong = (self._texts(model, [text for _, _, text in pairs]) * own).sum(axis=1)
            found[f"swap/{factor}"] = binary_accuracy(right, wrong)
        return found

    def _controls(
        self,
        model: DualEncoder,
        records: Sequence[VideoRecord],
        texts: Floats,
        plain: Floats,
        split: str,
    ) -> dict[str, float]:
        """With frames in random order, and with the caption's words in random order: order must be lost."""
        videos = embed_videos(model, self._store, records, prepare=_shuffled)
        found = _named("shuffled_frames", self._hard(records, texts, videos, split))
        swaps = self._swaps(model, records, videos)
        found |= {f"shuffled_frames/{name}": value for name, value in swaps.items()}
        bags = [_bag(full_captions(record)[0].text) for record in records]
        bag_texts = self._texts(model, bags)
        found |= _named("bag_of_words", self._hard(records, bag_texts, plain, split))
        bases = np.flatnonzero([record.member == "base" for record in records])
        ranks = target_ranks(bag_texts[bases] @ plain[bases].T, range(len(bases)))
        return found | _named("bag_of_words/t2v", retrieval_metrics(ranks))


def full_captions(record: VideoRecord) -> list[Caption]:
    """The captions of everything that is seen."""
    return [caption for caption in record.captions if caption.kind == "full"]


def _named(prefix: str, metrics: Mapping[str, float]) -> dict[str, float]:
    return {f"{prefix}/{name}": float(value) for name, value in metrics.items()}


def _shuffled(frames: NDArray[np.uint8], record: VideoRecord) -> NDArray[np.uint8]:
    rng = np.random.default_rng(crc32(record.id.encode()))
    return np.ascontiguousarray(frames[rng.permutation(len(frames))])


def _bag(text: str) -> str:
    words = words_of(text)
    Random(text).shuffle(words)
    return " ".join(words)
