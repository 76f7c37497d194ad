"""The frame budget holds, halves when memory runs out, and no clip is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from clip_encoder.encode import BudgetedEncoder
from vtr.contracts.step import Rejected
from vtr.models.encoders.base import ClipEmbedding, ClipFrames, EncodingError, FloatArray


class SmallMemory:
    """An encoder that runs out of memory above ``capacity`` frames; embeds a clip as its first pixel."""

    model_version = "small-1"
    dim = 2

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.passes: list[int] = []

    def encode_clips(self, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]:
        frames = sum(len(clip.frames) for clip in clips)
        self.passes.append(frames)
        if frames > self.capacity:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return [
            ClipEmbedding(
                clip=np.array([clip.frames[0][0, 0, 0], 1.0], dtype=np.float32),
                frames=np.ones((len(clip.frames), 2), dtype=np.float32),
            )
            for clip in clips
        ]

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        return self.encode_passages(texts)

    def encode_passages(self, texts: Sequence[str]) -> FloatArray:
        for index, text in enumerate(texts):
            if text == "♪":
                raise EncodingError(index, "has no word")
        return np.array([[len(text), 0.0] for text in texts], dtype=np.float32)

    def close(self) -> None:
        return


def clip(value: int, frames: int) -> ClipFrames:
    return ClipFrames(
        frames=[np.full((2, 2, 3), value, dtype=np.uint8)] * frames,
        times_s=tuple(float(i) for i in range(frames)),
    )


def first_pixels(embeddings: list[ClipEmbedding]) -> list[float]:
    return [float(embedding.clip[0]) for embedding in embeddings]


def test_a_pass_stays_within_the_budget() -> None:
    model = SmallMemory(1000)
    found = BudgetedEncoder(model, frame_budget=10).clips([clip(i, 4) for i in range(5)])
    assert first_pixels(found) == [0, 1, 2, 3, 4]
    assert model.passes == [8, 8, 4]


def test_out_of_memory_halves_the_budget_for_good_and_goes_on() -> None:
    model = SmallMemory(5)
    encoder = BudgetedEncoder(model, frame_budget=16)
    assert first_pixels(encoder.clips([clip(i, 4) for i in range(4)])) == [0, 1, 2, 3]
    assert encoder.budget == 4
    model.passes.clear()
    encoder.clips([clip(9, 4), clip(8, 4)])
    assert model.passes == [4, 4], "no second run into the wall"


def test_a_clip_that_alone_exceeds_the_memory_is_rejected() -> None:
    encoder = BudgetedEncoder(SmallMemory(5), frame_budget=16)
    with pytest.raises(Rejected, match="9 frames") as caught:
        encoder.clips([clip(1, 9)])
    assert caught.value.code == "clip-exceeds-memory"


def test_other_faults_of_the_model_are_not_taken_for_memory() -> None:
    class Broken(SmallMemory):
        def encode_clips(self, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]:
            raise RuntimeError("shape mismatch")

    with pytest.raises(RuntimeError, match="shape mismatch"):
        BudgetedEncoder(Broken(5), frame_budget=16).clips([clip(1, 1)])


def test_transcripts_without_words_have_no_vector_and_cost_the_others_nothing() -> None:
    encoder = BudgetedEncoder(SmallMemory(5), frame_budget=16)
    found = encoder.passages(["", "abc", "♪", "  ", "de"])
    assert [None if vector is None else float(vector[0]) for vector in found] == [None, 3, None, None, 2]


def test_warm_up_runs_both_towers() -> None:
    seen: list[str] = []
    encoder = BudgetedEncoder(
        SmallMemory(5), frame_budget=4, on_inference=lambda kind, _seconds, _items: seen.append(kind)
    )
    encoder.warm_up(clip(1, 2))
    assert seen == ["clip", "passage"]
