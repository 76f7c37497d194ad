"""CLAP and Whisper through transformers, on tiny checkpoints of the real classes; the real speech gate."""

from __future__ import annotations

import re
import subprocess
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tokenizers.pre_tokenizers import ByteLevel

from vtr.models.audio.base import AudioEncoder
from vtr.models.audio.registry import load_audio_encoder, load_audio_text_encoder
from vtr.models.audio.resample import resampled
from vtr.models.encoders.base import FloatArray
from vtr.models.encoders.options import EncoderOptions
from vtr.models.speech.gate import SileroGate
from vtr.models.speech.whisper import WhisperTranscriber, load_transcriber

OPTIONS = EncoderOptions(device="cpu", precision="float32", threads=1)
DIM = 12


def noise(seconds: float, rate: int = 48_000, seed: int = 0) -> FloatArray:
    return (0.1 * np.random.default_rng(seed).normal(size=round(seconds * rate))).astype(np.float32)


def _spread(model: Any) -> None:
    """Freshly made towers are so near to constant that a wrong order would pass unseen."""
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.normal_(0.0, 0.2)


@pytest.fixture(scope="module")
def clap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clap")
    torch.manual_seed(0)
    letters = sorted(ByteLevel.alphabet())
    vocab = {token: n for n, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>", *letters])}
    tokenizer = transformers.RobertaTokenizer(vocab=vocab, merges=[])
    text = {
        "vocab_size": len(vocab),
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "max_position_embeddings": 40,
        "projection_dim": DIM,
        "pad_token_id": 1,
    }
    audio = {
        "window_size": 4,
        "num_mel_bins": 32,
        "spec_size": 64,
        "patch_size": 4,
        "patch_stride": [4, 4],
        "patch_embeds_hidden_size": 8,
        "depths": [1, 1],
        "num_attention_heads": [2, 2],
        "hidden_size": 16,
        "projection_dim": DIM,
        "num_classes": 2,
        "enable_fusion": False,
    }
    config = transformers.ClapConfig(text_config=text, audio_config=audio, projection_dim=DIM)
    model = transformers.ClapModel(config).eval()
    _spread(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    transformers.ClapFeatureExtractor(feature_size=32, max_length_s=1, hop_length=960).save_pretrained(folder)
    return folder


def test_clap_keeps_the_protocol(clap: Path) -> None:
    encoder = load_audio_encoder(f"clap:{clap}", options=OPTIONS)
    assert isinstance(encoder, AudioEncoder)
    assert re.fullmatch(rf"hf-clap_{DIM}_[0-9a-f]{{10}}", encoder.model_version)
    sounds = [noise(0.5), np.repeat(noise(0.05, seed=1), 50), np.zeros(48_000, dtype=np.float32)]
    found = encoder.encode_sounds(sounds, rate=48_000)
    assert found.shape == (3, DIM)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert np.ptp(found, axis=0).max() > 0.01, "all sounds have the same vector"
    np.testing.assert_allclose(encoder.encode_sounds(sounds[2:], rate=48_000)[0], found[2], atol=1e-5)
    texts = encoder.encode_texts(["a bell", "a dog barks " * 30])
    assert [text.vector.shape for text in texts] == [(DIM,)] * 2
    assert (texts[0].heard, texts[0].seen) == (1.0, 1.0)
    encoder.close()
    with pytest.raises(RuntimeError, match="closed"):
        encoder.encode_texts(["a bell"])


def test_claps_text_half_is_the_same_without_the_sound_tower(clap: Path) -> None:
    full = load_audio_encoder(f"clap:{clap}", options=OPTIONS)
    text = load_audio_text_encoder(f"clap:{clap}", options=OPTIONS)
    assert text.model_version == full.model_version
    np.testing.assert_allclose(
        text.encode_texts(["a bell"])[0].vector, full.encode_texts(["a bell"])[0].vector, atol=1e-6
    )
    assert not hasattr(text._model, "audio_model")  # type: ignore[attr-defined]


def test_clap_equals_the_model_called_as_its_documentation_says(clap: Path) -> None:
    model = transformers.ClapModel.from_pretrained(clap).eval()
    features = transformers.ClapFeatureExtractor.from_pretrained(clap)
    tokenizer = transformers.AutoTokenizer.from_pretrained(clap)
    encoder = load_audio_encoder(f"clap:{clap}", options=OPTIONS)
    sound = noise(1.0, rate=16_000)
    inputs = features(
        resampled(sound, 16_000, 48_000), sampling_rate=48_000, truncation="rand_trunc", return_tensors="pt"
    )
    with torch.inference_mode():
        of_sound = model.get_audio_features(**inputs).pooler_output[0]
        of_text = model.get_text_features(**tokenizer("a bell", return_tensors="pt")).pooler_output[0]
    np.testing.assert_allclose(encoder.encode_sounds([sound], rate=16_000)[0], of_sound, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(["a bell"])[0].vector, of_text, atol=1e-5)


def test_a_long_sound_is_the_mean_of_its_parts(clap: Path) -> None:
    encoder = load_audio_encoder(f"clap:{clap}", options=OPTIONS)
    parts = [noise(1.0, seed=1), noise(1.0, seed=2)]
    one = encoder.encode_sounds(parts, rate=48_000).mean(axis=0)
    whole = encoder.encode_sounds([np.concatenate(parts)], rate=48_000)[0]
    np.testing.assert_allclose(whole, one / np.linalg.norm(one), atol=1e-5)


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whisper")
    torch.manual_seed(0)
    letters = sorted(ByteLevel.alphabet())
    special = [
        "<|endoftext|>",
        "<|startoftranscript|>",
        "<|en|>",
        "<|de|>",
        "<|transcribe|>",
        "<|notimestamps|>",
    ]
    vocab = {token: n for n, token in enumerate(letters)}
    tokenizer = transformers.WhisperTokenizer(vocab=vocab, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": special})
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in special}
    config = transformers.WhisperConfig(
        vocab_size=len(tokenizer),
        num_mel_bins=16,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_source_positions=100,
        max_target_positions=12,
        bos_token_id=ids["<|endoftext|>"],
        eos_token_id=ids["<|endoftext|>"],
        pad_token_id=ids["<|endoftext|>"],
        decoder_start_token_id=ids["<|startoftranscript|>"],
        begin_suppress_tokens=None,
        suppress_tokens=None,
    )
    model = transformers.WhisperForConditionalGeneration(config).eval()
    _spread(model)
    end, begin = ids["<|endoftext|>"], ids["<|startoftranscript|>"]
    settings = transformers.GenerationConfig(
        bos_token_id=end, eos_token_id=end, pad_token_id=end, decoder_start_token_id=begin, max_length=12
    )
    settings.is_multilingual = True
    settings.lang_to_id = {"<|en|>": ids["<|en|>"], "<|de|>": ids["<|de|>"]}
    settings.task_to_id = {"transcribe": ids["<|transcribe|>"]}
    settings.no_timestamps_token_id = ids["<|notimestamps|>"]
    model.generation_config = settings
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    transformers.WhisperFeatureExtractor(feature_size=16, chunk_length=2).save_pretrained(folder)
    return folder


class Gate:
    """Speech is where the test says so."""

    def __init__(self, *spans: tuple[int, int]) -> None:
        self.found = list(spans)
        self.asked: list[int] = []

    def spans(self, samples: FloatArray) -> list[tuple[int, int]]:
        self.asked.append(len(samples))
        return self.found


def transcriber(folder: Path, gate: Gate) -> WhisperTranscriber:
    made = load_transcriber(f"whisper:{folder}", options=OPTIONS, gate=gate)
    assert isinstance(made, WhisperTranscriber)
    return made


def test_whisper_hears_what_the_gate_lets_through(whisper: Path) -> None:
    heard: list[int] = []
    gate = Gate((1000, 9000), (12_000, 20_000))
    made = transcriber(whisper, gate)
    real = made._features

    def listening(sound: FloatArray, **more: Any) -> Any:
        heard.append(len(sound))
        return real(sound, **more)

    made._features = listening
    made._features.n_samples = real.n_samples  # type: ignore[attr-defined]
    (text,) = made.transcribe([noise(2.0, rate=48_000)], rate=48_000, languages=["en"])
    assert gate.asked == [32_000], "the gate hears 16 kHz"
    assert heard == [16_000]
    assert text, "the tiny model says something, whatever it is"
    gate.found = [(0, 70_000)]
    made.transcribe([noise(5.0, rate=16_000)], rate=16_000, languages=[None])
    assert heard[1:] == [32_000, 32_000, 6_000], "longer speech is read in parts"


def test_whisper_says_nothing_where_nobody_speaks(whisper: Path) -> None:
    gate = Gate()
    made = transcriber(whisper, gate)
    assert made.transcribe([noise(1.0), noise(2.0)], rate=48_000, languages=[None, "de"]) == ["", ""]


def test_whisper_equals_the_model_called_as_its_documentation_says(whisper: Path) -> None:
    model = transformers.WhisperForConditionalGeneration.from_pretrained(whisper).eval()
    features = transformers.WhisperFeatureExtractor.from_pretrained(whisper)
    tokenizer = transformers.AutoTokenizer.from_pretrained(whisper)
    sound = noise(1.0, rate=16_000)
    inputs = features(sound, sampling_rate=16_000, return_tensors="pt", return_attention_mask=True)
    said = {}
    for language in ("en", "de"):
        ids = model.generate(**inputs, language=language, task="transcribe")
        said[language] = tokenizer.batch_decode(ids, skip_special_tokens=True)[0].strip()
    made = transcriber(whisper, Gate((0, len(sound))))
    found = made.transcribe([sound, sound], rate=16_000, languages=["en-GB", "de"])
    assert found == [said["en"], said["de"]]


@pytest.mark.parametrize("spec", ["", "whisper:", "ear:x"])
def test_an_unknown_transcriber_is_answered_with_those_known(spec: str) -> None:
    with pytest.raises(ValueError, match="whisper:<model id or path>"):
        load_transcriber(spec, options=OPTIONS, gate=Gate())


def test_a_checkpoint_of_another_family_is_named(clap: Path, whisper: Path) -> None:
    with pytest.raises(ValueError, match="'clap', not 'whisper'"):
        load_transcriber(f"whisper:{clap}", options=OPTIONS, gate=Gate())
    with pytest.raises(ValueError, match="'whisper', not 'clap'"):
        load_audio_encoder(f"clap:{whisper}", options=OPTIONS)


def test_the_gate_hears_speech_and_neither_silence_nor_tones(tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    subprocess.run(["espeak-ng", "-v", "en", "-w", str(path), "the tiger sleeps in the garden"], check=True)
    with wave.open(str(path), "rb") as file:
        own, raw = file.getframerate(), file.readframes(file.getnframes())
    said = resampled(np.frombuffer(raw, "<i2").astype(np.float32) / 32768, own, 16_000)
    quiet = np.zeros(16_000, dtype=np.float32)
    gate = SileroGate()
    spans = gate.spans(np.concatenate([quiet, said, quiet]))
    assert spans
    assert 14_000 < spans[0][0] < 22_000
    assert 16_000 < spans[-1][1] < 17_000 + len(said) + 4_000
    tone = (0.3 * np.sin(2 * np.pi * 830 * np.arange(32_000) / 16_000)).astype(np.float32)
    assert gate.spans(quiet) == []
    assert gate.spans(tone) == []
    assert gate.spans(noise(2.0, rate=16_000)) == []
