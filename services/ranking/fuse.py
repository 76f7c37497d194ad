"""Reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009).

Cosines of different modalities are not comparable: a speech vector of the right clip may lie nearer to the
query than the visual vector of any clip ever does. Ranks are, so each modality gives ``1 / (60 + rank)`` to
the clips it found, and a clip without a row in a modality gets nothing from it. A modality that the query
speaks to less surely gives so much less: "a bell rings" says little of what is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vtr.contracts.events.results import ModalityShare
from vtr.contracts.vector import Modality
from vtr.vectors.store import Candidate, ClipRow

RRF_K = 60
"""The constant of the paper: how little the top rank outweighs the next."""


@dataclass(frozen=True, slots=True)
class FusedClip:
    """A clip with its fused score and what each modality gave to it; ``cosine`` is the best of theirs."""

    row: ClipRow
    score: float
    cosine: float
    shares: tuple[ModalityShare, ...]


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Nearest first; clips that are equally near in the order of their ids, whatever order they came in."""
    return sorted(candidates, key=lambda candidate: (-candidate.cosine, candidate.row.clip_id))


def fuse(
    lists: Mapping[Modality, Sequence[Candidate]],
    *,
    k: int = RRF_K,
    weights: Mapping[Modality, float] | None = None,
    visual: Sequence[Candidate] | None = None,
) -> list[FusedClip]:
    """All clips of ``lists``, best first: by fused score, then by cosine, then by clip_id.

    With one list, this is the order of its cosines. ``weights``: of modalities whose ranks count otherwise
    than once; above 0. ``visual``: the visual list in another order than that of its cosines.
    """
    found: dict[str, list[tuple[Modality, int, Candidate]]] = {}
    # A fixed order of modalities, so that sums have the same bits however the mapping was built.
    for modality in sorted(lists):
        given = visual if modality == "visual" and visual is not None else ranked(lists[modality])
        for rank, candidate in enumerate(given, start=1):
            found.setdefault(candidate.row.clip_id, []).append((modality, rank, candidate))
    fused = [_fused(parts, k, weights or {}) for parts in found.values()]
    return sorted(fused, key=lambda clip: (-clip.score, -clip.cosine, clip.row.clip_id))


def _fused(
    parts: Sequence[tuple[Modality, int, Candidate]], k: int, weights: Mapping[Modality, float]
) -> FusedClip:
    gains = [weights.get(modality, 1.0) / (k + rank) for modality, rank, _ in parts]
    score = sum(gains)
    shares = tuple(
        ModalityShare(modality=modality, cosine=candidate.cosine, rank=rank, share=min(1.0, gain / score))
        for gain, (modality, rank, candidate) in zip(gains, parts, strict=True)
    )
    rows = {modality: candidate.row for modality, _, candidate in parts}
    return FusedClip(
        # Frames and states are the visual model's: where its collection has the clip, its row tells of them.
        row=rows.get("visual", parts[0][2].row),
        score=score,
        cosine=max(candidate.cosine for _, _, candidate in parts),
        shares=tuple(sorted(shares, key=lambda share: (-share.share, share.modality))),
    )
