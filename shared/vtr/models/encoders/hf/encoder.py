"""Loads a dual-tower checkpoint and puts both halves behind the encoder protocol."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers

from vtr.models.encoders.base import ClipEmbedding, ClipFrames, FloatArray
from vtr.models.encoders.checks import check_clips
from vtr.models.encoders.hf.images import ClipTower, FrameTower, Pixels, XClipTower
from vtr.models.encoders.hf.snapshot import fingerprint
from vtr.models.encoders.hf.texts import TextTower
from vtr.models.encoders.lifetime import Closable
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.torch_runtime import pick_device, pick_dtype, set_threads

FAMILIES = {"clip": "CLIPModel", "siglip": "SiglipModel", "siglip2": "Siglip2Model", "xclip": "XCLIPModel"}
# Parts that only the image side needs, by the names that any family gives them.
_IMAGE_PARTS = ("vision_model", "visual_projection", "mit", "prompts_generator", "prompts_visual_layernorm")


class HfTextEncoder(Closable):
    """The text tower of a checkpoint folder."""

    def __init__(self, folder: Path, *, options: EncoderOptions) -> None:
        set_threads(options)
        self._device = pick_device(options)
        self._dtype = pick_dtype(options, self._device)
        model = _load_model(folder, self._dtype)
        model_type = str(model.config.model_type)
        self.dim = _dimension(model.config)
        kind = re.sub(r"[^a-z0-9]", "-", model_type.lower())
        self.model_version = f"hf-{kind}_{self.dim}_{fingerprint(folder)}"
        self._prepare(model, folder, options)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._text: TextTower | None = TextTower(
            model.to(self._device),
            tokenizer,
            device=self._device,
            batch=options.max_texts_per_batch,
            dim=self.dim,
        )

    def _prepare(self, model: Any, folder: Path, options: EncoderOptions) -> None:  # noqa: ARG002
        for part in _IMAGE_PARTS:
            if hasattr(model, part):
                delattr(model, part)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """See :class:`vtr.models.encoders.base.TextEncoder`."""
        self._require_open()
        assert self._text is not None  # noqa: S101
        return self._text.encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> FloatArray:
        """See :class:`vtr.models.encoders.base.TextEncoder`; windows are of the tower's positions."""
        return self.encode_texts(texts)

    def _release(self) -> None:
        self._text = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


class HfEncoder(HfTextEncoder):
    """Both towers of a checkpoint folder."""

    _clips: ClipTower | None = None

    def _prepare(self, model: Any, folder: Path, options: EncoderOptions) -> None:
        processor = transformers.AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        pixels = Pixels(processor, device=self._device, dtype=self._dtype)
        if model.config.model_type == "xclip":
            self._clips = XClipTower(model, pixels, budget=options.max_frames_per_batch)
        else:
            # Compiling pays on a GPU; on a CPU it costs minutes and needs a C++ compiler.
            compiled = options.compile and self._device.type == "cuda"
            self._clips = FrameTower(model, pixels, budget=options.max_frames_per_batch, compiled=compiled)

    def encode_clips(self, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]:
        """See :class:`vtr.models.encoders.base.Encoder`."""
        self._require_open()
        assert self._clips is not None  # noqa: S101
        check_clips(clips)
        return self._clips.encode(clips) if clips else []

    def _release(self) -> None:
        self._clips = None
        super()._release()


def _load_model(folder: Path, dtype: torch.dtype) -> Any:
    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    name = FAMILIES.get(config.model_type)
    if name is None:
        raise ValueError(
            f"encoder: hf:{folder}: model_type {config.model_type!r} has no towers for clips and texts; "
            f"known are {', '.join(FAMILIES)}"
        )
    family = getattr(transformers, name)
    model, report = family.from_pretrained(
        folder, config=config, dtype=dtype, local_files_only=True, output_loading_info=True
    )
    missing = sorted(report["missing_keys"])
    if missing:
        # transformers would fill them at random and go on: answers without meaning.
        raise ValueError(f"encoder: hf:{folder}: the weights lack {len(missing)} tensors, first {missing[0]}")
    return model.eval()


def _dimension(config: Any) -> int:
    text = config.text_config
    if config.model_type.startswith("siglip"):
        return int(getattr(text, "projection_size", None) or text.hidden_size)
    return int(config.projection_dim)
