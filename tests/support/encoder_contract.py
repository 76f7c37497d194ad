"""What every encoder must do, whichever towers it has."""

from __future__ import annotations

import re

import numpy as np
import pytest

from support.frames import noise_clip
from vtr.models.encoders.base import ClipFrames, Encoder, EncodingError, TextEncoder

CLIPS = [
    noise_clip(1, 3),
    noise_clip(2, 1, height=50, width=20),
    noise_clip(3, 6, height=17, width=33),
    ClipFrames(
        [*noise_clip(4, 2).frames, *noise_clip(5, 2, height=64, width=24).frames], (0.0, 1.0, 2.0, 3.0)
    ),
]
TEXTS = ["a red ball", "two dogs run along the beach", "x", "night"]
LONG = " ".join(f"word{i} and then it rains" for i in range(300))


def assert_encoder_contract(encoder: Encoder, *, tolerance: float = 1e-4) -> None:
    """Shapes, norms, order, independence of the rest of the call, and refusals."""
    assert isinstance(encoder, Encoder)
    assert re.fullmatch(r"[a-z0-9_-]+", encoder.model_version)
    together = encoder.encode_clips(CLIPS)
    assert len(together) == len(CLIPS)
    for clip, embedding in zip(CLIPS, together, strict=True):
        assert embedding.clip.shape == (encoder.dim,)
        assert embedding.frames.shape == (len(clip.frames), encoder.dim)
        assert embedding.clip.dtype == embedding.frames.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(embedding.clip), 1, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(embedding.frames, axis=1), 1, atol=1e-5)
        alone = encoder.encode_clips([clip])[0]
        np.testing.assert_allclose(embedding.clip, alone.clip, atol=tolerance)
        np.testing.assert_allclose(embedding.frames, alone.frames, atol=tolerance)
    # Different clips differ by far more than the tolerance, so that the comparison above says something.
    clips = np.stack([embedding.clip for embedding in together])
    assert np.abs(clips - np.roll(clips, 1, axis=0)).max(axis=1).min() > 20 * tolerance
    backwards = encoder.encode_clips(CLIPS[::-1])[::-1]
    np.testing.assert_allclose(clips, [embedding.clip for embedding in backwards], atol=tolerance)
    assert encoder.encode_clips([]) == []
    _assert_clip_refusals(encoder)
    assert_text_contract(encoder, tolerance=tolerance)


def _assert_clip_refusals(encoder: Encoder) -> None:
    good = CLIPS[0]
    grey = np.zeros((4, 4), dtype=np.uint8)
    bad = {
        "frames is empty": ClipFrames([], ()),
        "times_s holds 1": ClipFrames(good.frames, (0.0,)),
        r"frame 1.*shape \[4, 4\]": ClipFrames([good.frames[0], grey], (0.0, 1.0)),
        "frame 0.*float32": ClipFrames([good.frames[0].astype(np.float32)], (0.0,)),
    }
    for message, clip in bad.items():
        with pytest.raises(EncodingError, match=rf"clip 2.*{message}") as caught:
            encoder.encode_clips([good, good, clip])
        assert caught.value.index == 2


def assert_text_contract(encoder: TextEncoder, *, tolerance: float = 1e-4) -> None:
    """The text half, short and long."""
    assert isinstance(encoder, TextEncoder)
    for encode in (encoder.encode_texts, encoder.encode_passages):
        mixed = [*TEXTS, LONG]
        vectors = encode(mixed)
        assert vectors.shape == (5, encoder.dim)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(vectors, [encode([text])[0] for text in mixed], atol=tolerance)
        np.testing.assert_allclose(vectors, encode(mixed[::-1])[::-1], atol=tolerance)
        assert np.abs(vectors - np.roll(vectors, 1, axis=0)).max(axis=1).min() > 20 * tolerance
        assert encode([]).shape == (0, encoder.dim)
        with pytest.raises(EncodingError, match="text 1: blank") as caught:
            encode(["fine", " \n"])
        assert caught.value.index == 1
    # The end of a long passage counts: it is not cut off at the first window.
    changed = encoder.encode_passages([LONG + " zebra" * 60])[0]
    assert np.abs(changed - encoder.encode_passages([LONG])[0]).max() > tolerance
    # A passage that fits is a text.
    np.testing.assert_allclose(encoder.encode_passages(TEXTS), encoder.encode_texts(TEXTS), atol=tolerance)
