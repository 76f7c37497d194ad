"""From a spec string (``VTR_AUDIO_ENCODER``) to an audio encoder. Imports a tower only when asked for it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from vtr.models.audio.base import AudioEncoder, AudioTextEncoder
from vtr.models.encoders.options import EncoderOptions

__all__ = ["load_audio_encoder", "load_audio_text_encoder"]

_MODULES = {"trained-audio": "vtr.models.audio.encoder", "clap": "vtr.models.audio.clap"}
FORMS = ("trained-audio:<checkpoint directory>", "clap:<model id or path>")


def load_audio_encoder(spec: str, *, options: EncoderOptions) -> AudioEncoder:
    """Loads both towers. ``spec``: one of :data:`FORMS`. Raises ``ValueError`` for another, listing them."""
    factory, argument = _resolve(spec)
    encoder: AudioEncoder = factory.load_audio_encoder(argument, options=options)
    return encoder


def load_audio_text_encoder(spec: str, *, options: EncoderOptions) -> AudioTextEncoder:
    """Loads the text tower alone; otherwise as :func:`load_audio_encoder`."""
    factory, argument = _resolve(spec)
    encoder: AudioTextEncoder = factory.load_audio_text_encoder(argument, options=options)
    return encoder


def _resolve(spec: str) -> tuple[Any, str]:
    kind, _, argument = spec.strip().partition(":")
    if kind not in _MODULES or not argument:
        raise ValueError(f"audio encoder: {spec!r} is unknown; known are {', '.join(FORMS)}")
    return import_module(_MODULES[kind]), argument
