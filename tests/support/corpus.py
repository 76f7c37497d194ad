"""Scenes to test the generated corpus with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.sample import SceneOptions, sample_group
from vtr.evaluation.corpus.scene import Event, Scene, Thing
from vtr.evaluation.corpus.splits import SPLITS, Group, draw_heldout, plan

HELDOUT = draw_heldout(0)


def a_thing(**changes: Any) -> Thing:
    """A small plain red circle in the middle."""
    thing = Thing(shape="circle", colour="red", pattern="plain", size="small", count=1, home=(0.5, 0.5))
    return msgspec.structs.replace(thing, **changes)


def a_scene(*events: Event, **changes: Any) -> Scene:
    """One red circle on tiles by day, camera still; it moves right unless told otherwise."""
    scene = Scene(
        things=(a_thing(),),
        events=events or (Event(thing=0, action="moves", direction="right"),),
        relation=None,
        background="tiles",
        time_of_day="day",
        camera="still",
        sound=None,
        word=None,
        fps=10,
        lead_frames=4,
        slot_frames=20,
        tail_frames=4,
        seed=5,
    )
    return msgspec.structs.replace(scene, **changes)


def groups(split: str, count: int) -> list[Group]:
    """The first groups of a split."""
    assert split in SPLITS
    return [g for g in plan(40 * count) if g.split == split][:count]


def sampled(group: Group, seed: int = 0) -> list[Scene]:
    """The base scene of ``group`` and its edited ones."""
    base, edits = sample_group(group, seed, SceneOptions(), draw_heldout(seed))
    return [base, *(scene for scene, _ in edits.values())]


def decode(path: Path) -> NDArray[np.uint8]:
    """All frames of a video as RGB [T, H, W, 3]."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def decode_sound(path: Path) -> tuple[NDArray[np.float32], int]:
    """The sound of a video: mono samples and their rate."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        parts = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(parts).astype(np.float32), rate
