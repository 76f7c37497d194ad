from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.encoder_contract import assert_encoder_contract, assert_text_contract
from support.tiny_dual import saved_dual
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.registry import load_encoder, load_text_encoder
from vtr.models.training.checkpoints import CheckpointError

OPTIONS = EncoderOptions(device="cpu")


def test_it_does_what_every_encoder_must(tmp_path: Path) -> None:
    assert_encoder_contract(load_encoder(f"trained:{saved_dual(tmp_path)}", options=OPTIONS))


def test_its_text_half_is_that_of_the_whole(tmp_path: Path) -> None:
    folder = saved_dual(tmp_path)
    whole = load_encoder(f"trained:{folder}", options=OPTIONS)
    half = load_text_encoder(f"trained:{folder}", options=OPTIONS)
    assert_text_contract(half)
    assert half.model_version == whole.model_version
    np.testing.assert_allclose(half.encode_texts(["a red ball"]), whole.encode_texts(["a red ball"]))


def test_other_weights_are_another_version(tmp_path: Path) -> None:
    one, other = (
        load_text_encoder(f"trained:{saved_dual(tmp_path / str(seed), seed)}", options=OPTIONS)
        for seed in (0, 1)
    )
    assert one.model_version != other.model_version


def test_a_directory_without_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"card\.json: No such file"):
        load_encoder(f"trained:{tmp_path}", options=OPTIONS)
    with pytest.raises(ValueError, match="trained:<checkpoint directory>"):
        load_encoder("trained", options=OPTIONS)
