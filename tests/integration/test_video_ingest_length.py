"""A video may be hours long: what is in memory does not depend on it."""

from __future__ import annotations

import tracemalloc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ingest import NoTombstones, ingest_settings, submitted
from support.media import Picture, scenes, write_video
from video_ingest.decode import FrameSampler, SampledFrame
from video_ingest.fetch import Fetcher
from video_ingest.handler import IngestStep
from video_ingest.video import MediaFiles
from vtr.contracts.events import ClipExtracted
from vtr.observability import metrics

HOURS = 3
SECONDS = HOURS * 3600
PICTURE_BYTES = 64 * 48 * 3


class Sink:
    """An object store that keeps small records only, so that what is measured is the service."""

    def __init__(self) -> None:
        self.records: dict[str, bytes] = {}
        self.packs = 0

    def put(self, path: str, data: bytes) -> str:
        if path.endswith(".json"):
            self.records[path] = data
        else:
            self.packs += 1
        return f"sink://{path}"

    def get(self, uri: str) -> bytes:
        if uri not in self.records:
            raise FileNotFoundError(uri)
        return self.records[uri]

    def children(self, path: str) -> list[str]:
        return []

    def delete_prefix(self, path: str) -> int:
        return 0


class Census:
    """Counts the sampled frames that are alive."""

    def __init__(self) -> None:
        self.alive = 0
        self.most = 0
        self.all = 0

    def watch(self, frames: Iterator[SampledFrame]) -> Iterator[SampledFrame]:
        for frame in frames:
            self.all += 1
            self.alive += 1
            self.most = max(self.most, self.alive)
            weakref.finalize(frame, self._died)
            yield frame
            del frame

    def _died(self) -> None:
        self.alive -= 1


@pytest.fixture(scope="module")
def long_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hours at one frame a second, with a cut every seven seconds."""
    path = tmp_path_factory.mktemp("long") / "three-hours.mkv"
    colours = [scenes([0.0] * number) for number in range(6)]

    def paint(time_s: float) -> Picture:
        return colours[int(time_s / 7) % 6](time_s % 100)

    return write_video(path, seconds=SECONDS, fps=1, gop=60, painter=paint)


def step(folder: Path, objects: Sink) -> IngestStep:
    settings = ingest_settings(folder)
    return IngestStep(
        sources=Fetcher(settings.fetch),
        videos=MediaFiles(settings.decode, settings.cut),
        objects=objects,
        tombstones=NoTombstones(),
        fingerprint=settings.fingerprint(),
    )


def test_three_hours_never_hold_more_than_a_few_shots(
    long_video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    census = Census()
    sample = FrameSampler.sample
    monkeypatch.setattr(FrameSampler, "sample", lambda self, from_s=0.0: census.watch(sample(self, from_s)))
    sink = Sink()
    clips, covered_s = 0, 0.0
    tracemalloc.start()
    try:
        for emit in step(tmp_path, sink).handle([submitted(long_video)]):
            if isinstance(emit.event, ClipExtracted):
                assert emit.event.t0_s == covered_s
                clips, covered_s = clips + 1, emit.event.t1_s
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert census.all == SECONDS
    assert covered_s == SECONDS
    assert clips == sink.packs
    assert SECONDS / 10 <= clips <= SECONDS / 6
    longest_shot = 10 + 1
    assert census.most <= 3 * longest_shot
    # The records that the sink keeps, and the service; all frames together would be a hundred megabytes.
    assert peak < 0.25 * SECONDS * PICTURE_BYTES


def test_a_resume_near_the_end_decodes_the_end_only(long_video: Path, tmp_path: Path) -> None:
    sink = Sink()
    for emit in step(tmp_path, sink).handle([submitted(long_video)]):
        if isinstance(emit.event, ClipExtracted) and emit.event.t1_s > SECONDS - 120:
            break
    before = metrics.FRAMES_DECODED._value.get()
    last = [
        emit.event
        for emit in step(tmp_path, sink).handle([submitted(long_video)])
        if isinstance(emit.event, ClipExtracted)
    ][-1]
    assert last.t1_s == SECONDS
    assert last.clip_count == last.ordinal + 1
    assert metrics.FRAMES_DECODED._value.get() - before < 400
