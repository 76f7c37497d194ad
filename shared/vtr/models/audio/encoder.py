"""``trained-audio:<checkpoint directory>``: an audio model trained here, as an encoder of the services."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vtr.models.audio.base import AudioEncoder, AudioTextEncoder, HeardText
from vtr.models.audio.checkpoint import load_audio
from vtr.models.audio.checks import check_sounds
from vtr.models.audio.infer import embed_sounds, embed_texts
from vtr.models.audio.logmel import log_mel
from vtr.models.audio.model import AudioModel
from vtr.models.audio.resample import resampled
from vtr.models.encoders.base import FloatArray
from vtr.models.encoders.checks import check_texts
from vtr.models.encoders.lifetime import Closable
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.torch_runtime import set_threads


class TrainedAudioTextEncoder(Closable):
    """The text tower, on the CPU in float32. The version is that of the weights."""

    def __init__(self, folder: Path, options: EncoderOptions) -> None:
        set_threads(options)
        model, self._vocabulary, card = load_audio(folder)
        self._model: AudioModel | None = model
        self.dim = model.config.dim
        self.model_version = f"trained-audio_{self.dim}_{card.sha256[:12]}"

    def encode_texts(self, texts: Sequence[str]) -> list[HeardText]:
        """See :class:`AudioTextEncoder`."""
        check_texts(texts)
        model = self._loaded()
        found = []
        for text in texts:
            # One by one: the last bits of a product depend on the company, and two ways must agree.
            vectors, senses = embed_texts(model, [self._vocabulary.encode(text)])
            found.append(HeardText(vectors[0], heard=float(senses[0, 1]), seen=float(senses[0, 0])))
        return found

    def _loaded(self) -> AudioModel:
        self._require_open()
        assert self._model is not None  # noqa: S101
        return self._model

    def _release(self) -> None:
        self._model = None


class TrainedAudioEncoder(TrainedAudioTextEncoder):
    """Both towers."""

    def encode_sounds(self, sounds: Sequence[FloatArray], *, rate: int) -> FloatArray:
        """See :class:`AudioEncoder`."""
        model = self._loaded()
        check_sounds(sounds)
        if not sounds:
            return np.empty((0, self.dim), dtype=np.float32)
        mel = model.config.mel
        return embed_sounds(model, [log_mel(resampled(sound, rate, mel.rate), mel) for sound in sounds])


def load_audio_encoder(argument: str, *, options: EncoderOptions) -> AudioEncoder:
    """``argument``: the directory of a checkpoint that ``vtr train audio`` wrote."""
    return TrainedAudioEncoder(Path(argument), options)


def load_audio_text_encoder(argument: str, *, options: EncoderOptions) -> AudioTextEncoder:
    """As :func:`load_audio_encoder`."""
    return TrainedAudioTextEncoder(Path(argument), options)
