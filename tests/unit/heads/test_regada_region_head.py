from dataclasses import replace

import pytest
import torch

from support.region_batches import region_batch, region_config
from vtr.models.heads.base import Head, HeadError
from vtr.models.heads.regada.boxes import grid_boxes
from vtr.models.heads.regada.config import RegionConfig
from vtr.models.heads.regada.graph_attention import RegionAttention
from vtr.models.heads.regada.heat_map import frame_peaks, points_inside
from vtr.models.heads.regada.region_graph import Edge, RegionNeighbours
from vtr.models.heads.regada.region_head import RegionBatch, RegionHead
from vtr.models.heads.regada.region_pooling import RegionPooling


def head(**changes: object) -> RegionHead:
    torch.manual_seed(0)
    return RegionHead(region_config(**changes)).eval()


def test_it_is_a_head_and_its_config_survives_the_card() -> None:
    model = head()
    assert isinstance(model, Head)
    assert RegionConfig.from_json(model.config.to_json()) == model.config


def test_the_heat_of_a_clip_sums_to_one_on_real_regions() -> None:
    batch = region_batch(padding=2)
    heat = head()(batch).heat
    torch.testing.assert_close(heat.sum(dim=(1, 2)), torch.ones(3))
    assert not bool(heat[~batch.mask].any())


def test_padding_changes_nothing() -> None:
    model = head()
    plain, padded = model(region_batch()), model(region_batch(padding=2))
    torch.testing.assert_close(padded.scores, plain.scores)
    torch.testing.assert_close(padded.heat[:, :3], plain.heat)
    torch.testing.assert_close(padded.video.norm(dim=1), torch.ones(3))


def test_the_order_of_regions_in_a_frame_does_not_matter() -> None:
    model, batch = head(), region_batch()
    order = torch.tensor([2, 0, 3, 1])
    mixed = replace(batch, features=batch.features[:, :, order], boxes=batch.boxes[:, :, order])
    plain, found = model(batch), model(mixed)
    torch.testing.assert_close(found.scores, plain.scores)
    torch.testing.assert_close(found.heat, plain.heat[:, :, order])


def test_attention_equals_a_slow_sum_over_edges() -> None:
    torch.manual_seed(0)
    layer = RegionAttention(4, 2, 0.0)
    nodes, words = torch.randn(1, 3, 4), torch.randn(1, 2, 4)
    real = torch.ones(1, 2, dtype=torch.bool)
    near = RegionNeighbours(
        torch.tensor([[[0, 1], [1, 0], [2, 0]]]),
        torch.tensor([[[Edge.ITSELF, Edge.BESIDE], [Edge.ITSELF, Edge.ALIKE], [Edge.ITSELF, Edge.NONE]]]),
    )
    found = layer(nodes, near, words, real)[0]
    told = torch.cat([nodes, layer.words(nodes, words, real)], dim=-1)[0]
    for i, heard in enumerate([[0, 1], [1, 0], [2]]):
        message = torch.zeros(4)
        for h in range(2):
            part = slice(2 * h, 2 * h + 2)
            logits = []
            for k, j in enumerate(heard):
                hidden = layer.listener(told[i]) + layer.speaker(told[j]) + layer.kind(near.kind[0, i, k])
                logits.append(torch.nn.functional.leaky_relu(hidden, 0.2)[part] @ layer.score[h])
            shares = torch.softmax(torch.stack(logits), dim=0)
            message[part] = sum(
                s * layer.value(nodes[0, j])[part] for s, j in zip(shares, heard, strict=True)
            ).detach()
        torch.testing.assert_close(found[i], layer.norm(nodes[0, i] + layer.out(message)))


def test_pooling_equals_a_slow_sum_over_frames() -> None:
    torch.manual_seed(0)
    pooling = RegionPooling(4)
    facts, heard = torch.randn(1, 3, 2, 4), torch.randn(1, 3, 2, 4)
    sentence, text = torch.randn(1, 4), torch.nn.functional.normalize(torch.randn(1, 4), dim=1)
    mask = torch.tensor([[[True, True], [True, False], [False, False]]])
    found = pooling(facts, heard, mask, sentence, text)
    score, heat = torch.zeros(()), torch.zeros(3, 2)
    for frame, real in ((0, [0, 1]), (1, [0])):
        values = [torch.nn.functional.normalize(pooling.value(facts[0, frame, r]), dim=0) for r in real]
        fit = torch.stack([v @ text[0] for v in values])
        told = torch.stack([pooling.key(heard[0, frame, r]) @ pooling.query(sentence[0]) for r in real])
        share = torch.softmax(pooling.sharpness.exp() * fit + pooling.gate * told / 2, dim=0) / 2
        score = score + (share * fit).sum()
        heat[frame, real] = share
    torch.testing.assert_close(found.heat[0], heat)
    torch.testing.assert_close(found.scores[0], score)


def test_all_pairs_are_what_each_pair_gets_from_looks_alone() -> None:
    torch.manual_seed(0)
    pooling = RegionPooling(4)
    with torch.no_grad():
        pooling.gate.zero_()
    facts, mask = torch.randn(3, 2, 5, 4), torch.rand(3, 2, 5) > 0.3
    texts = torch.nn.functional.normalize(torch.randn(2, 4), dim=1)
    found = pooling.all_pairs(facts, mask, texts)
    for k, text in enumerate(texts):
        one = pooling(facts, torch.randn_like(facts), mask, torch.randn(3, 4), text.expand(3, -1))
        torch.testing.assert_close(found[:, k], one.scores)


def test_a_false_sentence_is_one_more_that_must_not_fit() -> None:
    model, batch = head(), region_batch()
    own = replace(batch, false_words=batch.words, false_mask=batch.word_mask)
    easy = replace(batch, false_words=-batch.words, false_mask=batch.word_mask)
    plain = model.loss(batch)
    for false in (own, easy):
        losses = model.loss(false)
        assert float(losses["sentences"]) > float(plain["sentences"])
        assert float(losses["local"]) > float(plain["local"])
        torch.testing.assert_close(losses["videos"], plain["videos"])


def test_the_graph_may_see_part_of_the_batch_and_the_parts_all_of_it() -> None:
    batch = region_batch()
    first = replace(
        batch,
        features=batch.features[:2],
        boxes=batch.boxes[:2],
        mask=batch.mask[:2],
        words=batch.words[:2],
        word_mask=batch.word_mask[:2],
    )
    some, two, everything = head(graph_videos=2).loss(batch), head().loss(first), head().loss(batch)
    torch.testing.assert_close(some["sentences"], two["sentences"])
    torch.testing.assert_close(some["videos"], two["videos"])
    torch.testing.assert_close(some["local"], everything["local"])


def test_words_steer_the_heat() -> None:
    model, batch = head(), region_batch()
    other = replace(batch, words=batch.words + torch.tensor([3.0, -3.0, 0.0, 0.0, 0.0]))
    assert not torch.allclose(model(other).heat, model(batch).heat)


def test_every_parameter_learns() -> None:
    torch.manual_seed(0)
    model = RegionHead(region_config())
    model.loss(region_batch())["loss"].backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_the_loss_equals_infonce_where_the_band_is_the_whole_batch() -> None:
    model, batch = head(negatives=2, local_weight=0.0), region_batch()
    scores = torch.zeros(3, 3)
    for j in range(3):
        words = batch.words[j].expand(3, -1, -1)
        scores[:, j] = model(replace(batch, words=words, word_mask=batch.word_mask[j].expand(3, -1))).scores
    logits, truth = scores / model.config.temperature, torch.arange(3)
    cross = torch.nn.functional.cross_entropy
    torch.testing.assert_close(
        model.loss(batch)["loss"], (cross(logits, truth) + cross(logits.T, truth)) / 2, atol=1e-5, rtol=1e-5
    )


def test_batches_that_do_not_fit_are_refused() -> None:
    model, batch = head(), region_batch()
    with pytest.raises(HeadError, match="boxes"):
        model(replace(batch, boxes=batch.boxes[:, :1]))
    one = RegionBatch(
        batch.features[:1], batch.boxes[:1], batch.mask[:1], batch.words[:1], batch.word_mask[:1]
    )
    with pytest.raises(HeadError, match="two videos"):
        model.loss(one)


def test_it_learns_to_match_and_to_point_without_seeing_a_box() -> None:
    """One cell of each frame carries the named thing, another a thing of another name; only matching is
    taught."""
    torch.manual_seed(0)
    names = torch.nn.functional.normalize(torch.randn(6, 6), dim=1) * 3
    clips, frames = 24, 2
    asked = torch.arange(clips) % 6
    features = torch.randn(clips, frames, 9, 6) * 0.2
    where = torch.randint(0, 9, (clips, frames))
    for clip in range(clips):
        for frame in range(frames):
            features[clip, frame, where[clip, frame]] += names[asked[clip]]
    batch = RegionBatch(
        features,
        grid_boxes(3, 3).expand(clips, frames, 9, 4),
        torch.ones(clips, frames, 9, dtype=torch.bool),
        names[asked][:, None, :5].repeat(1, 2, 1),
        torch.ones(clips, 2, dtype=torch.bool),
    )
    model = RegionHead(region_config(temperature=0.2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(40):
        optimizer.zero_grad()
        losses = model.loss(batch)
        losses["loss"].backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        right = model(batch)
        wrong = model(replace(batch, words=batch.words.roll(1, 0)))
    assert float((right.scores > wrong.scores).float().mean()) == 1.0
    points = frame_peaks(right.heat.view(clips, frames, 3, 3))
    boxes = grid_boxes(3, 3)[where]
    assert float(points_inside(points, boxes).float().mean()) >= 0.8
