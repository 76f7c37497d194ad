import pytest
import torch

from support.region_batches import adverb_batch, adverb_config, region_batch, region_config
from vtr.models.heads.base import Head, HeadError
from vtr.models.heads.regada.config import RegadaConfig
from vtr.models.heads.regada.model import Regada, RegadaBatch


def both() -> Regada:
    torch.manual_seed(0)
    model = Regada(RegadaConfig(region_config(), adverb_config()))
    assert model.adverbs is not None
    model.adverbs.set_vocabulary(torch.randn(3, 5), torch.randn(4, 5))
    return model.eval()


def test_it_is_a_head_and_its_config_survives_the_card() -> None:
    model = both()
    assert isinstance(model, Head)
    assert RegadaConfig.from_json(model.config.to_json()) == model.config


def test_the_loss_is_the_sum_of_the_asked_heads_and_trains_both() -> None:
    model = both()
    losses = model.loss(RegadaBatch(region_batch(), adverb_batch()).to("cpu"))
    torch.testing.assert_close(
        losses["loss"].detach(), losses["regions_loss"] + losses["adverbs_loss"], atol=1e-5, rtol=1e-5
    )
    losses["loss"].backward()
    assert all(p.grad is not None for p in model.parameters())
    assert "adverbs_loss" not in model.loss(RegadaBatch(regions=region_batch()))


def test_what_was_not_asked_is_not_answered() -> None:
    found = both()(RegadaBatch(adverbs=adverb_batch()))
    assert found.regions is None
    assert found.adverbs is not None


def test_a_head_that_is_missing_is_named() -> None:
    with pytest.raises(HeadError, match="no adverb head"):
        Regada(RegadaConfig(regions=region_config()))(RegadaBatch(adverbs=adverb_batch()))
    with pytest.raises(HeadError, match="both missing"):
        both().loss(RegadaBatch())
    with pytest.raises(HeadError, match="one of them"):
        RegadaConfig()
