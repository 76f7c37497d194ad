"""Small batches for the region head and the adverb head."""

import torch

from vtr.models.heads.regada.adverb_head import AdverbBatch, AdverbHead
from vtr.models.heads.regada.boxes import grid_boxes
from vtr.models.heads.regada.config import AdverbConfig, RegionConfig
from vtr.models.heads.regada.region_head import RegionBatch

FRAMES = (3, 2, 1)
WORDS = (4, 1, 2)


def region_config(**changes: object) -> RegionConfig:
    sizes = {"region_dim": 6, "word_dim": 5, "dim": 16, "heads": 2, "appearance": 2, "dropout": 0.0}
    return RegionConfig(**{**sizes, **changes})


def region_batch(padding: int = 0) -> RegionBatch:
    """Three clips of 1 to 3 frames of 2 x 2 cells; ``padding`` more padded frames and words each, of NaN."""
    draw = torch.Generator().manual_seed(0)
    frames, words, batch = max(FRAMES) + padding, max(WORDS) + padding, len(FRAMES)
    features = torch.full((batch, frames, 4, 6), float("nan"))
    boxes = torch.full((batch, frames, 4, 4), float("nan"))
    tokens = torch.full((batch, words, 5), float("nan"))
    mask = torch.zeros(batch, frames, 4, dtype=torch.bool)
    for row, (t, n) in enumerate(zip(FRAMES, WORDS, strict=True)):
        features[row, :t] = torch.randn(t, 4, 6, generator=draw)
        boxes[row, :t] = grid_boxes(2, 2)
        mask[row, :t] = True
        tokens[row, :n] = torch.randn(n, 5, generator=draw)
    return RegionBatch(features, boxes, mask, tokens, torch.arange(words) < torch.tensor(WORDS)[:, None])


def adverb_config(**changes: object) -> AdverbConfig:
    sizes = {
        "snippet_dim": 6,
        "text_dim": 5,
        "actions": ("pour", "cut", "stir"),
        "adverbs": ("slowly", "quickly", "gently", "firmly"),
        "antonyms": (1, 0, 3, 2),
        "dim": 16,
        "heads": 2,
        "dropout": 0.0,
    }
    return AdverbConfig(**{**sizes, **changes})


def adverb_head(**changes: object) -> AdverbHead:
    torch.manual_seed(0)
    head = AdverbHead(adverb_config(**changes))
    head.set_vocabulary(torch.randn(3, 5), torch.randn(4, 5))
    return head


def adverb_batch(padding: int = 0) -> AdverbBatch:
    """Three clips of 5, 2 and 1 snippets; padding is NaN."""
    draw = torch.Generator().manual_seed(1)
    lengths = torch.tensor([5, 2, 1])
    snippets = torch.full((3, 5 + padding, 6), float("nan"))
    for row, length in enumerate(lengths.tolist()):
        snippets[row, :length] = torch.randn(length, 6, generator=draw)
    mask = torch.arange(5 + padding) < lengths[:, None]
    return AdverbBatch(snippets, mask, torch.tensor([0, 1, 2]), torch.tensor([0, 3, 1]))
