"""What determines the shapes and losses of the region head and the adverb head."""

from __future__ import annotations

from dataclasses import dataclass

from vtr.models.heads.base import HeadConfig, HeadError


@dataclass(frozen=True)
class RegionConfig(HeadConfig):
    """``region_dim``, ``word_dim``: of the base tower's features; ``appearance``: how many of its likes a
    region is joined to; ``same_place_iou``: the overlap that makes boxes of two consecutive frames one place;
    ``negatives``: texts of other videos that each video is told apart from in training; ``temperature``: of
    the cosines in that loss."""

    region_dim: int
    word_dim: int
    dim: int = 256
    heads: int = 4
    layers: int = 2
    appearance: int = 4
    same_place_iou: float = 0.3
    dropout: float = 0.1
    negatives: int = 3
    temperature: float = 0.07

    def __post_init__(self) -> None:
        for name in ("region_dim", "word_dim", "dim", "heads", "layers", "appearance", "negatives"):
            if getattr(self, name) < 1:
                raise HeadError(f"{name}: {getattr(self, name)} is less than 1")
        if self.dim % self.heads:
            raise HeadError(f"dim: {self.dim} is not a multiple of heads, {self.heads}")
        if not 0 < self.same_place_iou <= 1:
            raise HeadError(f"same_place_iou: {self.same_place_iou} is not in (0, 1]")
        if self.temperature <= 0:
            raise HeadError(f"temperature: {self.temperature} is not above 0")


@dataclass(frozen=True)
class AdverbConfig(HeadConfig):
    """``snippet_dim``, ``text_dim``: of the base tower's features. ``actions``, ``adverbs``: the vocabulary;
    ``antonyms[i]``: the index of the antonym of ``adverbs[i]``. ``motion``: snippets come with their change
    since the one before, for towers that see single frames. The three weights are of the losses, 1 in the
    paper."""

    snippet_dim: int
    text_dim: int
    actions: tuple[str, ...]
    adverbs: tuple[str, ...]
    antonyms: tuple[int, ...]
    dim: int = 400
    heads: int = 4
    layers: int = 2
    dropout: float = 0.1
    motion: bool = True
    margin: float = 1.0
    antonym_weight: float = 1.0
    action_weight: float = 1.0
    regression_weight: float = 1.0

    def __post_init__(self) -> None:
        for name in ("snippet_dim", "text_dim", "dim", "heads", "layers"):
            if getattr(self, name) < 1:
                raise HeadError(f"{name}: {getattr(self, name)} is less than 1")
        if self.dim % self.heads or self.dim % 2:
            raise HeadError(f"dim: {self.dim} is not even and a multiple of heads, {self.heads}")
        if len(self.actions) < 2:
            raise HeadError(f"actions: {len(self.actions)} given, two are needed")
        if len(self.antonyms) != len(self.adverbs):
            raise HeadError(f"antonyms: {len(self.antonyms)} for {len(self.adverbs)} adverbs")
        for own, other in enumerate(self.antonyms):
            if not 0 <= other < len(self.adverbs) or other == own or self.antonyms[other] != own:
                raise HeadError(f"antonyms: {other} is no antonym of adverb {own}, {self.adverbs[own]!r}")


@dataclass(frozen=True)
class RegadaConfig(HeadConfig):
    """Both heads; either may be left out."""

    regions: RegionConfig | None = None
    adverbs: AdverbConfig | None = None

    def __post_init__(self) -> None:
        if self.regions is None and self.adverbs is None:
            raise HeadError("regions, adverbs: one of them is needed")
