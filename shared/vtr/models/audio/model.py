"""Sound and texts in one space, trained by contrast."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from vtr.models.audio.config import AudioConfig
from vtr.models.audio.towers import SoundTower, WordTower
from vtr.models.heads.base import TOTAL, TensorBatch
from vtr.models.losses.infonce import Temperature


@dataclass(frozen=True)
class AudioBatch(TensorBatch):
    """``mels`` [B, T, M], ``mel_mask`` bool [B, T]: sounds. ``tokens`` [C, L], ``token_mask``: texts.

    ``owner`` int [C]: whose sound a text names, -1 for a text that names none. ``true`` bool [C, B]: whether
    all that a text names is heard in a sound. ``senses`` [C, 2]: 1 where the text names something seen,
    something heard.
    """

    mels: Tensor
    mel_mask: Tensor
    tokens: Tensor
    token_mask: Tensor
    owner: Tensor
    true: Tensor
    senses: Tensor


class AudioModel(nn.Module):
    """``words``: the size of the vocabulary."""

    name = "audio"

    def __init__(self, config: AudioConfig, words: int) -> None:
        super().__init__()
        self.config = config
        self.sound = SoundTower(config)
        self.text = WordTower(config, words)
        self.temperature = Temperature(config.tau)

    def forward(self, batch: AudioBatch) -> tuple[Tensor, Tensor, Tensor]:
        """Sounds [B, dim], texts [C, dim] and the texts' senses as logits [C, 2]."""
        texts, senses = self.text(batch.tokens, batch.token_mask)
        return self.sound(batch.mels, batch.mel_mask), texts, senses

    def loss(self, batch: AudioBatch) -> dict[str, Tensor]:
        """Contrast of the texts that name a sound, and which senses a text speaks to."""
        sounds, texts, senses = self(batch)
        named = batch.owner >= 0
        contrast = owned_contrast(
            texts[named] @ sounds.T, batch.owner[named], batch.true[named], self.temperature()
        )
        sense = functional.binary_cross_entropy_with_logits(senses, batch.senses)
        return {
            TOTAL: contrast + self.config.senses_weight * sense,
            "contrast": contrast.detach(),
            "senses": sense.detach(),
        }

    def after_step(self) -> None:
        self.temperature.clamp_()


def owned_contrast(similarities: Tensor, owner: Tensor, true: Tensor, tau: Tensor | float) -> Tensor:
    """InfoNCE both ways over ``similarities`` [C, B] of texts and sounds, of which some sounds have no text.

    Text c belongs to sound ``owner[c]``. Another sound of which it is true as well (``true`` [C, B]) is no
    negative of it: many sounds hold the same bell. Over the texts, a sound's own are one another's company,
    not its negatives (the mean over its texts is taken).
    """
    logits = similarities / tau
    rows = torch.arange(len(owner), device=owner.device)
    false_negative = true.clone()
    false_negative[rows, owner] = False
    kept = logits.masked_fill(false_negative, float("-inf"))
    to_sounds = functional.cross_entropy(kept, owner)
    # Column of each text's own sound: that text against all those that are false of the sound.
    columns = kept.T[owner]  # [C, C]: row c holds the texts as seen by the sound of text c
    same = owner.unsqueeze(0) == owner.unsqueeze(1)
    same[rows, rows] = False
    to_texts = functional.cross_entropy(columns.masked_fill(same, float("-inf")), rows)
    return (to_sounds + to_texts) / 2
