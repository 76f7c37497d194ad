"""Towers that feel neither padding nor company, and a contrast that knows what is no negative."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from support.tiny_audio import TINY, WORDS, saved_audio, tiny_audio
from vtr.models.audio.base import AudioEncoder, AudioTextEncoder
from vtr.models.audio.infer import embed_sounds, embed_texts
from vtr.models.audio.model import AudioBatch, owned_contrast
from vtr.models.audio.registry import load_audio_encoder, load_audio_text_encoder
from vtr.models.audio.towers import pad_mels
from vtr.models.audio.weighing import LEAST, weights_of
from vtr.models.encoders.base import EncodingError
from vtr.models.encoders.options import EncoderOptions

OPTIONS = EncoderOptions(threads=1)


def mels(*lengths: int, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(length, 32, generator=generator) for length in lengths]


@given(st.lists(st.integers(1, 40), min_size=2, max_size=5))
def test_a_sound_is_the_same_alone_and_padded(lengths: list[int]) -> None:
    model, made = tiny_audio(), mels(*lengths)
    together = model.sound(*pad_mels(made))
    for row, one in enumerate(made):
        torch.testing.assert_close(together[row], model.sound(*pad_mels([one]))[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(together.norm(dim=1), torch.ones(len(lengths)))


def test_what_stands_in_padding_is_not_read() -> None:
    model = tiny_audio()
    values, mask = pad_mels(mels(7, 20))
    noisy = torch.where(mask.unsqueeze(-1), values, 1e3)
    torch.testing.assert_close(model.sound(noisy, mask), model.sound(values, mask))


def test_a_text_is_the_same_alone_and_padded_and_of_any_length() -> None:
    model = tiny_audio()
    texts = ["bell", "a bell rings", "the red circle moves left " * 40]
    numbers = WORDS.encode_all(texts)
    together, senses = embed_texts(model, numbers)
    for row, one in enumerate(numbers):
        alone, own = embed_texts(model, [one])
        np.testing.assert_allclose(together[row], alone[0], atol=1e-5)
        np.testing.assert_allclose(senses[row], own[0], atol=1e-5)


def test_order_of_a_call_is_kept() -> None:
    model, made = tiny_audio(), [m.numpy() for m in mels(30, 5, 12)]
    found = embed_sounds(model, made)
    for row, one in enumerate(made):
        np.testing.assert_allclose(found[row], embed_sounds(model, [one])[0], atol=1e-5)


def slow_contrast(similarities: torch.Tensor, owner: list[int], true: torch.Tensor, tau: float) -> float:
    """Written down from the words of the docstring."""
    texts, sounds = similarities.shape
    terms = []
    for text in range(texts):
        own = owner[text]
        rivals = [s for s in range(sounds) if s == own or not true[text, s]]
        logits = torch.stack([similarities[text, s] for s in rivals]) / tau
        terms.append(-torch.log_softmax(logits, 0)[rivals.index(own)] / texts / 2)
        rivals = [t for t in range(texts) if t == text or (owner[t] != own and not true[t, own])]
        logits = torch.stack([similarities[t, own] for t in rivals]) / tau
        terms.append(-torch.log_softmax(logits, 0)[rivals.index(text)] / texts / 2)
    return float(sum(terms))


def test_contrast_equals_the_slow_one() -> None:
    generator = torch.Generator().manual_seed(1)
    similarities = torch.rand(6, 5, generator=generator) * 2 - 1
    owner = [0, 0, 1, 3, 4, 4]
    true = torch.rand(6, 5, generator=generator) > 0.7
    true[torch.arange(6), torch.tensor(owner)] = True
    found = owned_contrast(similarities, torch.tensor(owner), true, 0.2)
    assert float(found) == pytest.approx(slow_contrast(similarities, owner, true, 0.2), rel=1e-5)


def batch(count: int = 6) -> AudioBatch:
    """``count`` sounds, all but the last with a text of its own; and a text that names nothing heard."""
    values, mask = pad_mels(mels(*range(10, 10 + count)))
    tokens = torch.tensor([[2 + k, 3 + k] for k in range(count)])
    owner = torch.tensor([*range(count - 1), -1])
    true = torch.zeros(count, count, dtype=torch.bool)
    true[torch.arange(count - 1), torch.arange(count - 1)] = True
    senses = torch.tensor([[0.0, 1.0]] * (count - 1) + [[1.0, 0.0]])
    return AudioBatch(
        mels=values,
        mel_mask=mask,
        tokens=tokens,
        token_mask=torch.ones_like(tokens, dtype=torch.bool),
        owner=owner,
        true=true,
        senses=senses,
    )


def test_every_parameter_learns() -> None:
    model = tiny_audio().train()
    model.loss(batch())["loss"].backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert idle == []


def test_few_sounds_are_learned_by_heart() -> None:
    model, made = tiny_audio().train(), batch()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(60):
        optimizer.zero_grad()
        losses = model.loss(made)
        losses["loss"].backward()
        optimizer.step()
        model.after_step()
    assert float(losses["contrast"]) < 0.1
    assert float(losses["senses"]) < 0.1


def test_a_trained_encoder_keeps_the_protocol(tmp_path: object) -> None:
    folder = saved_audio(tmp_path / "audio")  # type: ignore[operator]
    encoder = load_audio_encoder(f"trained-audio:{folder}", options=OPTIONS)
    text = load_audio_text_encoder(f"trained-audio:{folder}", options=OPTIONS)
    assert isinstance(encoder, AudioEncoder)
    assert isinstance(text, AudioTextEncoder)
    assert (encoder.model_version, encoder.dim) == (text.model_version, TINY.dim)
    sounds = [np.random.default_rng(k).normal(size=n).astype(np.float32) for k, n in enumerate((4000, 90))]
    found = encoder.encode_sounds(sounds, rate=16_000)
    assert found.shape == (2, TINY.dim)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    one, other = encoder.encode_texts(["a bell rings"]), text.encode_texts(["moves", "a bell rings"])
    np.testing.assert_array_equal(one[0].vector, other[1].vector)
    assert one[0].heard == other[1].heard
    with pytest.raises(EncodingError, match="finite"):
        encoder.encode_sounds([sounds[0], np.array([np.nan], dtype=np.float32)], rate=16_000)
    with pytest.raises(EncodingError, match="blank"):
        encoder.encode_texts(["a bell", " "])
    encoder.close()
    with pytest.raises(RuntimeError, match="closed"):
        encoder.encode_sounds(sounds, rate=16_000)


@pytest.mark.parametrize("spec", ["", "clap:", "trained-audio", "offline", "ear:x"])
def test_an_unknown_spec_is_answered_with_those_known(spec: str) -> None:
    with pytest.raises(ValueError, match=r"trained-audio:<checkpoint directory>, clap:<model id or path>"):
        load_audio_encoder(spec, options=OPTIONS)


def test_weights() -> None:
    assert weights_of(heard=0.2, seen=0.9) is None
    both, heard = weights_of(heard=0.9994, seen=1.0), weights_of(heard=1.0, seen=0.3)
    assert both is not None
    assert heard is not None
    assert (both.audio, both.text) == (0.999, 1.0)
    assert (heard.audio, heard.text) == (1.0, LEAST)
