"""The composer: properties of its vectors, its masks, its gradients and its losses."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from vtr.models.heads.base import Head, HeadError
from vtr.models.heads.covr.batch import CovrBatch
from vtr.models.heads.covr.config import CovrConfig
from vtr.models.heads.covr.head import Covr
from vtr.models.heads.masks import unit
from vtr.models.losses.hn_nce import hn_nce

CONFIG = CovrConfig(frame_dim=10, text_dim=6, dim=12, width=16, layers=2, heads=2, dropout=0.0)


def make_head(config: CovrConfig = CONFIG, seed: int = 0) -> Covr:
    torch.manual_seed(seed)
    return Covr(config)


def make_batch(size: int = 4, seed: int = 0) -> CovrBatch:
    g = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=g)

    frame_lengths, token_lengths = torch.arange(size) % 3 + 3, torch.arange(size) % 4 + 2
    return CovrBatch(
        example=unit(normal(size, 12)),
        frames=normal(size, 5, 10),
        frame_mask=torch.arange(5) < frame_lengths.unsqueeze(1),
        tokens=normal(size, 6, 6),
        token_mask=torch.arange(6) < token_lengths.unsqueeze(1),
        target=unit(normal(size, 12)),
        caption=unit(normal(size, 12)),
        example_ids=torch.arange(size),
        target_ids=torch.arange(size) + 100,
    )


def rows(batch: CovrBatch, order: Tensor) -> CovrBatch:
    return CovrBatch(**{name: None if value is None else value[order] for name, value in vars(batch).items()})


def test_it_is_a_head_and_its_config_survives_json() -> None:
    head = make_head()
    assert isinstance(head, Head)
    assert CovrConfig.from_json(head.config.to_json()) == CONFIG
    with pytest.raises(HeadError, match="no field colour"):
        CovrConfig.from_json('{"frame_dim": 1, "text_dim": 1, "colour": 1}')
    with pytest.raises(HeadError, match="frame_dim"):
        CovrConfig.from_json('{"frame_dim": "many", "text_dim": 1}')


def test_queries_have_norm_one_and_the_gate_lies_between_zero_and_one() -> None:
    composed = make_head()(make_batch())
    assert composed.vectors.shape == (4, 12)
    assert torch.allclose(composed.vectors.norm(dim=1), torch.ones(4), atol=1e-6)
    assert ((composed.kept > 0) & (composed.kept < 1)).all()


def test_permuting_the_batch_permutes_the_queries_and_keeps_the_loss() -> None:
    head, batch, order = make_head().eval(), make_batch(), torch.tensor([2, 0, 3, 1])
    assert torch.allclose(head(rows(batch, order)).vectors, head(batch).vectors[order], atol=1e-6)
    assert torch.allclose(head.loss(rows(batch, order))["loss"], head.loss(batch)["loss"], atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_padding_changes_nothing_whatever_stands_in_it(training: bool) -> None:
    head, batch = make_head().train(training), make_batch()
    dirty = replace(
        batch,
        frames=batch.frames.masked_fill(~batch.frame_mask.unsqueeze(-1), float("nan")),
        tokens=batch.tokens.masked_fill(~batch.token_mask.unsqueeze(-1), 1e4),
    )
    longer = replace(
        batch,
        frames=torch.cat([batch.frames, torch.ones(4, 3, 10)], dim=1),
        frame_mask=torch.cat([batch.frame_mask, torch.zeros(4, 3, dtype=torch.bool)], dim=1),
    )
    expected = head(batch).vectors
    assert torch.allclose(head(dirty).vectors, expected, atol=1e-6)
    assert torch.allclose(head(longer).vectors, expected, atol=1e-6)


def test_every_real_frame_word_and_their_order_count() -> None:
    head, batch = make_head().eval(), make_batch()
    expected = head(batch).vectors
    frames = batch.frames.clone()
    frames[0, 2] += torch.arange(10)
    tokens = batch.tokens.clone()
    tokens[0, 1] += torch.arange(6)
    swapped = batch.frames.clone()
    swapped[:, [0, 1]] = batch.frames[:, [1, 0]]
    for changed in (replace(batch, frames=frames), replace(batch, tokens=tokens)):
        vectors = head(changed).vectors
        assert not torch.allclose(vectors[0], expected[0], atol=1e-4)
        assert torch.allclose(vectors[1:], expected[1:], atol=1e-6)
    assert not torch.allclose(head(replace(batch, frames=swapped)).vectors, expected, atol=1e-4)


def test_a_gate_that_is_open_returns_the_example_and_a_shut_one_forgets_it() -> None:
    head, batch = make_head().eval(), make_batch()
    with torch.no_grad():
        head.composer.gate.weight.zero_()
        head.composer.gate.bias.fill_(30)
        assert torch.allclose(head(batch).vectors, batch.example, atol=1e-5)
        head.composer.gate.bias.fill_(-30)
        other = replace(batch, example=batch.example.flip(0))
        assert torch.allclose(head(batch).vectors, head(other).vectors, atol=1e-5)


def test_the_loss_reaches_every_parameter() -> None:
    head = make_head()
    head.loss(make_batch())["loss"].backward()
    unreached = [n for n, p in head.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert unreached == []


def test_the_loss_is_hn_nce_against_videos_and_captions() -> None:
    head, batch = make_head().eval(), make_batch()
    queries = head(batch).vectors
    assert batch.target is not None
    assert batch.caption is not None
    videos, captions = hn_nce(queries @ batch.target.T), hn_nce(queries @ batch.caption.T)
    losses = head.loss(batch)
    assert torch.allclose(losses["loss"], videos + captions)
    assert torch.allclose(losses["videos"], videos)
    without = make_head(replace(CONFIG, caption_weight=0.0)).eval()
    assert torch.allclose(without.loss(replace(batch, caption=None))["loss"], videos)


def test_the_same_target_twice_is_no_wrong_answer_and_the_example_by_choice() -> None:
    batch = make_batch(3)
    assert batch.target is not None
    twice = replace(batch, target=batch.target[[0, 0, 2]], target_ids=torch.tensor([7, 7, 9]))
    head = make_head(replace(CONFIG, caption_weight=0.0)).eval()
    known = head.loss(twice)["loss"]
    unknown = head.loss(replace(twice, target_ids=None))["loss"]
    assert known < unknown
    back_and_forth = replace(batch, example_ids=torch.tensor([1, 2, 5]), target_ids=torch.tensor([2, 1, 6]))
    lenient = make_head(replace(CONFIG, caption_weight=0.0, example_is_negative=False)).eval()
    assert lenient.loss(back_and_forth)["loss"] < head.loss(back_and_forth)["loss"]


def test_a_tiny_set_is_learned_by_heart() -> None:
    head, batch = make_head(replace(CONFIG, width=32)), make_batch(8)
    optimizer = torch.optim.Adam(head.parameters(), lr=5e-3)
    for _ in range(100):
        optimizer.zero_grad()
        loss = head.loss(replace(batch, caption=batch.target))["loss"]
        loss.backward()
        optimizer.step()
        head.after_step()
    assert loss.item() < 0.02
    assert batch.target is not None
    assert torch.equal((head.eval()(batch).vectors @ batch.target.T).argmax(dim=1), torch.arange(8))


def test_the_same_seed_gives_the_same_head() -> None:
    batch = make_batch()
    assert torch.equal(make_head(seed=3)(batch).vectors, make_head(seed=3)(batch).vectors)


def test_bad_batches_name_the_field() -> None:
    head, batch = make_head(), make_batch()
    no_words = batch.token_mask.clone()
    no_words[2] = False
    for bad, message in [
        (replace(batch, frames=batch.frames[..., :3]), r"frames: shape \[4, 5, 3\]"),
        (replace(batch, frame_mask=batch.frame_mask.float()), "frames mask: torch.float32"),
        (replace(batch, token_mask=no_words), "tokens mask: row 2 has no real entry"),
        (replace(batch, example=batch.example[:, :5]), r"example: shape \[4, 5\]"),
    ]:
        with pytest.raises(HeadError, match=message):
            head(bad)
    with pytest.raises(HeadError, match="target: missing"):
        head.loss(replace(batch, target=None))
    with pytest.raises(HeadError, match="caption: missing"):
        head.loss(replace(batch, caption=None))
    with pytest.raises(HeadError, match="width: 10"):
        CovrConfig(frame_dim=1, text_dim=1, width=10)
