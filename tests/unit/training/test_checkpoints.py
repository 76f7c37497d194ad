from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import msgspec
import pytest
import torch

from support.tiny_dual import TINY, WORDS, batch_of, examples, tiny_dual
from vtr.models.dual.checkpoint import load_dual
from vtr.models.training.checkpoints import Card, CheckpointError, load_checkpoint, save_checkpoint

CARD = Card(
    head="dual",
    config=asdict(TINY),
    options={},
    data={},
    metrics={"val": 1.0},
    command="vtr train dual",
    parameters=0,
    precision="",
    assets={"words": list(WORDS.words)},
)


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    model = tiny_dual().eval()
    card = save_checkpoint(tmp_path, model, CARD)
    loaded, vocabulary, read = load_dual(tmp_path)
    assert read == card
    assert vocabulary == WORDS
    assert card.parameters == sum(p.numel() for p in model.parameters())
    batch = batch_of(examples(3))
    with torch.no_grad():
        torch.testing.assert_close(loaded(batch), model(batch), rtol=0, atol=0)


def test_half_precision_halves_the_file_and_loads_as_float32(tmp_path: Path) -> None:
    model = tiny_dual()
    save_checkpoint(tmp_path / "full", model, CARD)
    save_checkpoint(tmp_path / "half", model, CARD, half=True)
    sizes = [(tmp_path / kind / "model.safetensors").stat().st_size for kind in ("full", "half")]
    assert sizes[1] < 0.6 * sizes[0]
    loaded, _, card = load_dual(tmp_path / "half")
    assert card.precision == "float16"
    expected = {name: value.half().float() for name, value in model.state_dict().items()}
    torch.testing.assert_close(loaded.state_dict(), expected, rtol=0, atol=0)


def test_damaged_foreign_and_missing_checkpoints_say_so(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, tiny_dual(), CARD)
    with pytest.raises(CheckpointError, match="head is 'dual', but 'covr'"):
        load_checkpoint(tmp_path, head="covr")
    with pytest.raises(CheckpointError, match=r"card\.json"):
        load_checkpoint(tmp_path / "none", head="dual")
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match="but the card says"):
        load_checkpoint(tmp_path, head="dual")


def test_a_card_of_another_shape_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, tiny_dual(), CARD)
    card = msgspec.structs.replace(
        msgspec.json.decode((tmp_path / "card.json").read_bytes(), type=Card),
        config={**asdict(TINY), "width": 64},
    )
    (tmp_path / "card.json").write_bytes(msgspec.json.encode(card))
    with pytest.raises(CheckpointError, match="do not fit"):
        load_dual(tmp_path)
