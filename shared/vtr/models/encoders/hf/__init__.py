"""``hf:<model id or path>``: dual towers through transformers (CLIP, SigLIP, SigLIP 2, X-CLIP).

A path loads without network; an id is fetched once and kept in the Hugging Face cache. ``id@revision``
pins a revision.
"""

from __future__ import annotations

from vtr.models.encoders.base import Encoder, TextEncoder
from vtr.models.encoders.hf.encoder import HfEncoder, HfTextEncoder
from vtr.models.encoders.hf.snapshot import resolve
from vtr.models.encoders.options import EncoderOptions


def load_encoder(argument: str, *, options: EncoderOptions) -> Encoder:
    """``argument``: a model id, ``id@revision``, or a folder that holds a checkpoint."""
    return HfEncoder(resolve(argument), options=options)


def load_text_encoder(argument: str, *, options: EncoderOptions) -> TextEncoder:
    """As :func:`load_encoder`; the image tower is dropped as soon as the checkpoint is read."""
    return HfTextEncoder(resolve(argument), options=options)
