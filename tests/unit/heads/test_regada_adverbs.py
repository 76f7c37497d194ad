from dataclasses import replace

import pytest
import torch

from support.region_batches import adverb_batch, adverb_config, adverb_head
from vtr.models.heads.base import Head, HeadError
from vtr.models.heads.regada.adverb_head import AdverbBatch, AdverbHead
from vtr.models.heads.regada.adverb_losses import contrast, other_actions, regression, triplet
from vtr.models.heads.regada.composition import ResidualGating
from vtr.models.heads.regada.config import AdverbConfig


def test_it_is_a_head_and_its_config_survives_the_card() -> None:
    model = adverb_head()
    assert isinstance(model, Head)
    assert AdverbConfig.from_json(model.config.to_json()) == model.config


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"antonyms": (1, 0, 3)}, "antonyms"),
        ({"antonyms": (1, 2, 3, 0)}, "antonyms"),
        ({"antonyms": (0, 1, 2, 3)}, "antonyms"),
        ({"actions": ("pour",)}, "actions"),
        ({"dim": 15}, "dim"),
        ({"contrast_weight": 1.0}, "pairs"),
        ({"pairs": ((0, 9), (1,), (2,))}, "pairs"),
    ],
)
def test_a_config_that_cannot_be_is_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(HeadError, match=field):
        adverb_config(**changes)


def test_residual_gating_equals_the_formula() -> None:
    torch.manual_seed(0)
    compose = ResidualGating(4)
    with torch.no_grad():
        compose.gate_weight.fill_(0.7)
        compose.residual_weight.fill_(-0.3)
    a, m = torch.randn(2, 4), torch.randn(2, 4)

    def mlp(layers: torch.nn.Sequential, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(x @ layers[0].weight.T + layers[0].bias)
        return hidden @ layers[2].weight.T + layers[2].bias

    both = torch.cat([a, m], dim=1)
    gate = 1 / (1 + torch.exp(-mlp(compose.gate, both)))
    torch.testing.assert_close(compose(a, m), 0.7 * gate * a - 0.3 * mlp(compose.residual, both))


def test_losses_equal_hand_made_numbers() -> None:
    video, right, wrong = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 5.5]])
    assert float(triplet(video, right, wrong, 1.0)) == pytest.approx(0.5, abs=1e-4)
    assert float(triplet(video, wrong, right, 1.0)) == pytest.approx(1.5, abs=1e-4)
    assert float(triplet(video, right, right + 9, 1.0)) == 0.0
    assert float(regression(video, right)) == 25.0


def test_pairs_that_training_lacks_are_no_negatives() -> None:
    cosines = torch.tensor([[0.1, 0.2, 0.9]])
    seen = torch.tensor([[False, True, False]])
    expected = torch.log(torch.exp(torch.tensor(1.0)) + torch.exp(torch.tensor(2.0))) - 1.0
    torch.testing.assert_close(contrast(cosines, torch.tensor([0]), seen, 0.1), expected)


def test_other_actions_are_always_others_and_all_of_them() -> None:
    torch.manual_seed(0)
    actions = torch.arange(5).repeat(200)
    others = other_actions(actions, 5)
    assert not bool((others == actions).any())
    pairs = {(a, o) for a, o in zip(actions.tolist(), others.tolist(), strict=True)}
    assert len(pairs) == 20


@pytest.mark.parametrize("layers", [0, 2])
def test_padding_changes_nothing(layers: int) -> None:
    model = adverb_head(time_layers=layers).eval()
    torch.testing.assert_close(model(adverb_batch(padding=3)), model(adverb_batch()))


def test_all_pairs_agree_with_the_given_action_and_are_cosines() -> None:
    model, batch = adverb_head().eval(), adverb_batch()
    everything = model.all_pairs(batch.snippets, batch.mask)
    assert everything.shape == (3, 3, 4)
    assert float(everything.detach().abs().max()) <= 1 + 1e-5
    torch.testing.assert_close(everything[torch.arange(3), batch.action], model(batch))


def test_order_of_snippets_matters_so_that_manner_can_be_seen() -> None:
    model, batch = adverb_head().eval(), adverb_batch()
    first = AdverbBatch(batch.snippets[:1], batch.mask[:1], batch.action[:1])
    assert not torch.allclose(model(replace(first, snippets=first.snippets.flip(1))), model(first))


def test_phrases_of_any_words_compose_like_the_vocabulary() -> None:
    model = adverb_head().eval()
    one = model.embed_phrases(model.action_vectors[1], model.adverb_vectors[2])
    torch.testing.assert_close(one, model.embed_texts()[1, 2])


TOLD = {"time_layers": 1, "contrast_weight": 1.0, "pairs": ((0, 1), (2, 3), (0, 2))}


@pytest.mark.parametrize("changes", [{"motion": True}, {"motion": False}, TOLD])
def test_every_parameter_learns(changes: dict[str, object]) -> None:
    model = adverb_head(**changes)
    losses = model.loss(adverb_batch())
    losses["loss"].backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    parts = [part for name, part in losses.items() if name != "loss"]
    torch.testing.assert_close(losses["loss"].detach(), torch.stack(parts).sum())


def test_a_head_without_vocabulary_or_target_is_refused() -> None:
    with pytest.raises(HeadError, match="vocabulary"):
        AdverbHead(adverb_config())(adverb_batch())
    with pytest.raises(HeadError, match="adverb is needed"):
        adverb_head().loss(replace(adverb_batch(), adverb=None))
    with pytest.raises(HeadError, match="adverb_vectors"):
        adverb_head().set_vocabulary(torch.zeros(3, 5), torch.zeros(3, 5))


def test_a_checkpoint_brings_the_vocabulary() -> None:
    model = adverb_head().eval()
    other = AdverbHead(model.config).eval()
    other.load_state_dict(model.state_dict())
    torch.testing.assert_close(other(adverb_batch()), model(adverb_batch()))


def test_it_learns_to_tell_an_adverb_from_its_antonym() -> None:
    """Speed is the size of the steps between snippets, force an offset; held-out clips have the same law."""
    torch.manual_seed(0)
    line, push = torch.randn(2, 6)

    def clips(count: int) -> AdverbBatch:
        action, adverb = torch.arange(count) % 3, torch.arange(count) // 3 % 4
        speed = torch.tensor([0.2, 1.0, 0.5, 0.5])[adverb]
        force = torch.tensor([0.0, 0.0, -1.0, 1.0])[adverb]
        path = torch.arange(8)[None, :, None] * speed[:, None, None] * line
        snippets = path + force[:, None, None] * push + 0.1 * torch.randn(count, 8, 6)
        return AdverbBatch(snippets, torch.ones(count, 8, dtype=torch.bool), action, adverb)

    model, train, test = adverb_head(), clips(48), clips(24)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(120):
        optimizer.zero_grad()
        model.loss(train)["loss"].backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores = model(test)
    row = torch.arange(24)
    right, antonym = scores[row, test.adverb], scores[row, model.antonyms[test.adverb]]
    assert float((right > antonym).float().mean()) >= 0.9
