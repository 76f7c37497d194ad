"""The experts: scores, gates, masks, gradients, and what training moves without a gradient."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from vtr.models.heads.base import Head, HeadError
from vtr.models.heads.camoe.batch import CamoeBatch
from vtr.models.heads.camoe.config import CamoeConfig
from vtr.models.heads.camoe.experts import contributions, flatten_texts, scores
from vtr.models.heads.camoe.head import Camoe
from vtr.models.heads.camoe.order import OrderOfFrames, OrderOfWords
from vtr.models.heads.camoe.streams import STREAMS
from vtr.models.losses.dual_softmax import dual_softmax_loss

CONFIG = CamoeConfig(
    frame_dim=10,
    text_dim=6,
    dim=16,
    heads=2,
    dropout=0.0,
    experts=STREAMS,
    slots=4,
    memory=8,
    queue=12,
    momentum=0.9,
)
IN_ORDER = replace(CONFIG, experts=("fusion", "order"))


def make_head(config: CamoeConfig = CONFIG, seed: int = 0) -> Camoe:
    torch.manual_seed(seed)
    return Camoe(config)


def make_batch(size: int = 4, seed: int = 0, experts: int = 4) -> CamoeBatch:
    g = torch.Generator().manual_seed(seed)
    token_mask = torch.arange(6) < (torch.arange(size) % 4 + 3).unsqueeze(1)
    streams = torch.rand(size, experts, 6, generator=g) < 0.5
    streams[:, :, 0] = True
    streams[:, -1] = True
    return CamoeBatch(
        frames=torch.randn(size, 5, 10, generator=g),
        frame_mask=torch.arange(5) < (torch.arange(size) % 3 + 3).unsqueeze(1),
        tokens=torch.randn(size, 6, 6, generator=g),
        token_mask=token_mask,
        streams=streams & token_mask.unsqueeze(1),
        ids=torch.arange(size),
    )


def rows(batch: CamoeBatch, order: Tensor) -> CamoeBatch:
    return CamoeBatch(**{name: value[order] for name, value in vars(batch).items() if value is not None})


def test_it_is_a_head_and_its_config_survives_json() -> None:
    head = make_head()
    assert isinstance(head, Head)
    assert CamoeConfig.from_json(head.config.to_json()) == CONFIG


def test_gates_sum_to_one_and_are_shut_where_a_text_has_no_such_word() -> None:
    head, batch = make_head(), make_batch()
    streams = batch.streams.clone()
    streams[1, 2] = False
    gates = head(replace(batch, streams=streams)).gates
    assert gates.shape == (4, 4)
    assert torch.allclose(gates.sum(dim=1), torch.ones(4))
    assert gates[1, 2] == 0
    assert (gates[0] > 0).all()
    uniform = make_head(replace(CONFIG, gate="uniform"))(replace(batch, streams=streams)).gates
    assert torch.allclose(uniform[0], torch.full((4,), 0.25))
    assert torch.allclose(uniform[1], torch.tensor([1 / 3, 1 / 3, 0, 1 / 3]))


def test_scores_are_gate_weighted_cosines_in_every_form() -> None:
    head, batch = make_head(), make_batch()
    out = head(batch)
    assert torch.allclose(out.texts.norm(dim=-1), torch.ones(4, 4), atol=1e-5)
    assert torch.allclose(out.videos.norm(dim=-1), torch.ones(4, 4), atol=1e-5)
    texts, videos = head.encoder(batch)
    for i in range(4):
        for j in range(4):
            slow = sum(texts.gates[i, e] * texts.vectors[i, e] @ videos[j, e] for e in range(4))
            assert torch.allclose(out.scores[i, j], torch.as_tensor(slow), atol=1e-5)
    assert torch.allclose(contributions(texts, videos).sum(dim=-1), out.scores, atol=1e-6)
    assert torch.allclose(flatten_texts(texts) @ videos.flatten(1).T, scores(texts, videos))
    assert (out.scores.abs() <= 1 + 1e-5).all()


def test_permuting_the_batch_permutes_scores_and_gates_and_keeps_the_loss() -> None:
    head, batch, order = make_head().eval(), make_batch(), torch.tensor([2, 0, 3, 1])
    out, permuted = head(batch), head(rows(batch, order))
    assert torch.allclose(permuted.scores, out.scores[order][:, order], atol=1e-5)
    assert torch.allclose(permuted.gates, out.gates[order], atol=1e-6)
    assert torch.allclose(head.loss(rows(batch, order))["loss"], head.loss(batch)["loss"], atol=1e-5)


def test_a_querys_scores_do_not_depend_on_the_other_queries() -> None:
    head, batch = make_head().eval(), make_batch()
    texts = head.encoder.texts(batch.tokens, batch.token_mask, batch.streams)
    alone = head.encoder.texts(batch.tokens[:1], batch.token_mask[:1], batch.streams[:1])
    videos = head.encoder.videos(batch.frames, batch.frame_mask)
    assert torch.allclose(scores(texts, videos)[:1], scores(alone, videos), atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_padding_changes_nothing_whatever_stands_in_it(training: bool) -> None:
    head, batch = make_head().train(training), make_batch()
    dirty = replace(
        batch,
        frames=batch.frames.masked_fill(~batch.frame_mask.unsqueeze(-1), float("nan")),
        tokens=batch.tokens.masked_fill(~batch.token_mask.unsqueeze(-1), 1e4),
        streams=batch.streams | ~batch.token_mask.unsqueeze(1),
    )
    longer = replace(
        batch,
        frames=torch.cat([batch.frames, torch.ones(4, 3, 10)], dim=1),
        frame_mask=torch.cat([batch.frame_mask, torch.zeros(4, 3, dtype=torch.bool)], dim=1),
    )
    expected = head(batch).scores
    assert torch.allclose(head(dirty).scores, expected, atol=1e-5)
    assert torch.allclose(head(longer).scores, expected, atol=1e-5)


def test_an_expert_reads_its_own_words_alone() -> None:
    head, batch = make_head(replace(CONFIG, layers=0)).eval(), make_batch()
    tokens = batch.tokens.clone()
    tokens[0, 1] += torch.arange(6)
    streams = batch.streams.clone()
    streams[0, :, 1] = torch.tensor([True, False, False, True])
    before = head(replace(batch, streams=streams)).texts[0]
    after = head(replace(batch, streams=streams, tokens=tokens)).texts[0]
    changed = (before - after).abs().sum(dim=-1) > 1e-5
    assert changed.tolist() == [True, False, False, True]


@pytest.mark.parametrize("config", [CONFIG, IN_ORDER])
def test_the_loss_reaches_every_parameter_but_those_of_the_slow_twin(config: CamoeConfig) -> None:
    head = make_head(config)
    head.loss(make_batch(experts=len(config.experts)))["loss"].backward()
    trained = {n: p for n, p in head.named_parameters() if not n.startswith("slow.")}
    assert [n for n, p in trained.items() if p.grad is None or not p.grad.abs().sum() > 0] == []
    slow = [p for n, p in head.named_parameters() if n.startswith("slow.")]
    assert slow
    assert all(p.grad is None and not p.requires_grad for p in slow)


def test_without_queue_the_loss_is_dual_softmax_both_ways() -> None:
    head, batch = make_head(replace(CONFIG, queue=0)).eval(), make_batch()
    losses = head.loss(batch)
    expected = dual_softmax_loss(head(batch).scores, temp=10.0, scale=20.0)
    assert torch.allclose(losses["loss"], expected, atol=1e-5)
    assert "queue" not in losses


def test_captions_of_the_same_video_are_no_wrong_answers() -> None:
    head, batch = make_head(replace(CONFIG, queue=0)).eval(), rows(make_batch(), torch.tensor([0, 0, 2, 3]))
    known = head.loss(batch)["loss"]
    unknown = head.loss(replace(batch, ids=None))["loss"]
    assert known < unknown


def test_what_a_step_moves() -> None:
    head, batch = make_head(), make_batch()
    assert head.slow is not None
    assert head.queue is not None
    head.after_step()
    assert (head.queue.ids == -1).all()
    before = [p.clone() for p in head.slow.parameters()]
    with torch.no_grad():
        for p in head.encoder.parameters():
            p.add_(0.5)
    expected_keys = head.slow(batch)[1]
    head.loss(batch)["loss"].backward()
    head.after_step()
    for old, slow, fast in zip(before, head.slow.parameters(), head.encoder.parameters(), strict=True):
        assert torch.allclose(slow, 0.9 * old + 0.1 * fast)
    assert head.queue.ids[:4].tolist() == [0, 1, 2, 3]
    assert torch.allclose(head.queue.videos[:4], expected_keys, atol=1e-6)
    assert not head.queue.videos.requires_grad
    twice = head.queue.ids.clone()
    head.after_step()
    assert torch.equal(head.queue.ids, twice)


def test_evaluation_leaves_the_queue_alone() -> None:
    head = make_head().eval()
    head.loss(make_batch())
    head.after_step()
    assert head.queue is not None
    assert (head.queue.ids == -1).all()


def test_the_queue_adds_negatives_but_never_the_own_video() -> None:
    head, batch = make_head(), make_batch()
    empty = head.loss(batch)["queue"]
    assert empty.item() == pytest.approx(0, abs=1e-5)
    head.after_step()
    assert head.loss(replace(batch, ids=torch.arange(4) + 50))["queue"] > head.loss(batch)["queue"] > 0
    assert head.loss(replace(batch, ids=None))["queue"] > 0


def test_ablations_build_and_learn() -> None:
    for config in (
        replace(CONFIG, memory=0),
        replace(CONFIG, queue=0),
        replace(CONFIG, gate="uniform"),
        replace(CONFIG, dsl_temp=0.0),
    ):
        make_head(config).loss(make_batch())["loss"].backward()
    one = make_head(replace(CONFIG, experts=("fusion",)))
    assert one(make_batch(experts=1)).gates.tolist() == [[1.0]] * 4


def test_a_tiny_set_is_learned_by_heart() -> None:
    head, batch = make_head(), make_batch(6)
    optimizer = torch.optim.Adam([p for p in head.parameters() if p.requires_grad], lr=5e-3)
    for _ in range(80):
        optimizer.zero_grad()
        losses = head.loss(batch)
        losses["loss"].backward()
        optimizer.step()
        head.after_step()
    assert losses["loss"].item() < 0.02
    assert torch.equal(head.eval()(batch).scores.argmax(dim=1), torch.arange(6))


def test_the_same_seed_gives_the_same_head() -> None:
    assert torch.equal(make_head(seed=3)(make_batch()).scores, make_head(seed=3)(make_batch()).scores)


def test_bad_batches_and_configs_name_the_field() -> None:
    head, batch = make_head(), make_batch()
    for bad, message in [
        (replace(batch, frames=batch.frames[..., :3]), r"frames: shape \[4, 5, 3\]"),
        (replace(batch, streams=batch.streams[:, :2]), r"streams: torch.bool \[4, 2, 6\]"),
        (replace(batch, streams=torch.zeros_like(batch.streams)), "streams: row 0 has no token"),
        (replace(batch, ids=torch.arange(3)), r"ids: shape \[3\]"),
    ]:
        with pytest.raises(HeadError, match=message):
            head(bad)
    for field, value in [
        ("experts", ("entity",)),
        ("gate", "hard"),
        ("dim", 15),
        ("slots", 0),
        ("momentum", 1.5),
        ("tau", 0.0),
        ("queue", -1),
    ]:
        with pytest.raises(HeadError, match=f"^{field}: "):
            replace(CONFIG, **{field: value})  # type: ignore[arg-type]
    with pytest.raises(HeadError, match="slots: 3 do not divide dim 16"):
        replace(IN_ORDER, slots=3)


def test_the_expert_for_order_tells_what_came_first_and_the_mean_does_not() -> None:
    torch.manual_seed(0)
    mask = torch.arange(9) < torch.tensor([[8], [5]])
    states = torch.randn(2, 9, 16) * mask.unsqueeze(-1)
    backwards = states.clone()
    for row, length in enumerate((8, 5)):
        backwards[row, :length] = states[row, :length].flip(0)
    frames = OrderOfFrames(16, 4)
    forth, back = frames(states, mask), frames(backwards, mask)
    assert torch.allclose(forth.norm(dim=-1), torch.ones(2), atol=1e-5)
    # The slots of the reversed video are the video's own from last to first.
    assert torch.allclose(back.reshape(2, 4, 4), forth.reshape(2, 4, 4).flip(1), atol=1e-5)
    assert ((forth * back).sum(dim=-1) < 0.99).all()
    words = OrderOfWords(16, 4)(states, mask)
    assert torch.allclose(words.norm(dim=-1), torch.ones(2), atol=1e-5)
    assert torch.allclose(OrderOfWords(16, 4)(states[:1, :1], mask[:1, :1]).norm(dim=-1), torch.ones(1))


def test_with_the_expert_for_order_padding_changes_nothing() -> None:
    head, batch = make_head(IN_ORDER).eval(), make_batch(experts=2)
    longer = replace(
        batch,
        frames=torch.cat([batch.frames, torch.full((4, 3, 10), float("nan"))], dim=1),
        frame_mask=torch.cat([batch.frame_mask, torch.zeros(4, 3, dtype=torch.bool)], dim=1),
    )
    assert torch.allclose(head(longer).scores, head(batch).scores, atol=1e-5)
