"""``published:<model version>``: the dual encoder of a published bundle, as an encoder of the services."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from vtr.media.objects import ObjectStore
from vtr.models.bundle.manifest import BundleError
from vtr.models.bundle.store import fetch_bundle
from vtr.models.dual.encoder import TrainedEncoder, TrainedTextEncoder
from vtr.models.encoders.base import Encoder, TextEncoder
from vtr.models.encoders.file_cache import default_cache_dir
from vtr.models.encoders.options import EncoderOptions

E = TypeVar("E", bound=TrainedTextEncoder)


def load_encoder(argument: str, *, options: EncoderOptions) -> Encoder:
    """``argument``: the version of a model in the object store ``options.objects_uri``.

    Raises :class:`BundleError` naming what is missing or corrupt, ``Unavailable`` when the store does not
    answer.
    """
    return _named(argument, TrainedEncoder(_fetched(argument, options), options))


def load_text_encoder(argument: str, *, options: EncoderOptions) -> TextEncoder:
    """As :func:`load_encoder`."""
    return _named(argument, TrainedTextEncoder(_fetched(argument, options), options))


def published_cache(options: EncoderOptions) -> Path:
    """Where fetched bundles are kept."""
    return (options.cache_dir or default_cache_dir()) / "published"


def _fetched(version: str, options: EncoderOptions) -> Path:
    if not version:
        raise ValueError("encoder: 'published' needs a model version: published:<model version>")
    if options.objects_uri is None:
        raise ValueError("encoder: 'published' needs an object store: objects_uri (VTR_OBJECTS__URI)")
    return fetch_bundle(ObjectStore(options.objects_uri), version, published_cache(options))


def _named(version: str, encoder: E) -> E:
    if encoder.model_version != version:
        raise BundleError(f"model {version}: its weights are those of {encoder.model_version}")
    return encoder
