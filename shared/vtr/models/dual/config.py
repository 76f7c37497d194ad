"""What determines a dual encoder."""

from __future__ import annotations

from dataclasses import dataclass

from vtr.models.heads.base import HeadConfig, HeadError


@dataclass(frozen=True)
class DualConfig(HeadConfig):
    """Sizes and the parts that can be switched off for comparison.

    ``side``: frames are scaled to side x side pixels; ``fps``: the rate it is trained at; ``slots``: how many
    parts in order have ``slot_dim`` coordinates of ``dim`` each to themselves (0: the whole alone).
    ``gaps``: how many frames before each one those lie from which its change is seen.
    ``points``: how many learned things are followed from frame to frame.
    ``clause_weight``: of the loss between single events and their captions; 0 leaves it out.
    ``word_weight``: of the loss of naming the caption's words from what is seen; 0 leaves it out.
    ``swaps``: captions with one factor swapped, as negatives of each video's own.
    """

    dim: int = 384
    side: int = 48
    fps: float = 5.0
    gaps: tuple[int, ...] = (1, 2, 4)
    channels: int = 32
    points: int = 24
    width: int = 192
    layers: int = 2
    heads: int = 4
    max_seconds: float = 16.0
    slots: int = 6
    slot_dim: int = 48
    text_width: int = 128
    text_layers: int = 2
    text_heads: int = 4
    max_tokens: int = 112
    dropout: float = 0.0
    tau: float = 0.07
    clause_weight: float = 1.0
    word_weight: float = 1.0
    swaps: int = 2

    def __post_init__(self) -> None:
        for name in ("width", "text_width"):
            heads = self.heads if name == "width" else self.text_heads
            if getattr(self, name) % heads:
                raise HeadError(f"{name}: {getattr(self, name)} is no multiple of {heads} heads")
        if self.slots * self.slot_dim >= self.dim:
            raise HeadError(
                f"dim: {self.dim} leaves nothing for the whole beside {self.slots} x {self.slot_dim}"
            )
        if self.side % 8:
            raise HeadError(f"side: {self.side} is no multiple of 8")
