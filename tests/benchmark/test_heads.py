"""Clips a second: each head over the candidates of a query, as ranking runs them, on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from support.comparing import compare
from support.tiny_heads import save_heads
from vtr.models.dual.checkpoint import load_dual
from vtr.models.encoders.clip_states import ClipStates, read_states, write_states
from vtr.models.heads.serving.bundle import LoadedBundle, blank_clip, load_bundle
from vtr.models.heads.serving.protocol import Clip

SHIPPED = Path(__file__).parents[2] / "shared/vtr/models/checkpoints/dual-generated"
TEXT = "a red circle moves quickly to the left, and then a blue star slowly grows on a tiled floor at night"
CLIPS, BATCH, DIM = 16, 8, 128
PACKAGES = ("torch", "numpy")


def _clips(bundle: LoadedBundle, frames: int) -> list[Clip]:
    blank = blank_clip(bundle.dual, frames)
    draw = np.random.default_rng(0)

    def noise() -> ClipStates:
        s = blank.states
        return ClipStates(
            frames=draw.normal(size=s.frames.shape).astype(np.float32),
            regions=np.abs(draw.normal(size=s.regions.shape)).astype(np.float32),
            vector=s.vector,
            times_s=s.times_s,
            region_times_s=s.region_times_s,
        )

    return [Clip(noise(), blank.start_s, blank.end_s) for _ in range(CLIPS)]


def _rate(work: Callable[[list[Clip]], object], clips: list[Clip]) -> Callable[[], float]:
    def measure() -> float:
        began = time.perf_counter()
        for start in range(0, len(clips), BATCH):
            work(clips[start : start + BATCH])
        return len(clips) / (time.perf_counter() - began)

    return measure


@pytest.mark.parametrize("frames", [8, 32])
def test_heads(frames: int, tmp_path: Path) -> None:
    """Heads of the sizes that are trained, with weights that are not: time does not depend on them."""
    dual, vocabulary, card = load_dual(SHIPPED)
    for name in ("model.safetensors", "card.json"):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    save_heads(tmp_path, dual, vocabulary, card.sha256, dim=DIM)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        bundle = load_bundle(tmp_path, "benchmark")
        clips, query = _clips(bundle, frames), bundle.read(TEXT)
        stored = {id(clip): write_states(clip.states) for clip in clips}
        ways = {
            "states from bytes": _rate(lambda part: [read_states(stored[id(clip)]) for clip in part], clips),
            **{
                name: _rate(lambda part, head=runner: head.score(query, part), clips)  # type: ignore[misc]
                for name, runner in sorted(bundle.runners.items())
            },
        }
        compare(
            f"{CLIPS} candidates of {frames} frames in batches of {BATCH}",
            "clips/s",
            ways,
            to="camoe",
            packages=PACKAGES,
            repeats=3,
        )
        composer = bundle.composers["covr"]
        took = []
        for _ in range(20):
            began = time.perf_counter()
            composer.compose(query, clips[0].states.vector, clips[:1])
            took.append((time.perf_counter() - began) * 1000)
        print(f"  covr composes one query in {sorted(took)[10]:.1f} ms; a text is read in ", end="")
        began = time.perf_counter()
        bundle.read(TEXT)
        print(f"{(time.perf_counter() - began) * 1000:.1f} ms; states of a clip: ", end="")
        print(f"{len(next(iter(stored.values()))) / 1024:,.0f} KiB")
    finally:
        torch.set_num_threads(before)
