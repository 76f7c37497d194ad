"""The BERT encoder (Devlin et al. 2019), forward pass only, for sentence towers such as MiniLM.

transformers has it too, but importing its BERT takes four times as long as importing torch, and a text
service would pay that at each start. A test holds both to the same numbers.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional


class BertLayer(nn.Module):
    """Self-attention and MLP, each followed by residual and layer norm (post-norm)."""

    def __init__(self, width: int, heads: int, inner: int, eps: float) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.attended = nn.Linear(width, width)
        self.attended_norm = nn.LayerNorm(width, eps=eps)
        self.inner = nn.Linear(width, inner)
        self.outer = nn.Linear(inner, width)
        self.outer_norm = nn.LayerNorm(width, eps=eps)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """``x`` ``[N, L, width]``, ``mask`` bool ``[N, 1, 1, L]``, true where a token is."""
        n, length, width = x.shape
        q, k, v = (
            part(x).view(n, length, self.heads, -1).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = self.attended_norm(x + self.attended(mixed.transpose(1, 2).reshape(n, length, width)))
        hidden: torch.Tensor = self.outer_norm(x + self.outer(functional.gelu(self.inner(x))))
        return hidden


class Bert(nn.Module):
    """Token ids to token states, without a pooler."""

    def __init__(
        self, *, vocabulary: int, positions: int, width: int, heads: int, inner: int, layers: int, eps: float
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(positions, width)
        self.types = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=eps)
        self.layers = nn.ModuleList(BertLayer(width, heads, inner, eps) for _ in range(layers))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """``ids`` int64 ``[N, L]`` and ``mask`` bool ``[N, L]`` to states ``[N, L, width]``."""
        x = self.words(ids) + self.positions.weight[: ids.shape[1]] + self.types.weight[0]
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])
        states: torch.Tensor = x
        return states


# Ours on the left, the checkpoint's on the right.
_LAYER_NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attended": "attention.output.dense",
    "attended_norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "outer_norm": "output.LayerNorm",
}
_EMBEDDING_NAMES = {
    "words.weight": "embeddings.word_embeddings.weight",
    "positions.weight": "embeddings.position_embeddings.weight",
    "types.weight": "embeddings.token_type_embeddings.weight",
    "norm.weight": "embeddings.LayerNorm.weight",
    "norm.bias": "embeddings.LayerNorm.bias",
}


def load_bert(folder: Path) -> Bert:
    """Reads ``config.json`` and ``model.safetensors`` of a BERT checkpoint of exact gelu.

    Raises ``ValueError`` when the checkpoint is of another kind.
    """
    config = json.loads((folder / "config.json").read_text("utf-8"))
    for key, want in {"model_type": "bert", "hidden_act": "gelu"}.items():
        if config.get(key) != want:
            raise ValueError(
                f"{folder / 'config.json'}: {key} is {config.get(key)!r}, but needed is {want!r}"
            )
    # Not on the meta device: its first use imports the compiler stack, which takes longer than the weights.
    model = Bert(
        vocabulary=config["vocab_size"],
        positions=config["max_position_embeddings"],
        width=config["hidden_size"],
        heads=config["num_attention_heads"],
        inner=config["intermediate_size"],
        layers=config["num_hidden_layers"],
        eps=config["layer_norm_eps"],
    )
    theirs = load_file(folder / "model.safetensors")
    state = {ours: theirs[name] for ours, name in _EMBEDDING_NAMES.items()}
    for number in range(config["num_hidden_layers"]):
        for ours, name in _LAYER_NAMES.items():
            for part in ("weight", "bias"):
                state[f"layers.{number}.{ours}.{part}"] = theirs[f"encoder.layer.{number}.{name}.{part}"]
    model.load_state_dict(state, assign=True)
    return model.eval()
