"""The plumbing encoder: deterministic, and right about colours."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from support.encoder_contract import assert_encoder_contract
from support.frames import solid_clip
from vtr.models.encoders.colours import COLOURS, colour_shares, colour_words
from vtr.models.encoders.random_encoder import RandomEncoder


@pytest.mark.parametrize("dim", [16, 64, 301])
def test_keeps_the_contract(dim: int) -> None:
    encoder = RandomEncoder(dim)
    assert encoder.dim == dim
    assert_encoder_contract(encoder)


@pytest.mark.parametrize("dim", [16, 64, 384])
def test_a_solid_clip_is_first_for_its_colour(dim: int) -> None:
    encoder = RandomEncoder(dim)
    clips = np.stack([e.clip for e in encoder.encode_clips([solid_clip(rgb) for rgb in COLOURS.values()])])
    for template in ("{}", "a {} square on the screen", "Everything is {}."):
        texts = encoder.encode_texts([template.format(name) for name in COLOURS])
        scores = texts @ clips.T
        assert scores.argmax(axis=1).tolist() == list(range(len(COLOURS)))
        assert np.diag(scores).min() > 0.7


def test_pure_green_and_dark_green_are_green() -> None:
    for rgb in ((0, 255, 0), (0, 128, 0)):
        shares = colour_shares(np.full((2, 2, 3), rgb, dtype=np.uint8))
        assert shares[list(COLOURS).index("green")] == 1


def test_colour_words_are_whole_words() -> None:
    assert colour_words("Red, or GREY? not redder") == ["gray", "red"]
    assert colour_words("a hundred") == []


def test_the_same_in_every_process() -> None:
    code = (
        "from vtr.models.encoders.random_encoder import RandomEncoder\n"
        "print(RandomEncoder(64).encode_texts(['a red bus', 'rain']).tobytes().hex())"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        )
        assert done.stdout.strip() == RandomEncoder(64).encode_texts(["a red bus", "rain"]).tobytes().hex()


def test_version_names_the_dimension() -> None:
    assert RandomEncoder(64).model_version != RandomEncoder(65).model_version


def test_closed_means_closed() -> None:
    encoder = RandomEncoder()
    encoder.close()
    encoder.close()
    with pytest.raises(RuntimeError, match="closed"):
        encoder.encode_texts(["red"])
