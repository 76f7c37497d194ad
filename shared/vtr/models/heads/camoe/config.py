"""The configuration of the experts, the memory and the losses."""

from __future__ import annotations

from dataclasses import dataclass

from vtr.models.heads.base import HeadConfig, HeadError
from vtr.models.heads.camoe.streams import EXPERTS, FUSION, ORDER

LEARNED, UNIFORM = "learned", "uniform"


@dataclass(frozen=True)
class CamoeConfig(HeadConfig):
    """``frame_dim``, ``text_dim``: of frame and token features; ``dim``: of each expert's vectors.
    ``layers``, ``text_layers``: over frames and over words, which the base tower has related already.

    ``experts``: which there are, ``fusion`` always among them. ``slots``: parts in order that the expert for
    order compares, ``dim / slots`` coordinates each. ``gate``: ``learned`` or ``uniform``.
    ``memory``: rows of the bank, 0 for none; ``memory_tau``: of its attention. ``queue``: past embeddings as
    negatives, 0 for none; ``momentum``: of the encoder that fills it. ``tau``: of all cross-entropies;
    ``dsl_temp``: of the dual softmax's prior. ``dsl_weight``, ``queue_weight``, ``false_weight``,
    ``event_weight``: of the losses; 0 leaves one out.
    The ablations of the paper's claims are ``memory=0``, ``queue=0``, ``experts=("fusion",)``,
    ``gate="uniform"`` and ``dsl_temp=0`` (plain InfoNCE).
    """

    frame_dim: int
    text_dim: int
    dim: int = 256
    layers: int = 1
    text_layers: int = 0
    heads: int = 4
    dropout: float = 0.1
    experts: tuple[str, ...] = EXPERTS
    slots: int = 8
    gate: str = LEARNED
    memory: int = 256
    memory_tau: float = 0.1
    queue: int = 1024
    momentum: float = 0.995
    tau: float = 0.05
    dsl_temp: float = 10.0
    dsl_weight: float = 1.0
    queue_weight: float = 0.5
    false_weight: float = 1.0
    event_weight: float = 1.0

    def __post_init__(self) -> None:
        for field in ("frame_dim", "text_dim", "dim", "heads", "memory_tau", "tau"):
            if getattr(self, field) <= 0:
                raise HeadError(f"{field}: {getattr(self, field)} is not positive")
        weights = ("dsl_weight", "queue_weight", "false_weight", "event_weight")
        for field in ("layers", "text_layers", "memory", "queue", "dsl_temp", *weights):
            if getattr(self, field) < 0:
                raise HeadError(f"{field}: {getattr(self, field)} is negative")
        if self.dim % self.heads or self.dim % 2:
            raise HeadError(f"dim: {self.dim} is no even multiple of heads {self.heads}")
        if self.slots < 1 or (ORDER in self.experts and self.dim % self.slots):
            raise HeadError(f"slots: {self.slots} do not divide dim {self.dim}")
        if not 0 <= self.momentum <= 1:
            raise HeadError(f"momentum: {self.momentum} is not in [0, 1]")
        if self.gate not in (LEARNED, UNIFORM):
            raise HeadError(f"gate: {self.gate!r} is neither {LEARNED!r} nor {UNIFORM!r}")
        if len(set(self.experts)) != len(self.experts) or not set(self.experts) <= set(EXPERTS):
            raise HeadError(f"experts: {self.experts} are not distinct ones of {EXPERTS}")
        if FUSION not in self.experts:
            raise HeadError(f"experts: {FUSION!r} is missing; a text may have no word of any other")
