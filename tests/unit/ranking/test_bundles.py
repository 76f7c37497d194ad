from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ranking.bundles import BundleWatch
from support.tiny_heads import save_bundle
from vtr.contracts.step import Unavailable
from vtr.media.objects import ObjectStore
from vtr.models.bundle.folder import check_bundle
from vtr.models.bundle.store import publish
from vtr.models.heads.serving.bundle import load_bundle
from vtr.models.heads.serving.protocol import HeadBundle, Serving


class Shelf:
    """An object store to publish to, and a watch over it that counts what it loads."""

    def __init__(self, folder: Path) -> None:
        self.objects = ObjectStore((folder / "objects").as_uri())
        self.source = folder / "source"
        self.model: str | None = "other_model"
        self.loaded: list[Path] = []
        self.watch = BundleWatch(
            lambda: self.model, self.objects, folder / "cache", self._load, interval_s=3600.0
        )

    def _load(self, folder: Path, model: str) -> HeadBundle:
        self.loaded.append(folder)
        return load_bundle(folder, model)

    def publish(self) -> str:
        """Publishes the source folder; its model is the live one from now on."""
        done = publish(self.objects, self.source, check_bundle(self.source))
        self.model = done.manifest.model_version
        return self.model


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path)
    save_bundle(shelf.source)
    return shelf


def test_a_bundle_is_found_once_it_is_published_and_loaded_once(shelf: Shelf) -> None:
    shelf.watch.look()
    assert shelf.watch.find("other_model").reason == "no heads are published for other_model"
    model = shelf.publish()
    assert shelf.watch.find(model).loading, "not looked for yet"
    shelf.watch.look()
    shelf.watch.look()
    found = shelf.watch.find(model).bundle
    assert found is not None
    assert found.model == model
    assert found.runners.keys() == {"camoe", "regada", "vlgnet"}
    assert len(shelf.loaded) == 1


def test_a_newly_published_head_is_picked_up(shelf: Shelf) -> None:
    shutil.move(shelf.source / "heads" / "camoe", shelf.source.parent / "camoe")
    model = shelf.publish()
    shelf.watch.look()
    before = shelf.watch.find(model).bundle
    assert before is not None
    assert "camoe" not in before.runners
    shutil.move(shelf.source.parent / "camoe", shelf.source / "heads" / "camoe")
    assert shelf.publish() == model, "heads are no part of the vectors' version"
    shelf.watch.look()
    after = shelf.watch.find(model).bundle
    assert after is not None
    assert "camoe" in after.runners


def test_a_corrupt_revision_leaves_the_one_before_in_use(shelf: Shelf) -> None:
    model = shelf.publish()
    shelf.watch.look()
    before = shelf.watch.find(model).bundle
    assert before is not None
    save_bundle(shelf.source, {"camoe": Serving(weight=9.0)})
    shelf.publish()
    card = check_bundle(shelf.source).files["heads/camoe/card.json"].sha256
    shelf.objects.put(f"_models/{model}/blobs/{card}", b"{}")
    shelf.watch.look()
    assert shelf.watch.find(model).bundle is before
    assert len(shelf.loaded) == 1


@pytest.mark.parametrize("fault", [Unavailable("milvus", "is down"), ImportError("No module named 'torch'")])
def test_what_is_away_is_told_and_tried_again(
    shelf: Shelf, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = shelf.publish()

    def fails(*_arguments: object) -> HeadBundle:
        raise fault

    right: Callable[..., HeadBundle] = shelf.watch._load
    monkeypatch.setattr(shelf.watch, "_load", fails)
    shelf.watch.look()
    found = shelf.watch.find(model)
    assert found.bundle is None
    assert str(fault) in found.reason
    monkeypatch.setattr(shelf.watch, "_load", right)
    shelf.watch.look()
    assert shelf.watch.find(model).bundle is not None


def test_it_runs_and_looks_at_once_for_a_model_that_a_query_names(shelf: Shelf) -> None:
    with pytest.raises(Unavailable, match="not looked up"):
        shelf.watch.check()
    model = shelf.publish()
    shelf.model = None
    shelf.watch.start()
    try:
        for _ in range(2000):
            if (bundle := shelf.watch.find(model).bundle) is not None:
                break
            shelf.watch._stopping.wait(0.01)
        assert bundle is not None, "woken, an hour before the next look"
        shelf.watch.check()
        assert shelf.watch.failure() is None
        assert shelf.watch.stalled() is None
    finally:
        shelf.watch.stop(5.0)
