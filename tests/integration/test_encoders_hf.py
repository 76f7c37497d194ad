"""Dual towers through transformers, on tiny checkpoints of each family, without network."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from support.encoder_contract import CLIPS, LONG, TEXTS, assert_encoder_contract, assert_text_contract
from support.tiny_towers import DIM, POSITIONS, save_tiny
from vtr.models.encoders.base import ClipFrames, Encoder
from vtr.models.encoders.hf.texts import WindowTokenizer
from vtr.models.encoders.registry import EncoderOptions, load_encoder, load_text_encoder

FAMILIES = ("clip", "siglip", "siglip2", "xclip")
FLOAT32 = EncoderOptions(device="cpu", precision="float32", max_frames_per_batch=5, max_texts_per_batch=3)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {family: save_tiny(family, tmp_path_factory.mktemp(family)) for family in FAMILIES}


def _load(folder: Path, options: EncoderOptions = FLOAT32) -> Encoder:
    return load_encoder(f"hf:{folder}", options=options)


@pytest.mark.parametrize("family", FAMILIES)
def test_keeps_the_contract(folders: dict[str, Path], family: str) -> None:
    encoder = _load(folders[family])
    assert encoder.dim == DIM
    assert re.fullmatch(rf"hf-{family}_{DIM}_[0-9a-f]{{10}}", encoder.model_version)
    assert_encoder_contract(encoder)
    encoder.close()
    with pytest.raises(RuntimeError, match="closed"):
        encoder.encode_clips([CLIPS[0]])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_text_half_is_the_same_without_the_image_tower(folders: dict[str, Path], family: str) -> None:
    full = _load(folders[family])
    text = load_text_encoder(f"hf:{folders[family]}", options=FLOAT32)
    assert text.model_version == full.model_version
    np.testing.assert_allclose(text.encode_texts(TEXTS), full.encode_texts(TEXTS), atol=1e-6)
    assert_text_contract(text)
    assert not hasattr(text._text._model, "vision_model")  # type: ignore[attr-defined]


@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_equals_the_model_called_as_its_documentation_says(folders: dict[str, Path], family: str) -> None:
    folder = folders[family]
    model = transformers.AutoModel.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    texts = ["a cat", "on it"]
    padding = {"padding": "max_length", "max_length": POSITIONS} if family == "siglip" else {"padding": True}
    tokens = tokenizer(texts, return_tensors="pt", **padding)
    if family == "siglip":
        tokens = {"input_ids": tokens["input_ids"]}
    with torch.inference_mode():
        wanted_texts = model.get_text_features(**tokens).pooler_output
        pixels = processor(list(CLIPS[0].frames), return_tensors="pt")
        wanted_frames = model.get_image_features(**pixels).pooler_output
    encoder = _load(folder)
    for got, wanted in (
        (encoder.encode_texts(texts), wanted_texts),
        (encoder.encode_clips([CLIPS[0]])[0].frames, wanted_frames),
    ):
        np.testing.assert_allclose(got, torch.nn.functional.normalize(wanted, dim=-1), atol=1e-5)


def test_xclip_equals_its_own_video_features(folders: dict[str, Path]) -> None:
    model = transformers.XCLIPModel.from_pretrained(folders["xclip"]).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folders["xclip"])
    clip = ClipFrames(CLIPS[2].frames[:4], CLIPS[2].times_s[:4])
    pixels = processor(list(clip.frames), return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        wanted = model.get_video_features(pixel_values=pixels).pooler_output
    got = _load(folders["xclip"]).encode_clips([clip])[0].clip
    np.testing.assert_allclose(got, torch.nn.functional.normalize(wanted, dim=-1)[0], atol=1e-5)


def test_xclip_sees_the_order_of_frames(folders: dict[str, Path]) -> None:
    encoder = _load(folders["xclip"])
    clip = CLIPS[2]
    forward, backward = encoder.encode_clips([clip, ClipFrames(clip.frames[::-1], clip.times_s)])
    assert np.abs(forward.clip - backward.clip).max() > 1e-3


@pytest.mark.parametrize("family", FAMILIES)
def test_half_precision_stays_near(folders: dict[str, Path], family: str) -> None:
    exact = _load(folders[family])
    half = _load(folders[family], EncoderOptions(device="cpu", precision="bfloat16"))
    assert half.model_version == exact.model_version
    texts = (exact.encode_texts(TEXTS) * half.encode_texts(TEXTS)).sum(axis=1)
    pairs = zip(exact.encode_clips(CLIPS), half.encode_clips(CLIPS), strict=True)
    clips = [float(a.clip @ b.clip) for a, b in pairs]
    assert min(*texts, *clips) > 0.99


def test_windows_hold_every_token_once_and_keep_the_limit(folders: dict[str, Path]) -> None:
    for family in ("clip", "siglip"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(folders[family])
        windows = WindowTokenizer(tokenizer, limit=POSITIONS).windows(LONG)
        assert max(map(len, windows)) == POSITIONS
        special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
        special |= {tokenizer.eos_token_id}
        bare = tokenizer(LONG, add_special_tokens=False, verbose=False)["input_ids"]
        inner = [token for window in windows for token in window if token not in special]
        assert inner == [token for token in bare if token not in special]
        assert all(window[-1] == tokenizer.eos_token_id for window in windows)


def test_the_version_changes_with_any_weight_or_setting(tmp_path: Path) -> None:
    folder = save_tiny("clip", tmp_path / "a")
    versions = {_load(folder).model_version}
    weights = load_file(folder / "model.safetensors")
    name = "visual_projection.weight"
    weights[name] = weights[name] + torch.eye(*weights[name].shape) * 1e-3
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    versions.add(_load(folder).model_version)
    settings = folder / "preprocessor_config.json"
    content = json.loads(settings.read_text())
    settings.write_text(json.dumps({**content, "image_mean": [0.5, 0.5, 0.5]}))
    versions.add(_load(folder).model_version)
    assert len(versions) == 3
    same = save_tiny("clip", tmp_path / "b")
    assert _load(same).model_version == _load(save_tiny("clip", tmp_path / "c")).model_version


def test_unusable_folders_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="comes a model id or the path"):
        load_encoder("hf:", options=FLOAT32)
    with pytest.raises(ValueError, match=r"no such folder"):
        _load(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"no config\.json"):
        _load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ValueError, match="no weights"):
        _load(tmp_path)
    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"'bert' has no towers.*clip, siglip, siglip2, xclip"):
        _load(tmp_path)


def test_weights_that_lack_a_tensor_are_refused(tmp_path: Path) -> None:
    folder = save_tiny("clip", tmp_path)
    weights = load_file(folder / "model.safetensors")
    del weights["text_projection.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match="lack 1 tensors, first text_projection"):
        _load(folder)


def test_an_id_that_cannot_be_fetched_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(OSError, match=r"hf:nobody/nothing .*path of a checkpoint.*run once with network"):
        load_encoder("hf:nobody/nothing", options=FLOAT32)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, so asking for it is no error")
def test_a_gpu_that_is_not_there_is_an_error(folders: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match="device: cuda"):
        _load(folders["clip"], EncoderOptions(device="cuda"))
