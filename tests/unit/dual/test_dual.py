from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from support.tiny_dual import TINY, WORDS, batch_of, examples, tiny_dual
from vtr.models.dual.collate import Example, frames_before
from vtr.models.dual.frame_tower import Points
from vtr.models.dual.mirror import mirror_frames, mirror_words
from vtr.models.dual.opposites import other_manner, other_way
from vtr.models.dual.pooling import PartPooling, SlotVector, part_weights
from vtr.models.dual.video_tower import velocity
from vtr.models.dual.vocabulary import Vocabulary
from vtr.models.heads.base import Head
from vtr.models.training.loop import CachedHead


def test_it_is_a_head_whose_batch_can_come_in_chunks() -> None:
    model = tiny_dual()
    assert isinstance(model, Head)
    assert isinstance(model, CachedHead)


def test_vectors_are_units_and_do_not_depend_on_the_rest_of_the_batch() -> None:
    model, made = tiny_dual().eval(), examples(5)
    with torch.no_grad():
        videos, texts = model(batch_of(made))
        # The others are longer and shorter: whatever pads a batch must not matter.
        for number, example in enumerate(made):
            video, text = model(batch_of([example]))
            torch.testing.assert_close(video[0], videos[number], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(text[0], texts[number], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(videos.norm(dim=1), torch.ones(5))
    torch.testing.assert_close(texts.norm(dim=1), torch.ones(5))


def test_a_permuted_batch_gives_permuted_vectors_and_the_same_loss() -> None:
    model, made = tiny_dual().eval(), examples(6)
    order = [3, 0, 5, 1, 4, 2]
    one, other = batch_of(made), batch_of([made[k] for k in order])
    with torch.no_grad():
        torch.testing.assert_close(model(other)[0], model(one)[0][order], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(model.loss(other)["loss"], model.loss(one)["loss"], atol=1e-5, rtol=1e-4)


def test_the_order_of_frames_and_of_words_is_seen() -> None:
    model, made = tiny_dual().eval(), examples(1)
    frames = made[0].frames[::-1].copy()
    backwards = replace(
        made[0], frames=frames, before=frames_before(frames, TINY.gaps), tokens=made[0].tokens[::-1]
    )
    with torch.no_grad():
        a, b = model(batch_of(made)), model(batch_of([backwards]))
    assert all(float((x * y).sum()) < 0.999 for x, y in zip(a, b, strict=True))


def test_every_parameter_is_trained() -> None:
    model = tiny_dual()
    model.loss(batch_of(examples(6)))["loss"].backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []


def test_eight_pairs_are_learned_by_heart() -> None:
    model = tiny_dual(config=replace(TINY, word_weight=0.0))
    batch = batch_of(examples(8))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.0)
    for _ in range(50):
        losses = model.loss(batch)
        optimizer.zero_grad()
        losses["loss"].backward()
        optimizer.step()
        model.after_step()
    assert float(losses["whole"]) < 0.02
    assert float(losses["clause"]) < 0.05


def test_parts_sum_to_one_over_real_frames_and_ignore_padding() -> None:
    place = torch.tensor([[0.1, 0.4, 0.6, 0.9], [0.25, 0.75, 0.3, 0.3]])
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    weights = part_weights(place, mask, 2)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2, 2))
    assert weights[1, 2:].abs().sum() == 0
    # Early frames belong to the first part, late ones to the second.
    assert weights[0, 0, 0] > weights[0, 0, 1]
    assert weights[0, 3, 1] > weights[0, 3, 0]
    pool = PartPooling(3, 8, slots=2, slot_dim=2)
    values = torch.randn(2, 4, 3)
    spoiled = values.clone()
    spoiled[1, 2:] = float("nan")
    torch.testing.assert_close(pool(values, place, mask), pool(spoiled, place, mask))


def test_without_slots_pooling_forgets_order() -> None:
    values, mask = torch.randn(1, 4, 3), torch.ones(1, 4, dtype=torch.bool)
    place = torch.linspace(0.1, 0.9, 4)[None]
    for slots, forgets in ((0, True), (2, False)):
        pool = PartPooling(3, 8, slots, slot_dim=2)
        same = torch.allclose(pool(values, place, mask), pool(values.flip(1), place, mask), atol=1e-6)
        assert same is forgets


def test_a_slot_is_compared_with_the_same_slot_alone() -> None:
    vector = SlotVector(4, 12, slots=2, slot_dim=4)
    whole, first, then = torch.randn(3, 4).unbind()
    one = vector(whole, torch.stack([first, then]))
    other = vector(whole, torch.stack([then, first]))
    torch.testing.assert_close(one[4:8], other[8:])
    torch.testing.assert_close(one[:4], other[:4])
    torch.testing.assert_close(one.norm(), torch.tensor(1.0))
    # A single state is the same in every slot.
    torch.testing.assert_close(vector.of_one(first), vector(first, torch.stack([first, first])))


def test_a_point_is_where_its_score_peaks_and_its_velocity_is_how_it_moves() -> None:
    points = Points(1, 1, 5)
    torch.nn.init.constant_(points.score.weight, 50.0)
    maps = torch.zeros(2, 1, 5, 5)
    maps[0, 0, 2, 0] = maps[1, 0, 2, 4] = 1.0
    places, _ = points(maps)
    torch.testing.assert_close(places[:, 0], torch.tensor([[-1.0, 0.0], [1.0, 0.0]]), atol=1e-3, rtol=0)
    track = places.reshape(1, 2, 2)
    mask = torch.ones(1, 2, dtype=torch.bool)
    moved = velocity(track, torch.tensor([[0.0, 0.5]]), mask)[0]
    assert moved[0].tolist() == pytest.approx([0, 0, 4, 0, 0, 0, 4, 0], abs=0.02)
    assert moved[1].tolist() == pytest.approx([4, 0, 0, 0, 4, 0, 0, 0], abs=0.02)
    there_is_no_next = velocity(track, torch.tensor([[0.0, 0.0]]), torch.tensor([[True, False]]))
    assert there_is_no_next.abs().sum() == 0


def test_what_was_before_is_the_first_frame_at_the_start() -> None:
    video = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), dtype=np.uint8) * 10
    before = frames_before(video, (1, 3))
    assert before.shape == (4, 2, 2, 2)
    assert before[:, :, 0, 0].tolist() == [[0, 0], [0, 0], [10, 0], [20, 0]]


def test_a_false_caption_turns_one_thing_alone() -> None:
    words = ["the", "star", "rapidly", "moves", "up", "and", "left"]
    assert other_way(words) == ["the", "star", "rapidly", "moves", "down", "and", "right"]
    assert other_manner(words) == ["the", "star", "slowly", "moves", "up", "and", "left"]
    assert other_manner(["goes", "in", "a", "straight", "line"]) == ["goes", "in", "a", "zigzag"]
    assert other_manner(["goes", "in", "a", "zigzag"]) == ["goes", "in", "a", "straight", "line"]
    assert other_way(["the", "star", "blinks"]) is None
    assert other_manner(["the", "star", "blinks"]) is None


def test_a_mirrored_caption_is_true_of_the_mirrored_video() -> None:
    words = [
        "the",
        "star",
        "left",
        "of",
        "the",
        "ring",
        "moves",
        "up",
        "and",
        "right",
        "then",
        "spins",
        "anticlockwise",
    ]
    sideways = mirror_words(words, "sideways")
    assert " ".join(sideways) == "the star right of the ring moves up and left then spins clockwise"
    assert mirror_words(sideways, "sideways") == words
    assert " ".join(mirror_words(words, "upright")).startswith(
        "the star left of the ring moves down and right"
    )
    frames = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    assert (mirror_frames(frames, "sideways")[:, :, 0] == frames[:, :, 3]).all()
    assert (mirror_frames(frames, "upright")[:, 0] == frames[:, 3]).all()


def test_an_event_shorter_than_the_step_between_frames_still_has_one() -> None:
    made = examples(1)[0]
    short = replace(made.events[0], start_s=0.21, end_s=0.22)
    batch = batch_of([replace(made, events=[short])])
    assert batch.event_frames.sum() == 1
    assert batch.event_frames[0, 1]


def test_unknown_words_are_one_number_and_known_ones_are_counted_first() -> None:
    vocabulary = Vocabulary.of(["red ball, red star", "red ball"])
    assert vocabulary.words[:4] == ("<pad>", "<unknown>", "red", "ball")
    assert vocabulary.encode("Red zeppelin!") == [2, 1, 1]
    assert vocabulary.encode("  ") == [1]


def test_a_video_without_false_captions_or_events_has_a_loss() -> None:
    model = tiny_dual()
    bare: list[Example] = [replace(e, swaps=[], events=[]) for e in examples(4)]
    losses = model.loss(batch_of(bare))
    assert torch.isfinite(losses["loss"])
    assert "clause" not in losses
    assert len(WORDS.words) > 12
