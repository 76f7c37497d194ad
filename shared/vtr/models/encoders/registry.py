"""From a spec string (``VTR_ENCODER``) to an encoder. Imports a tower only when it is asked for.

A spec is ``KIND`` or ``KIND:ARGUMENT``. Kinds that other packages add come from the entry-point group
``vtr.encoders``: an object (a module will do) with ``load_encoder(argument, *, options)`` and
``load_text_encoder(argument, *, options)``.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from vtr.models.encoders.base import Encoder, TextEncoder
from vtr.models.encoders.options import EncoderOptions

__all__ = ["EncoderOptions", "load_encoder", "load_text_encoder"]

GROUP = "vtr.encoders"
_MODULES = {
    "hf": "vtr.models.encoders.hf",
    "offline": "vtr.models.encoders.offline",
    "published": "vtr.models.bundle.encoder",
    "random": "vtr.models.encoders.random_encoder",
    "trained": "vtr.models.dual.encoder",
}
_FORMS = {
    "hf": "hf:<model id or path>",
    "published": "published:<model version>",
    "random": "random[:<dim>]",
    "trained": "trained:<checkpoint directory>",
}


def load_encoder(spec: str, *, options: EncoderOptions) -> Encoder:
    """Loads both towers.

    ``spec``: ``offline``, ``random``, ``random:<dim>``, ``hf:<model id or path>``,
    ``trained:<checkpoint directory>``, ``published:<model version>``, or a registered kind.
    Raises ``ValueError`` for an unknown spec, listing those known and how one is added.
    """
    factory, argument = _resolve(spec)
    encoder: Encoder = factory.load_encoder(argument, options=options)
    return encoder


def load_text_encoder(spec: str, *, options: EncoderOptions) -> TextEncoder:
    """Loads the text tower alone; otherwise as :func:`load_encoder`."""
    factory, argument = _resolve(spec)
    encoder: TextEncoder = factory.load_text_encoder(argument, options=options)
    return encoder


def _resolve(spec: str) -> tuple[Any, str]:
    kind, _, argument = spec.strip().partition(":")
    if kind in _MODULES:
        return import_module(_MODULES[kind]), argument
    registered = {point.name: point for point in entry_points(group=GROUP)}
    if kind in registered:
        return registered[kind].load(), argument
    known = ", ".join(_FORMS.get(name, name) for name in sorted({*_MODULES, *registered}))
    raise ValueError(
        f"encoder: {spec!r} is unknown; known are {known}. "
        f"A package adds one by an entry point in the group {GROUP!r} (see vtr/models/README.md)"
    )
