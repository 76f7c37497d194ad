"""``clap:<model id or path>``: CLAP (Wu et al. 2023) by transformers, unfused, at 48 kHz."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from vtr.models.audio.base import AudioEncoder, AudioTextEncoder, HeardText
from vtr.models.audio.checks import check_sounds
from vtr.models.audio.resample import resampled
from vtr.models.encoders.base import FloatArray
from vtr.models.encoders.checks import check_texts
from vtr.models.encoders.hf.features import as_features
from vtr.models.encoders.hf.snapshot import fingerprint, resolve
from vtr.models.encoders.lifetime import Closable
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.pooling import unit
from vtr.models.encoders.torch_runtime import pick_device, set_threads

_SOUND_PARTS = ("audio_model", "audio_projection")


class ClapTextEncoder(Closable):
    """The text tower, in float32. It cannot tell whether a text names something heard: every text has a
    vector, and counts as naming both."""

    def __init__(self, folder: Path, options: EncoderOptions) -> None:
        set_threads(options)
        self._device = pick_device(options)
        model = _load_model(folder)
        self.dim = int(model.config.projection_dim)
        self.model_version = f"hf-clap_{self.dim}_{fingerprint(folder)}"
        self._prepare(model, folder)
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        # RoBERTa keeps two positions for itself.
        self._longest = int(model.config.text_config.max_position_embeddings) - 2
        self._model: Any = model.to(self._device)

    def _prepare(self, model: Any, folder: Path) -> None:  # noqa: ARG002
        for part in _SOUND_PARTS:
            delattr(model, part)

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> list[HeardText]:
        """See :class:`AudioTextEncoder`; words beyond what the tower reads are left out."""
        self._require_open()
        check_texts(texts)
        found = []
        for text in texts:
            inputs = self._tokenizer(text, truncation=True, max_length=self._longest, return_tensors="pt")
            ids, mask = (inputs[name].to(self._device) for name in ("input_ids", "attention_mask"))
            features = as_features(self._model.get_text_features(input_ids=ids, attention_mask=mask))
            found.append(HeardText(unit(features)[0]))
        return found

    def _release(self) -> None:
        self._model = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


class ClapEncoder(ClapTextEncoder):
    """Both towers. A sound longer than the tower hears (10 s as published) is heard in parts, averaged."""

    def _prepare(self, model: Any, folder: Path) -> None:
        if model.config.audio_config.enable_fusion:
            raise ValueError(f"audio encoder: clap:{folder}: is a fused checkpoint; an unfused one is needed")
        self._features = transformers.ClapFeatureExtractor.from_pretrained(folder, local_files_only=True)

    @torch.inference_mode()
    def encode_sounds(self, sounds: Sequence[FloatArray], *, rate: int) -> FloatArray:
        """See :class:`AudioEncoder`. Sound stored at 16 kHz holds nothing above 8 kHz, at 48 kHz either."""
        self._require_open()
        check_sounds(sounds)
        found = [self._sound(resampled(sound, rate, int(self._features.sampling_rate))) for sound in sounds]
        return np.stack(found) if found else np.empty((0, self.dim), dtype=np.float32)

    def _sound(self, sound: FloatArray) -> FloatArray:
        length = int(self._features.nb_max_samples)
        parts = [sound[start : start + length] for start in range(0, len(sound), length)]
        inputs = self._features(
            parts,
            sampling_rate=self._features.sampling_rate,
            truncation="rand_trunc",  # cuts nothing here: it chooses the unfused form
            padding="repeatpad",
            return_tensors="pt",
        )
        features = self._model.get_audio_features(input_features=inputs["input_features"].to(self._device))
        weights = np.array([len(part) for part in parts], dtype=np.float32)
        mean: FloatArray = weights @ unit(as_features(features))
        return unit(mean)


def load_audio_encoder(argument: str, *, options: EncoderOptions) -> AudioEncoder:
    """``argument``: a model id or the folder of a checkpoint of ``ClapModel``."""
    return ClapEncoder(resolve(argument), options)


def load_audio_text_encoder(argument: str, *, options: EncoderOptions) -> AudioTextEncoder:
    """As :func:`load_audio_encoder`."""
    return ClapTextEncoder(resolve(argument), options)


def _load_model(folder: Path) -> Any:
    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    if config.model_type != "clap":
        raise ValueError(f"audio encoder: clap:{folder}: model_type is {config.model_type!r}, not 'clap'")
    model, report = transformers.ClapModel.from_pretrained(
        folder, config=config, dtype=torch.float32, local_files_only=True, output_loading_info=True
    )
    missing = sorted(report["missing_keys"])
    if missing:
        raise ValueError(f"audio encoder: clap:{folder}: the weights lack {len(missing)}, first {missing[0]}")
    return model.eval()
