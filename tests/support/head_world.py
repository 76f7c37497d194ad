"""Clips with states in an index and an object store, and a bundle of tiny heads over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ranking.bundles import Found
from ranking.heads import Heads
from ranking.query_heads import Desk
from ranking.ranker import Ranker, TextVectors
from ranking.state_store import StateStore
from support.clips import SUBMITTED, unit_vectors
from support.memory_store import MemoryStore
from support.ranking import FixedWatermark, Frames, clip_row, put, query
from support.tiny_dual import TINY
from vtr.contracts.events import ResultsRanked
from vtr.media import layout
from vtr.media.objects import ObjectStore
from vtr.models.encoders.clip_states import ClipStates, write_states
from vtr.models.heads.serving.protocol import Clip, Evidence, HeadScores, QueryStates, Serving
from vtr.vectors.arrays import FloatArray
from vtr.vectors.store import ClipRow

MODEL = "trained-dual_32_tiny"
CLIPS = 12
FRAMES = 5


def random_states(row: ClipRow, vector: FloatArray, seed: int) -> ClipStates:
    """Noise of the shapes of the tiny dual encoder, at the times of ``row``."""
    draw = np.random.default_rng(seed)
    times = np.array(row.frame_times_s, dtype=np.float32)
    return ClipStates(
        frames=draw.normal(size=(len(times), TINY.width)).astype(np.float32),
        regions=draw.normal(size=(len(times), 4, 24)).astype(np.float32),
        vector=vector,
        times_s=times,
        region_times_s=times,
    )


class HeadWorld:
    """Six videos of two clips each; ``found`` is what the ranker's heads are looked up as."""

    def __init__(self, folder: Path, found: Found) -> None:
        self.found = found
        self.time = 0.0
        self.store = MemoryStore()
        self.objects = ObjectStore(folder.as_uri())
        self.frames = Frames()
        self.vectors = unit_vectors(CLIPS, TINY.dim, seed=5)
        self.rows: list[ClipRow] = []
        for i in range(CLIPS):
            row = clip_row(i % 2, video_id=f"v{i // 2}")
            times = tuple(row.t0_s + 0.4 + 0.8 * k for k in range(FRAMES))
            at = (row.tenant, row.video_id, row.content_hash, row.clip_id, MODEL)
            uri = self.objects.uri(layout.frame_vectors(*at))
            row = replace(row, frame_times_s=times, frame_vectors_uri=uri)
            self.frames.by_uri[uri] = unit_vectors(FRAMES, TINY.dim, seed=50 + i)
            self.objects.put(
                layout.clip_states(*at), write_states(random_states(row, self.vectors[i], seed=i))
            )
            self.rows.append(row)
            put(self.store, "visual", row, self.vectors[i], MODEL)
        self.states = StateStore(self.objects, max_bytes=1_000_000, threads=2)
        self.desk = Desk(self.states, candidates=50, batch=4, clock=lambda: self.time)
        self.ranker = Ranker(
            self.store,
            self.frames,
            FixedWatermark(),
            Heads(lambda _model: self.found, self.desk),
            clock=lambda: self.time,
            now=lambda: SUBMITTED,
        )

    def ask(self, text: str = "a red ball moves left quickly", **fields: object) -> ResultsRanked:
        given = TextVectors(MODEL, {"visual": self.asked}) if text else None
        return self.ranker.answer(query(text, **{"group_by": "clip", "k": CLIPS, **fields}), given)

    @property
    def asked(self) -> FloatArray:
        """The vector of every text."""
        return unit_vectors(1, TINY.dim, seed=99)[0]

    def clip(self, row: ClipRow) -> Clip:
        states = self.states.load([row])[0]
        assert isinstance(states, ClipStates)
        return Clip(states, row.t0_s, row.t1_s)

    def forget_states(self, row: ClipRow) -> None:
        self.objects.delete_prefix(
            layout.clip_states(row.tenant, row.video_id, row.content_hash, row.clip_id, MODEL)
        )

    def close(self) -> None:
        self.states.close()


class FixedRunner:
    """Scores by the clip's first frame time; ``delay`` is called with the number of clips of each pass."""

    name = "camoe"
    version = "0123456789ab"

    def __init__(self, serving: Serving, delay: Callable[[int], None] = lambda _clips: None) -> None:
        self.serving = serving
        self.delay = delay
        self.passes: list[int] = []

    def score(self, query: QueryStates, clips: Sequence[Clip]) -> HeadScores:
        self.passes.append(len(clips))
        self.delay(len(clips))
        scores = np.array([clip.states.vector[0] for clip in clips], dtype=np.float32)
        return HeadScores(scores, tuple(Evidence() for _ in clips))


class FixedBundle:
    """A bundle of runners that cost nothing to build."""

    model = MODEL
    composers: Mapping[str, object] = {}
    broken: Mapping[str, str] = {}

    def __init__(self, *runners: FixedRunner, cost_ms: float = 0.0) -> None:
        self.runners = {runner.name: runner for runner in runners}
        self.cost_ms = {runner.name: cost_ms for runner in runners}

    def read(self, text: str) -> QueryStates:
        return QueryStates(text, (text,), np.zeros((1, 32), np.float32), np.zeros(32, np.float32))
