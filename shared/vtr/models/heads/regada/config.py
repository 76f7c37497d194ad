"""What determines the shapes and losses of the region head and the adverb head."""

from __future__ import annotations

from dataclasses import dataclass

from vtr.models.heads.base import HeadConfig, HeadError


@dataclass(frozen=True)
class RegionConfig(HeadConfig):
    """``region_dim``, ``word_dim``: of the base tower's features; ``appearance``: how many of its likes a
    region is joined to; ``same_place_iou``: the overlap that makes boxes of two consecutive frames one place;
    ``negatives``: texts of other videos that the graph tells each video apart from in training, beside the
    whole batch that its parts are told apart from; ``temperature``: of the cosines in both losses;
    ``local_weight``: of the loss of the parts; ``graph_videos``: how many of a batch's videos the graph sees,
    0 for all: it costs many times what the parts do."""

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
    local_weight: float = 1.0
    graph_videos: int = 0

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
    since the one before, for towers that see single frames. ``time_layers``: convolutions over neighbouring
    snippets before the action asks. ``pairs[i]``: the adverbs that action ``i`` is trained with; with them,
    ``contrast_weight`` is of the cross-entropy over an action's adverbs of cosines at ``temperature``, beside
    the paper's three losses, whose weights are 1 there; 0 leaves it out."""

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
    time_layers: int = 0
    margin: float = 1.0
    antonym_weight: float = 1.0
    action_weight: float = 1.0
    regression_weight: float = 1.0
    contrast_weight: float = 0.0
    temperature: float = 0.1
    pairs: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        for name in ("snippet_dim", "text_dim", "dim", "heads", "layers"):
            if getattr(self, name) < 1:
                raise HeadError(f"{name}: {getattr(self, name)} is less than 1")
        if self.dim % self.heads or self.dim % 2:
            raise HeadError(f"dim: {self.dim} is not even and a multiple of heads, {self.heads}")
        if self.time_layers < 0:
            raise HeadError(f"time_layers: {self.time_layers} is less than 0")
        if self.temperature <= 0:
            raise HeadError(f"temperature: {self.temperature} is not above 0")
        if self.pairs and len(self.pairs) != len(self.actions):
            raise HeadError(f"pairs: {len(self.pairs)} for {len(self.actions)} actions")
        if any(not 0 <= adverb < len(self.adverbs) for row in self.pairs for adverb in row):
            raise HeadError(f"pairs: an adverb is none of {len(self.adverbs)}")
        if self.contrast_weight and not self.pairs:
            raise HeadError("pairs: are needed for contrast_weight")
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
