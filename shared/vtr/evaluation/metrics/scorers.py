"""From embeddings to scores: cosine, the query bank, and the dual softmax that must not be the headline.

Similarities S are [Q, N]: queries by videos.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from vtr.evaluation.metrics.checks import Bools, Floats, score_matrix
from vtr.evaluation.metrics.hubness import k_occurrences


class Scorer(Protocol):
    """Scores queries against a gallery. ``transductive``: whether a query's ranking depends on the others,
    which no search can offer, since queries come one by one."""

    @property
    def name(self) -> str: ...

    @property
    def transductive(self) -> bool: ...

    def __call__(self, queries: ArrayLike, gallery: ArrayLike) -> Floats:
        """``queries`` [Q, D] and ``gallery`` [N, D] to scores float64 [Q, N], higher is better."""
        ...


def cosine(queries: ArrayLike, gallery: ArrayLike) -> Floats:
    """Cosine of each query [Q, D] with each item [N, D]: float64 [Q, N]. Raises ValueError on a zero row."""
    a, b = _unit(queries, "queries"), _unit(gallery, "gallery")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"gallery: {b.shape[1]} dimensions, queries have {a.shape[1]}")
    return a @ b.T


def dual_softmax(similarities: ArrayLike, temperature: float = 100.0) -> Floats:
    """``S * softmax(temperature * S)``, the softmax over the queries (CAMoE, Cheng et al. 2021).

    Transductive: a video's weight for a query depends on all the other queries of the test set.
    """
    matrix = score_matrix(similarities, "similarities")
    weights = np.exp(temperature * (matrix - matrix.max(axis=0, keepdims=True)))
    return np.asarray(matrix * weights / weights.sum(axis=0, keepdims=True), dtype=np.float64)


@dataclass(frozen=True)
class QueryBank:
    """Query bank normalisation (Bogolin et al., CVPR 2022): the dynamic inverted softmax.

    ``log_z`` [N]: of each video, ``log sum_b exp(beta s(b, v))`` over the bank's queries b, one scalar that
    can be computed when the video comes in. ``hubs`` [N]: whether the video is the best answer of at least
    one query of the bank (the paper's activation set). The bank is background queries (of training or of
    former days), never those of the test, so that nothing here is transductive.
    """

    log_z: Floats
    hubs: Bools
    beta: float

    @classmethod
    def of(cls, similarities: ArrayLike, beta: float = 20.0, k: int = 1) -> QueryBank:
        """The bank from the similarities [B, N] of its B queries with the gallery.

        A video is a hub if it is among the best ``k`` of any bank query. beta 20 and k 1 are the paper's.
        """
        matrix = score_matrix(similarities, "similarities")
        if not beta > 0:
            raise ValueError(f"beta: {beta} is not above 0")
        scaled = beta * matrix
        top = scaled.max(axis=0)
        log_z = top + np.log(np.exp(scaled - top).sum(axis=0))
        return cls(np.asarray(log_z, dtype=np.float64), k_occurrences(matrix, k) > 0, beta)

    def normalise(self, similarities: ArrayLike) -> Floats:
        """Scores of queries whose similarities with the same gallery are ``similarities`` [Q, N].

        ``s - log_z / beta`` (which ranks as the inverted softmax exp(beta s) / Z does, without overflow) for
        queries whose best hit is a hub; the similarities as they are for all others.
        """
        matrix = score_matrix(similarities, "similarities")
        if matrix.shape[1] != len(self.log_z):
            raise ValueError(f"similarities: {matrix.shape[1]} videos, the bank knows {len(self.log_z)}")
        active = self.hubs[matrix.argmax(axis=1)]
        return np.where(active[:, None], matrix - self.log_z / self.beta, matrix)


@dataclass(frozen=True)
class CosineScorer:
    """Plain cosine: what the index does."""

    name: str = "cosine"
    transductive: bool = False

    def __call__(self, queries: ArrayLike, gallery: ArrayLike) -> Floats:
        return cosine(queries, gallery)


@dataclass(frozen=True)
class DualSoftmaxScorer:
    """Dual softmax over the queries it is called with: transductive, to be reported apart and marked."""

    temperature: float = 100.0
    name: str = "dual softmax over the test queries"
    transductive: bool = True

    def __call__(self, queries: ArrayLike, gallery: ArrayLike) -> Floats:
        return dual_softmax(cosine(queries, gallery), self.temperature)


@dataclass(frozen=True)
class QueryBankScorer:
    """Cosine normalised by a bank of background queries ``bank`` [B, D]."""

    bank: Floats
    beta: float = 20.0
    k: int = 1
    name: str = "query bank"
    transductive: bool = False

    def __call__(self, queries: ArrayLike, gallery: ArrayLike) -> Floats:
        bank = QueryBank.of(cosine(self.bank, gallery), self.beta, self.k)
        return bank.normalise(cosine(queries, gallery))


def _unit(vectors: ArrayLike, name: str) -> Floats:
    found = score_matrix(vectors, name)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    if not lengths.all():
        raise ValueError(f"{name}: row {int(np.argmin(lengths))} is zero")
    return np.asarray(found / lengths, dtype=np.float64)
