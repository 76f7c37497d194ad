"""Texts of any length through a transformers text tower: windows, padding, pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from vtr.models.encoders.base import FloatArray
from vtr.models.encoders.batching import slices
from vtr.models.encoders.checks import check_texts
from vtr.models.encoders.hf.features import as_features
from vtr.models.encoders.pooling import pool_windows, unit


class WindowTokenizer:
    """Token ids cut into windows of the tower's limit, each with the tokenizer's special tokens."""

    def __init__(self, tokenizer: Any, *, limit: int) -> None:
        self._tokenizer = tokenizer
        # What surrounds a text differs by family (CLIP: start and end; SigLIP: end), so it is asked for.
        bare = self._ids("a", special=False)
        full = self._ids("a", special=True)
        at = next(i for i in range(len(full)) if full[i : i + len(bare)] == bare)
        self._before, self._after = full[:at], full[at + len(bare) :]
        self._room = limit - len(self._before) - len(self._after)
        if self._room < 1:
            raise ValueError(f"text_config.max_position_embeddings: {limit} leaves no room for a text")

    def windows(self, text: str) -> list[list[int]]:
        """At least one window; none is longer than the limit."""
        ids = self._ids(text, special=False)
        parts = [ids[part] for part in slices(len(ids), self._room)] or [[]]
        return [self._before + part + self._after for part in parts]

    def _ids(self, text: str, *, special: bool) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=special, verbose=False)["input_ids"]
        return ids


class TextTower:
    """The text half of a dual-tower model."""

    def __init__(self, model: Any, tokenizer: Any, *, device: torch.device, batch: int, dim: int) -> None:
        limit = int(model.config.text_config.max_position_embeddings)
        self._model = model
        self._device = device
        self._batch = batch
        self._dim = dim
        self._windows = WindowTokenizer(tokenizer, limit=limit)
        self._pad = tokenizer.pad_token_id or 0
        self._pad_left = tokenizer.padding_side == "left"
        # SigLIP was trained on texts padded to the full length, and without an attention mask.
        self._full_length = limit if model.config.model_type.startswith("siglip") else None

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Float32 ``[N, D]``, L2 norm 1."""
        check_texts(texts)
        windows: list[list[int]] = []
        owners: list[int] = []
        for owner, text in enumerate(texts):
            for window in self._windows.windows(text):
                windows.append(window)
                owners.append(owner)
        lengths = np.array([len(window) for window in windows], dtype=np.int64)
        vectors = np.empty((len(windows), self._dim), dtype=np.float32)
        order = np.argsort(lengths, kind="stable")
        for part in slices(len(order), self._batch):
            rows = order[part]
            vectors[rows] = self._embed([windows[row] for row in rows])
        return pool_windows(vectors, owners=owners, weights=lengths, count=len(texts))

    @torch.inference_mode()
    def _embed(self, windows: list[list[int]]) -> FloatArray:
        length = self._full_length or max(map(len, windows))
        ids = torch.full((len(windows), length), self._pad, dtype=torch.int64)
        mask = torch.zeros((len(windows), length), dtype=torch.int64)
        for row, tokens in enumerate(windows):
            place = slice(length - len(tokens), length) if self._pad_left else slice(len(tokens))
            ids[row, place] = torch.tensor(tokens)
            mask[row, place] = 1
        inputs = {"input_ids": ids.to(self._device)}
        if self._full_length is None:
            inputs["attention_mask"] = mask.to(self._device)
        return unit(as_features(self._model.get_text_features(**inputs)))
