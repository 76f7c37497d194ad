"""The configuration of the composer and its loss."""

from __future__ import annotations

from dataclasses import dataclass

from vtr.models.heads.base import HeadConfig, HeadError


@dataclass(frozen=True)
class CovrConfig(HeadConfig):
    """``frame_dim``, ``text_dim``: of frame and token features; ``dim``: of the index's vectors.

    ``width``, ``layers``, ``heads``, ``dropout``: the composer. ``alpha``, ``beta``, ``tau``: HN-NCE.
    ``caption_weight``: of the caption-retrieval term of CoVR-2; 0 leaves it out.
    ``example_is_negative``: whether an example that is also a target in the batch counts as a wrong answer to
    its own query. Serving leaves the example out of the answers either way; as a negative it teaches that the
    text must change something.
    """

    frame_dim: int
    text_dim: int
    dim: int = 256
    width: int = 256
    layers: int = 2
    heads: int = 4
    dropout: float = 0.1
    alpha: float = 1.0
    beta: float = 0.5
    tau: float = 0.07
    caption_weight: float = 1.0
    example_is_negative: bool = True

    def __post_init__(self) -> None:
        for field in ("frame_dim", "text_dim", "dim", "width", "layers", "heads", "tau"):
            if getattr(self, field) <= 0:
                raise HeadError(f"{field}: {getattr(self, field)} is not positive")
        if self.width % self.heads or self.width % 2:
            raise HeadError(f"width: {self.width} is no even multiple of heads {self.heads}")
        if self.caption_weight < 0:
            raise HeadError(f"caption_weight: {self.caption_weight} is negative")
