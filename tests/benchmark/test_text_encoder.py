"""Sentences a second: the offline text encoder against its model in a bare loop of torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from tokenizers import Tokenizer

from support.comparing import compare
from vtr.models.encoders.bert import load_bert
from vtr.models.encoders.minilm import minilm_folder
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.registry import load_text_encoder

BATCH = 64
SENTENCES = [
    f"{who} {what} {where} number {number}"
    for number in range(4)
    for who in (
        "a person",
        "two dogs",
        "a red car with its lights on",
        "somebody whom nobody has seen before",
    )
    for what in ("rides along", "jumps over a fence in")
    for where in ("the street", "a green field at night while it rains")
]
PACKAGES = ("torch", "tokenizers")


def _rate(encode: Callable[[Sequence[str]], object], size: int) -> Callable[[], float]:
    def measure() -> float:
        began = time.perf_counter()
        for start in range(0, len(SENTENCES), size):
            encode(SENTENCES[start : start + size])
        return len(SENTENCES) / (time.perf_counter() - began)

    return measure


def test_text_encoder() -> None:
    encoder = load_text_encoder("offline", options=EncoderOptions(max_texts_per_batch=BATCH))
    model = load_bert(minilm_folder())
    tokenizer = Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
    tokenizer.enable_padding()

    @torch.inference_mode()
    def bare(texts: Sequence[str]) -> np.ndarray:
        encodings = tokenizer.encode_batch(list(texts))
        ids = torch.tensor([encoding.ids for encoding in encodings])
        mask = torch.tensor([encoding.attention_mask for encoding in encodings], dtype=torch.bool)
        states = model(ids, mask)
        mean = (states * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)
        vectors: np.ndarray = torch.nn.functional.normalize(mean, dim=-1).numpy()
        return vectors

    for size, name in ((BATCH, f"batches of {BATCH}"), (1, "one by one")):
        compare(
            f"Encode {len(SENTENCES)} sentences, {name}",
            "sentences/s",
            {"bare model": _rate(bare, size), "offline encoder": _rate(encoder.encode_texts, size)},
            to="bare model",
            packages=PACKAGES,
            repeats=3,
        )
    encoder.close()
