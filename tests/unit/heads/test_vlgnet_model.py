from dataclasses import replace

import pytest
import torch

from support.moment_batches import LENGTHS, ragged_batch, tiny_config
from vtr.models.heads.base import Head, HeadError
from vtr.models.heads.vlgnet.batch import MomentBatch
from vtr.models.heads.vlgnet.config import VlgNetConfig
from vtr.models.heads.vlgnet.decode import moments, video_scores
from vtr.models.heads.vlgnet.model import VlgNet
from vtr.models.heads.vlgnet.targets import temporal_iou


def head(**changes: object) -> VlgNet:
    torch.manual_seed(0)
    return VlgNet(tiny_config(**changes)).eval()


def test_it_is_a_head_and_its_config_survives_the_card() -> None:
    model = head()
    assert isinstance(model, Head)
    assert VlgNetConfig.from_json(model.config.to_json()) == model.config


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kernel": 2}, "kernel"),
        ({"iou_low": 1.0}, "iou_low"),
        ({"dim": 7}, "dim"),
        ({"map_dim": 0}, "map_dim"),
    ],
)
def test_a_config_that_cannot_be_is_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(HeadError, match=field):
        tiny_config(**changes)


def test_padding_changes_nothing() -> None:
    model = head()
    plain, padded = model(ragged_batch()), model(ragged_batch(padding=3))
    longest = max(LENGTHS)
    torch.testing.assert_close(
        padded.logits[:, :longest, :longest][plain.valid], plain.logits[plain.valid], atol=1e-5, rtol=1e-5
    )
    assert int(padded.valid.sum()) == int(plain.valid.sum()) == sum(n * (n + 1) // 2 for n in LENGTHS)


def test_videos_of_a_batch_do_not_see_each_other() -> None:
    model, batch = head(), ragged_batch()
    order = torch.tensor([2, 0, 1])
    mixed = MomentBatch(
        batch.frames[order], batch.frame_mask[order], batch.words[order], batch.word_mask[order]
    )
    torch.testing.assert_close(model(mixed).logits, model(batch).logits[order])


@pytest.mark.parametrize(
    "changes", [{}, {"map_layers": 0}, {"map_layers": 1, "kernel": 5}, {"boundary": False}]
)
def test_streaming_scores_equal_the_last_column_of_the_full_map(changes: dict[str, object]) -> None:
    model, batch = head(**changes), ragged_batch(padding=2)
    full, newest = model(batch), model.newest(batch)
    assert newest.columns.flatten().tolist() == [n - 1 for n in LENGTHS]
    for row, length in enumerate(LENGTHS):
        torch.testing.assert_close(newest.logits[row, :length, 0], full.logits[row, :length, length - 1])
        assert newest.valid[row, :, 0].tolist() == [i < length for i in range(newest.valid.shape[1])]


def test_every_parameter_learns() -> None:
    torch.manual_seed(0)
    model = VlgNet(tiny_config())
    losses = model.loss(ragged_batch())
    losses["loss"].backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_syntax_and_order_of_words_matter() -> None:
    model, batch = head(), ragged_batch()
    base = model(batch).logits
    arcs = torch.zeros(3, 5, 5, dtype=torch.bool)
    assert not torch.allclose(model(replace(batch, arcs=arcs)).logits[0], base[0])
    turned = batch.words.clone()
    turned[0] = turned[0].flip(0)
    assert not torch.allclose(model(replace(batch, words=turned)).logits[0], base[0])


def test_videos_of_one_group_lend_each_other_no_negative() -> None:
    model, batch = head(), ragged_batch()
    apart = model.loss(batch)
    together = model.loss(replace(batch, group=torch.zeros(3, dtype=torch.long)))
    assert float(apart["negatives"]) > 0
    assert float(together["negatives"]) == 0
    assert float(together["loss"].detach()) == float(together["moments"])


def test_a_false_sentence_of_its_own_stands_in_for_the_next_videos() -> None:
    model, batch = head(video_weight=0.5), ragged_batch()
    turned = replace(batch, others=batch.words.roll(1, 0), other_mask=batch.word_mask.roll(1, 0))
    for name, value in model.loss(batch).items():
        torch.testing.assert_close(model.loss(turned)[name], value)
    assert float(model.loss(replace(turned, others=2 * turned.others))["negatives"]) != pytest.approx(
        float(model.loss(turned)["negatives"])
    )


def test_a_batch_without_targets_or_with_an_empty_sentence_is_refused() -> None:
    model, batch = head(), ragged_batch()
    with pytest.raises(HeadError, match="moments_s"):
        model.loss(replace(batch, moments_s=None))
    with pytest.raises(HeadError, match="words mask: row 1"):
        model(replace(batch, word_mask=batch.word_mask & (torch.arange(3) != 1)[:, None]))


def test_it_learns_planted_moments_and_which_video_has_them() -> None:
    """Snippets of the moment carry the query's direction; other spans carry that of another query."""
    torch.manual_seed(0)
    topics = torch.randn(4, 6)
    frames, spans, asked = torch.randn(16, 8, 6) * 0.3, torch.zeros(16, 1, 2), torch.arange(16) % 4
    for row in range(16):
        start, size = row % 4, 2 + row % 3
        frames[row, start : start + size] += topics[asked[row]]
        other = (start + size) % 8 if start + size < 7 else 0
        frames[row, other] += topics[(asked[row] + 1) % 4]
        spans[row, 0] = torch.tensor([start, start + size])
    batch = MomentBatch(
        frames=frames,
        frame_mask=torch.ones(16, 8, dtype=torch.bool),
        words=topics[asked][:, None, :5] + 0.1 * torch.randn(16, 3, 5),
        word_mask=torch.ones(16, 3, dtype=torch.bool),
        edges_s=torch.arange(9.0).expand(16, -1),
        moments_s=spans,
        moment_mask=torch.ones(16, 1, dtype=torch.bool),
    )
    model = VlgNet(tiny_config(map_layers=2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(90):
        optimizer.zero_grad()
        model.loss(batch)["loss"].backward()
        optimizer.step()
    model.eval()
    found = model(batch)
    best = torch.tensor([[m[0].start_s, m[0].end_s] for m in moments(found, batch.edges_s)])
    assert float((temporal_iou(best, spans[:, 0]) >= 0.7).float().mean()) >= 0.9
    other = model(replace(batch, words=batch.words.roll(1, 0)))
    assert bool((video_scores(found, "max") > video_scores(other, "max")).float().mean() >= 0.9)
