"""Specs, their errors, encoders that others register, and what importing the registry costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from vtr.models.encoders.base import Encoder
from vtr.models.encoders.registry import EncoderOptions, load_encoder, load_text_encoder

OPTIONS = EncoderOptions()


def test_the_registry_and_the_random_encoder_import_no_torch() -> None:
    code = (
        "import sys, vtr.models.encoders.registry as r\n"
        "e = r.load_encoder('random', options=r.EncoderOptions())\n"
        "e.encode_texts(['red'])\n"
        "print([m for m in ('torch', 'transformers', 'torchvision', 'PIL', 'av') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("load", [load_encoder, load_text_encoder])
@pytest.mark.parametrize("spec", ["", "clip", "OFFLINE", "openai/clip-vit-base-patch32"])
def test_an_unknown_spec_lists_the_known_ones_and_the_way_to_add_one(load: object, spec: str) -> None:
    with pytest.raises(
        ValueError,
        match=r"hf:<model id or path>, offline, published:<model version>, random\[:<dim>\].*vtr\.encoders",
    ):
        load(spec, options=OPTIONS)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("random:many", "comes a dimension"),
        ("random:3", "16 to 4096"),
        ("offline:big", "takes nothing after it"),
    ],
)
def test_a_bad_argument_is_named(spec: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_encoder(spec, options=OPTIONS)


def test_a_package_adds_an_encoder_by_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "thirdparty_towers.py").write_text(
        "from vtr.models.encoders.random_encoder import RandomEncoder\n"
        "def load_encoder(argument, *, options): return RandomEncoder(int(argument))\n"
        "load_text_encoder = load_encoder\n"
    )
    metadata = tmp_path / "thirdparty-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: thirdparty\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[vtr.encoders]\nthirdparty = thirdparty_towers\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    encoder = load_encoder("thirdparty:32", options=OPTIONS)
    assert isinstance(encoder, Encoder)
    assert encoder.dim == 32
    with pytest.raises(ValueError, match=r"known are .*thirdparty"):
        load_encoder("nobody", options=OPTIONS)


def test_options_name_the_field_at_fault() -> None:
    with pytest.raises(ValidationError, match="max_frames_per_batch"):
        EncoderOptions(max_frames_per_batch=0)
    with pytest.raises(ValidationError, match="frames_per_batch"):
        EncoderOptions(frames_per_batch=3)  # type: ignore[call-arg]
