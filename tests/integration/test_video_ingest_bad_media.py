"""Every damaged or odd file ends as clips, or as a failure with its reason."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from support.bad_media import CASES, SEARCHABLE, BadMedia
from support.ingest import ingest_settings, ingest_step, run, submitted
from vtr.media.framepack import decode_frames, read_pack
from vtr.media.objects import ObjectStore


def test_there_are_at_least_thirty_of_them_with_distinct_names() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 30


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_file_ends_as_it_must(case: BadMedia, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    uri = case.build(files)
    objects = ObjectStore(f"file://{tmp_path}/objects")
    outcome = run(ingest_step(ingest_settings(tmp_path), objects), submitted(uri))

    assert outcome.stages[0] == "received"
    if outcome.error is not None:
        assert outcome.error.code in case.outcomes, outcome.error.message
        assert outcome.stages == ["received", "failed"]
        failure = outcome.statuses[-1].failure
        assert failure is not None
        assert failure.code == outcome.error.code
        assert failure.message
        assert not outcome.clips
        return

    assert SEARCHABLE in case.outcomes, f"gave {len(outcome.clips)} clips"
    assert outcome.stages == ["received", "decoded"]
    clips = outcome.clips
    assert [clip.ordinal for clip in clips] == list(range(len(clips)))
    assert [clip.clip_count for clip in clips] == [None] * (len(clips) - 1) + [len(clips)]
    assert clips[0].t0_s == 0.0
    for clip in clips:
        pack = read_pack(objects.get(clip.frames.uri))
        assert pack.times_s == clip.frames.times_s
        assert all(clip.t0_s <= time_s < clip.t1_s for time_s in pack.times_s)
        for frame in decode_frames(pack):
            assert frame.shape == (clip.frames.height, clip.frames.width, 3)
            assert max(frame.shape) <= 448
    for earlier, later in pairwise(clips):
        assert earlier.t1_s == later.t0_s
