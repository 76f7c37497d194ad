from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vtr.models.training.features import FeatureError, Item, Tower, build, open_features

TOWER = Tower(version="v1", fps=5.0, shape=(2, 3), dtype="float32")
ITEMS = [Item(id=f"v{k}", frames=k + 1, sha256=f"{k}") for k in range(4)]


def values(item: Item) -> np.ndarray:
    return np.full((item.frames, 2, 3), float(item.id[1:]), dtype=np.float32)


def test_each_video_has_its_own_frames(tmp_path: Path) -> None:
    store = build(tmp_path / "f", TOWER, ITEMS, values, workers=2)
    for k, item in enumerate(ITEMS):
        assert store[item.id].shape == (k + 1, 2, 3)
        assert (store[item.id] == k).all()
    with pytest.raises(FeatureError, match="'v9' is not among them"):
        store["v9"]


def test_a_stopped_build_goes_on_and_computes_nothing_twice(tmp_path: Path) -> None:
    seen: list[str] = []

    def fails_at_two(item: Item) -> np.ndarray:
        if item.id == "v2":
            raise OSError("power")
        seen.append(item.id)
        return values(item)

    with pytest.raises(OSError, match="power"):
        build(tmp_path, TOWER, ITEMS, fails_at_two)
    with pytest.raises(FeatureError, match=r"of 4 videos are missing"):
        open_features(tmp_path)
    before = set(seen)

    def later(item: Item) -> np.ndarray:
        seen.append(item.id)
        return values(item)

    counts: list[int] = []
    store = build(tmp_path, TOWER, ITEMS, later, progress=counts.append)
    assert sum(counts) == 4
    assert {"v0", "v1"} <= before
    assert seen.count("v0") == seen.count("v1") == 1
    assert (store["v3"] == 3).all()


def test_features_of_other_videos_or_another_tower_are_not_overwritten(tmp_path: Path) -> None:
    build(tmp_path, TOWER, ITEMS, values)
    with pytest.raises(FeatureError, match="other videos"):
        build(tmp_path, TOWER, ITEMS[:2], values)
    other = Tower(version="v2", fps=5.0, shape=(2, 3), dtype="float32")
    with pytest.raises(FeatureError, match="other tower"):
        build(tmp_path, other, ITEMS, values)


def test_a_wrong_shape_names_the_video(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match=r"v0: features \[2, 2, 3\], but \[1, 2, 3\]"):
        build(tmp_path, TOWER, ITEMS, lambda item: values(item).repeat(2, axis=0))
