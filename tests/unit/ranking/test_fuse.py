from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.fuse import RRF_K, fuse, ranked
from ranking.group import count_groups, group
from support.clips import clip_row
from vtr.vectors.store import Candidate

ROWS = {i: clip_row(i, video_id=f"v{i % 4}") for i in range(12)}

cosines = st.sampled_from([-0.5, 0.0, 0.1, 0.25, 0.5, 0.9])
lists = st.dictionaries(
    st.sampled_from(["visual", "speech", "audio"]),
    st.dictionaries(st.integers(0, 11), cosines, max_size=12).map(
        lambda found: [Candidate(ROWS[i], cosine) for i, cosine in found.items()]
    ),
)


@given(lists)
def test_scores_are_those_of_the_definition(found: dict) -> None:
    """Against the sum written down from the paper, in exact arithmetic."""
    exact: dict[str, Fraction] = {}
    for candidates in found.values():
        order = sorted(candidates, key=lambda c: (-c.cosine, c.row.clip_id))
        for rank, candidate in enumerate(order, start=1):
            clip_id = candidate.row.clip_id
            exact[clip_id] = exact.get(clip_id, Fraction(0)) + Fraction(1, RRF_K + rank)
    fused = fuse(found)
    assert {clip.row.clip_id for clip in fused} == exact.keys()
    for clip in fused:
        assert clip.score == pytest.approx(float(exact[clip.row.clip_id]), rel=1e-12)
    scores = [exact[clip.row.clip_id] for clip in fused]
    assert all(a >= b or a == pytest.approx(b, rel=1e-12) for a, b in pairwise(scores))


@given(lists, st.randoms())
def test_the_order_of_what_comes_in_does_not_matter(found: dict, chance: random.Random) -> None:
    shuffled = [(modality, chance.sample(list(c), len(c))) for modality, c in found.items()]
    chance.shuffle(shuffled)
    assert fuse(dict(shuffled)) == fuse(found)


@given(lists, st.integers(0, 11), st.sampled_from(["visual", "speech", "audio"]))
def test_coming_nearer_never_costs_a_place(found: dict, which: int, modality: str) -> None:
    """Monotone: a clip that becomes the nearest of one modality does not fall in the fused order."""
    clip_id = ROWS[which].clip_id
    before = [clip.row.clip_id for clip in fuse(found)]
    rest = [c for c in found.get(modality, []) if c.row.clip_id != clip_id]
    best = max((c.cosine for c in rest), default=0.0)
    raised = {**found, modality: [*rest, Candidate(ROWS[which], best + 0.5)]}
    after = [clip.row.clip_id for clip in fuse(raised)]
    if clip_id in before:
        assert after.index(clip_id) <= before.index(clip_id)


@given(lists)
def test_shares_add_up_and_name_rank_and_cosine(found: dict) -> None:
    for clip in fuse(found):
        assert sum(share.share for share in clip.shares) == pytest.approx(1.0)
        assert clip.cosine == max(share.cosine for share in clip.shares)
        assert {share.modality for share in clip.shares} == {
            modality
            for modality, candidates in found.items()
            if any(c.row.clip_id == clip.row.clip_id for c in candidates)
        }


@given(lists)
def test_one_modality_alone_keeps_the_order_of_its_cosines(found: dict) -> None:
    for modality, candidates in found.items():
        alone = fuse({modality: candidates})
        assert [clip.row for clip in alone] == [candidate.row for candidate in ranked(candidates)]


def test_agreement_of_two_modalities_beats_the_top_of_one() -> None:
    visual = [Candidate(ROWS[0], 0.9), Candidate(ROWS[1], 0.8)]
    speech = [Candidate(ROWS[2], 0.9), Candidate(ROWS[1], 0.8)]
    first = fuse({"visual": visual, "speech": speech})[0]
    assert first.row == ROWS[1]
    assert [(share.modality, share.rank) for share in first.shares] == [("speech", 2), ("visual", 2)]


@given(lists, st.integers(1, 15))
def test_a_group_is_led_by_its_best_clip_and_groups_keep_the_order(found: dict, k: int) -> None:
    clips = fuse(found)
    by_video = group(clips, "video", k)
    videos = list(dict.fromkeys(clip.row.video_id for clip in clips))
    assert [one.best.row.video_id for one in by_video] == videos[:k]
    for one in by_video:
        same = [clip for clip in clips if clip.row.video_id == one.best.row.video_id]
        assert [one.best, *one.others] == same[:11]
    assert [one.best for one in group(clips, "clip", k)] == clips[:k]
    assert count_groups(clips, "video") == len(videos)
    assert count_groups(clips, "clip") == len(clips)
