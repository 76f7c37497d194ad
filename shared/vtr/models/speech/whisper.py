"""``whisper:<model id or path>``: Whisper (Radford et al. 2022) by transformers, behind a speech gate."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from vtr.models.audio.checks import check_sounds
from vtr.models.audio.resample import resampled
from vtr.models.encoders.base import FloatArray
from vtr.models.encoders.hf.snapshot import resolve
from vtr.models.encoders.lifetime import Closable
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.torch_runtime import pick_device, pick_dtype, set_threads
from vtr.models.speech.base import SpeechGate, Transcriber
from vtr.models.speech.gate import SileroGate

RATE = 16_000


class WhisperTranscriber(Closable):
    """Thread safe. Only the stretches in which ``gate`` hears speech reach the model."""

    def __init__(self, folder: Path, *, options: EncoderOptions, gate: SpeechGate) -> None:
        set_threads(options)
        self._device = pick_device(options)
        self._dtype = pick_dtype(options, self._device)
        self._gate = gate
        self._lock = threading.Lock()
        self._model: Any = _load_model(folder, self._dtype).to(self._device)
        self._features = transformers.WhisperFeatureExtractor.from_pretrained(folder, local_files_only=True)
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def transcribe(
        self, sounds: Sequence[FloatArray], *, rate: int, languages: Sequence[str | None]
    ) -> list[str]:
        """See :class:`vtr.models.speech.base.Transcriber`."""
        self._require_open()
        check_sounds(sounds)
        if len(languages) != len(sounds):
            raise ValueError(f"languages: {len(languages)}, but there are {len(sounds)} sounds")
        return [
            self._words(resampled(sound, rate, RATE), language)
            for sound, language in zip(sounds, languages, strict=True)
        ]

    def _words(self, sound: FloatArray, language: str | None) -> str:
        spans = self._gate.spans(sound)
        if not spans:
            return ""
        spoken = np.concatenate([sound[start:end] for start, end in spans])
        length = int(self._features.n_samples)
        parts = [spoken[start : start + length] for start in range(0, len(spoken), length)]
        with self._lock:
            said = [self._recognise(part, language) for part in parts]
        return " ".join(text for text in said if text)

    @torch.inference_mode()
    def _recognise(self, sound: FloatArray, language: str | None) -> str:
        inputs = self._features(sound, sampling_rate=RATE, return_tensors="pt", return_attention_mask=True)
        ids = self._model.generate(
            inputs["input_features"].to(self._device, self._dtype),
            attention_mask=inputs["attention_mask"].to(self._device),
            **self._asked(language),
        )
        (text,) = self._tokenizer.batch_decode(ids, skip_special_tokens=True)
        return str(text).strip()

    def _asked(self, language: str | None) -> dict[str, str]:
        """What a multilingual checkpoint is told; one of English alone refuses to be told anything."""
        settings = self._model.generation_config
        if not getattr(settings, "is_multilingual", False):
            return {}
        primary = (language or "").partition("-")[0].lower()
        known = f"<|{primary}|>" in (getattr(settings, "lang_to_id", None) or {})
        return {"task": "transcribe", **({"language": primary} if known else {})}

    def _release(self) -> None:
        self._model = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def load_transcriber(spec: str, *, options: EncoderOptions, gate: SpeechGate | None = None) -> Transcriber:
    """``spec``: ``whisper:<model id or path>``. Raises ``ValueError`` for another."""
    kind, _, argument = spec.strip().partition(":")
    if kind != "whisper" or not argument:
        raise ValueError(f"transcriber: {spec!r} is unknown; known is whisper:<model id or path>")
    return WhisperTranscriber(resolve(argument), options=options, gate=gate or SileroGate())


def _load_model(folder: Path, dtype: torch.dtype) -> Any:
    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    if config.model_type != "whisper":
        raise ValueError(f"transcriber: whisper:{folder}: model_type is {config.model_type!r}, not 'whisper'")
    model, report = transformers.WhisperForConditionalGeneration.from_pretrained(
        folder, config=config, dtype=dtype, local_files_only=True, output_loading_info=True
    )
    missing = sorted(report["missing_keys"])
    if missing:
        raise ValueError(
            f"transcriber: whisper:{folder}: the weights lack {len(missing)}, first {missing[0]}"
        )
    return model.eval()
