"""The composer that edits the example's frames: spans, masks, losses on the change, and that it learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vtr.models.dual.pooling import PartPooling
from vtr.models.heads.base import HeadError
from vtr.models.heads.covr.batch import CovrBatch
from vtr.models.heads.covr.change_loss import change_loss, change_similarities, frame_loss
from vtr.models.heads.covr.config import CovrConfig
from vtr.models.heads.covr.head import Covr
from vtr.models.heads.covr.spans import merge_spans, places
from vtr.models.heads.masks import unit
from vtr.models.training.loop import fit
from vtr.models.training.options import TrainOptions

CONFIG = CovrConfig(
    frame_dim=12,
    text_dim=6,
    dim=20,
    width=16,
    layers=1,
    heads=2,
    dropout=0.0,
    edit_layers=1,
    slots=2,
    slot_dim=4,
    caption_weight=0.0,
    frame_weight=1.0,
    change_weight=1.0,
    example_is_negative=False,
)
FRAMES, EDITS = 6, 4


def make_head(config: CovrConfig = CONFIG, seed: int = 0) -> Covr:
    torch.manual_seed(seed)
    return Covr(config)


def make_pool() -> PartPooling:
    """What the index's vectors are made with."""
    torch.manual_seed(7)
    return PartPooling(CONFIG.frame_dim, CONFIG.dim, CONFIG.slots, CONFIG.slot_dim)


class World:
    """Videos of ``FRAMES`` frames and four edits, each told by a word: at the frames that show its thing,
    something is added. Which frames those are is seen in the example alone."""

    def __init__(self) -> None:
        g = torch.Generator().manual_seed(11)
        self.words = torch.randn(EDITS, CONFIG.text_dim, generator=g)
        self.added = torch.randn(EDITS, CONFIG.frame_dim, generator=g)
        self.thing = torch.randn(CONFIG.frame_dim, generator=g) * 2
        self.pool = make_pool()

    def videos(self, count: int, seed: int) -> tuple[Tensor, Tensor]:
        """Frames [count, FRAMES, W], and [count, EDITS, FRAMES, W] of each video with each edit."""
        g = torch.Generator().manual_seed(seed)
        frames = torch.randn(count, FRAMES, CONFIG.frame_dim, generator=g) * 0.5
        shown = torch.arange(FRAMES).div(3, rounding_mode="floor") == torch.randint(
            2, (count, 1), generator=g
        )
        frames = frames + shown.unsqueeze(-1) * self.thing
        return frames, frames.unsqueeze(1) + shown[:, None, :, None] * self.added[None, :, None]

    def tokens(self, which: Tensor) -> Tensor:
        """[N, 2, text_dim]: a word that says nothing, and that of each edit [N]."""
        return torch.stack([torch.ones(len(which), CONFIG.text_dim), self.words[which]], dim=1)

    @torch.no_grad()
    def vectors(self, frames: Tensor) -> Tensor:
        mask = torch.ones(frames.shape[:2], dtype=torch.bool)
        out: Tensor = self.pool(frames, places(mask), mask)
        return out

    def batch(self, count: int, seed: int) -> CovrBatch:
        """Videos that are asked for with one of the edits each."""
        frames, edited = self.videos(count, seed)
        which = torch.randint(EDITS, (count,), generator=torch.Generator().manual_seed(seed + 1))
        after = edited[torch.arange(count), which]
        mask = torch.ones(count, FRAMES, dtype=torch.bool)
        return CovrBatch(
            example=self.vectors(frames),
            frames=frames,
            frame_mask=mask,
            tokens=self.tokens(which),
            token_mask=mask[:, :2],
            target=self.vectors(after),
            target_frames=after,
            target_frame_mask=mask,
        )

    @torch.no_grad()
    def right(self, head: nn.Module | None) -> float:
        """The share of edits of new videos that are found among the video's four; None: by the example."""
        frames, edited = self.videos(40, 999)
        galleries = torch.stack([self.vectors(edited[:, k]) for k in range(EDITS)], dim=1)
        mask = torch.ones(len(frames), FRAMES, dtype=torch.bool)
        hits = 0
        for k in range(EDITS):
            queries = self.vectors(frames)
            if head is not None:
                words = self.tokens(torch.full((len(frames),), k))
                queries = head(CovrBatch(queries, frames, mask, words, mask[:, :2])).vectors
            hits += int(((galleries @ queries.unsqueeze(-1)).squeeze(-1).argmax(dim=1) == k).sum())
        return hits / (EDITS * len(frames))


def trained(world: World, out: Path) -> Covr:
    head = make_head(replace(CONFIG, width=32))
    head.start_from(world.pool)
    options = TrainOptions(steps=90, lr=5e-3, warmup=10, ema=0.9, evaluate_every=45, precision="float32")
    found = fit(
        head,
        lambda step: [world.batch(24, 1000 + step)],
        lambda averaged: {"val": world.right(averaged)},
        options,
        out,
    ).module
    assert isinstance(found, Covr)
    return found


def test_it_learns_where_and_what_a_word_changes_and_repeats_exactly(tmp_path: Path) -> None:
    world = World()
    assert world.right(None) < 0.5
    head = trained(world, tmp_path / "one")
    assert world.right(head) > 0.9
    again = trained(world, tmp_path / "other")
    assert all(torch.equal(a, b) for a, b in zip(head.parameters(), again.parameters(), strict=True))


def test_at_first_the_query_is_the_example_about() -> None:
    world, head = World(), make_head().eval()
    head.start_from(world.pool)
    batch = world.batch(5, 0)
    assert (head(batch).vectors * batch.example).sum(dim=1).min() > 0.95
    with pytest.raises(HeadError, match="slots"):
        make_head(replace(CONFIG, slots=3)).start_from(world.pool)


@pytest.mark.parametrize("span", [1, 2, 3])
def test_padding_changes_nothing_and_every_loss_reaches_every_parameter(span: int) -> None:
    head, batch = make_head(replace(CONFIG, span=span)), World().batch(4, 0)
    assert batch.target_frames is not None
    more = torch.full((4, 3, CONFIG.frame_dim), float("nan"))
    mask = torch.cat([batch.frame_mask, torch.zeros(4, 3, dtype=torch.bool)], dim=1)
    longer = replace(
        batch,
        frames=torch.cat([batch.frames, more], dim=1),
        frame_mask=mask,
        target_frames=torch.cat([batch.target_frames, more], dim=1),
        target_frame_mask=mask,
    )
    assert torch.allclose(head(longer).vectors, head(batch).vectors, atol=1e-5)
    losses = head.loss(longer)
    for name, value in head.loss(batch).items():
        assert torch.allclose(losses[name], value, atol=1e-5), name
    losses["loss"].backward()
    unreached = [n for n, p in head.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert unreached == []


def test_spans_are_means_of_their_real_frames_and_places_lie_evenly() -> None:
    frames = torch.arange(10.0).reshape(2, 5, 1)
    mask = torch.tensor([[True] * 5, [True, True, True, False, False]])
    merged, real = merge_spans(frames, mask, 2)
    assert merged.squeeze(-1).tolist() == [[0.5, 2.5, 4.0], [5.5, 7.0, 0.0]]
    assert real.tolist() == [[True, True, True], [True, True, False]]
    assert merge_spans(frames, mask, 1)[0] is frames
    assert places(real)[0].tolist() == pytest.approx([1 / 6, 3 / 6, 5 / 6])
    assert places(real)[1, :2].tolist() == pytest.approx([0.25, 0.75])


def test_changes_of_others_are_put_on_the_own_example() -> None:
    g = torch.Generator().manual_seed(0)
    queries, examples, targets = (unit(torch.randn(3, 8, generator=g)) for _ in range(3))
    found = change_similarities(queries, examples, targets)
    for i in range(3):
        assert found[i, i].item() == pytest.approx((queries[i] @ targets[i]).item(), abs=1e-5)
        for j in range(3):
            put = unit(examples[i] + targets[j] - examples[j])
            assert found[i, j].item() == pytest.approx((queries[i] @ put).item(), abs=1e-5)
    assert change_loss(targets, examples, targets, 0.02) < change_loss(examples, examples, targets, 0.02)


def test_the_loss_of_frames_is_the_share_that_is_missed() -> None:
    before, after = torch.zeros(2, 3, 4), torch.ones(2, 3, 4)
    mask = torch.tensor([[True, True, False], [True, False, False]])
    after[~mask] = 1e6
    assert frame_loss(before, before, after, mask).item() == pytest.approx(1.0)
    assert frame_loss(after, before, after, mask).item() == 0.0
    assert frame_loss((before + 1) / 2, before, after, mask).item() == pytest.approx(0.25)


def test_what_a_loss_needs_and_is_not_given_is_named() -> None:
    head, batch = make_head(), World().batch(3, 0)
    with pytest.raises(HeadError, match="target_frames: missing"):
        head.loss(replace(batch, target_frames=None))
    with pytest.raises(HeadError, match="target_frames: 3 rows"):
        head.loss(replace(batch, target_frame_mask=None))
    with pytest.raises(HeadError, match="frame_weight: no frames are edited"):
        replace(CONFIG, edit_layers=0)
    with pytest.raises(HeadError, match="dim: 20 leaves nothing"):
        replace(CONFIG, slots=5)
    with pytest.raises(HeadError, match="change_weight: -1"):
        replace(CONFIG, change_weight=-1.0)


def test_a_query_does_not_depend_on_the_others() -> None:
    head, batch = make_head().eval(), World().batch(5, 3)
    one = replace(
        batch, **{name: value[2:3] for name, value in vars(batch).items() if isinstance(value, Tensor)}
    )
    np.testing.assert_allclose(
        head(one).vectors.detach().numpy(), head(batch).vectors[2:3].detach().numpy(), atol=1e-5
    )
