from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.bundles import saved_bundle, saved_head
from support.tiny_dual import WORDS
from vtr.models.bundle.folder import check_bundle, load_bundle
from vtr.models.bundle.manifest import BundleError
from vtr.models.dual.states import text_states
from vtr.models.training.checkpoints import read_card


def test_a_bundle_holds_the_dual_encoder_and_its_heads(tmp_path: Path) -> None:
    folder = saved_bundle(tmp_path, "covr", "vlgnet")
    (folder / "README.md").write_text("no part of it")
    bundle = load_bundle(folder)
    assert dict(bundle.heads) == {name: folder / "heads" / name for name in ("covr", "vlgnet")}
    assert bundle.vocabulary == WORDS
    assert bundle.model_version == f"trained-dual_32_{read_card(folder).sha256[:12]}"
    (states,) = text_states(bundle.dual, bundle.vocabulary, ["a red ball"])
    np.testing.assert_allclose(np.linalg.norm(states.vector), 1, atol=1e-5)
    assert sorted(check_bundle(folder).files) == [
        "card.json",
        "heads/covr/card.json",
        "heads/covr/model.safetensors",
        "heads/vlgnet/card.json",
        "heads/vlgnet/model.safetensors",
        "model.safetensors",
    ]


def test_a_bare_checkpoint_is_a_bundle_without_heads(tmp_path: Path) -> None:
    assert dict(load_bundle(saved_bundle(tmp_path)).heads) == {}


def test_heads_change_the_revision_and_not_the_model_version(tmp_path: Path) -> None:
    bare = load_bundle(saved_bundle(tmp_path / "bare"))
    headed = load_bundle(saved_bundle(tmp_path / "headed", "covr"))
    again = load_bundle(saved_bundle(tmp_path / "again", "covr"))
    other = load_bundle(saved_bundle(tmp_path / "other", "covr", seed=1))
    assert bare.model_version == headed.model_version != other.model_version
    assert bare.revision != headed.revision == again.revision


def test_a_head_of_other_towers_is_refused(tmp_path: Path) -> None:
    folder = saved_bundle(tmp_path)
    saved_head(folder / "heads" / "covr", "0" * 64)
    with pytest.raises(BundleError, match=r"heads/covr/card\.json: data\.base is 000000000000"):
        load_bundle(folder)


def test_a_head_without_a_base_is_refused(tmp_path: Path) -> None:
    folder = saved_bundle(tmp_path, "covr")
    path = folder / "heads" / "covr" / "card.json"
    path.write_text(path.read_text().replace('"base"', '"bass"'))
    with pytest.raises(BundleError, match=r"data\.base is None"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "heads/covr/model.safetensors"])
def test_weights_that_are_not_the_cards_are_refused_by_name(tmp_path: Path, name: str) -> None:
    folder = saved_bundle(tmp_path, "covr")
    data = bytearray((folder / name).read_bytes())
    data[-1] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(BundleError, match=rf"{name}: SHA-256 .* but the card says"):
        load_bundle(folder)


def test_what_is_no_bundle_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"card\.json: No such file"):
        check_bundle(tmp_path)
    folder = saved_bundle(tmp_path, "covr")
    with pytest.raises(BundleError, match=r"covr/card\.json: head is 'covr', but a bundle's own is 'dual'"):
        check_bundle(folder / "heads" / "covr")
    (folder / "heads" / "covr").rename(folder / "heads" / "camoe")
    with pytest.raises(BundleError, match=r"head is 'covr', but the folder is 'camoe'"):
        check_bundle(folder)
    (folder / "heads" / "camoe" / "card.json").unlink()
    with pytest.raises(BundleError, match=r"heads/camoe/card\.json: No such file"):
        check_bundle(folder)
