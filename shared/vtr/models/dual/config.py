"""What determines a dual encoder."""

from __future__ import annotations

from dataclasses import dataclass

from vtr.models.heads.base import HeadConfig, HeadError


@dataclass(frozen=True)
class DualConfig(HeadConfig):
    """Sizes and the parts that can be switched off for comparison.

    ``side``: frames are scaled to side x side pixels; ``fps``: the rate it is trained at; ``parts``: how
    many soft parts of the video are pooled apart, beside the mean (0: the mean alone).
    ``clause_weight``: of the loss between single events and their captions; 0 leaves it out.
    ``word_weight``: of the loss of naming the caption's words from what is seen; 0 leaves it out.
    ``swaps``: captions with one factor swapped, as negatives of each video's own.
    """

    dim: int = 256
    side: int = 48
    fps: float = 5.0
    channels: int = 32
    width: int = 192
    layers: int = 2
    heads: int = 4
    max_seconds: float = 16.0
    parts: int = 4
    text_width: int = 128
    text_layers: int = 2
    text_heads: int = 4
    text_queries: int = 4
    max_tokens: int = 112
    dropout: float = 0.0
    tau: float = 0.07
    clause_weight: float = 0.5
    word_weight: float = 1.0
    swaps: int = 1

    def __post_init__(self) -> None:
        for name in ("width", "text_width"):
            heads = self.heads if name == "width" else self.text_heads
            if getattr(self, name) % heads:
                raise HeadError(f"{name}: {getattr(self, name)} is no multiple of {heads} heads")
        if self.side % 8:
            raise HeadError(f"side: {self.side} is no multiple of 8")
