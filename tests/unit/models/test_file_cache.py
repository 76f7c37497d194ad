"""The array cache: computed once, never read half written, never in the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vtr.models.encoders.file_cache import cached_array, default_cache_dir


def test_computed_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "labels.npy"
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    first = cached_array(path, shape=(2, 3), compute=lambda: array)
    second = cached_array(path, shape=(2, 3), compute=lambda: pytest.fail("computed twice"))
    np.testing.assert_array_equal(first, second)
    assert [file.name for file in path.parent.iterdir()] == ["labels.npy"]


@pytest.mark.parametrize("damage", [b"", b"no numpy file", b"\x93NUMPY\x01\x00"])
def test_a_damaged_file_is_replaced(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "labels.npy"
    path.write_bytes(damage)
    array = np.ones((2, 2), dtype=np.float32)
    cached_array(path, shape=(2, 2), compute=lambda: array)
    np.testing.assert_array_equal(np.load(path), array)


def test_a_file_of_another_shape_or_not_finite_is_replaced(tmp_path: Path) -> None:
    for wrong in (np.ones((3, 2), np.float32), np.full((2, 2), np.nan, np.float32), np.ones((2, 2))):
        path = tmp_path / "labels.npy"
        np.save(path, wrong)
        got = cached_array(path, shape=(2, 2), compute=lambda: np.zeros((2, 2), np.float32))
        np.testing.assert_array_equal(got, 0)


def test_a_folder_that_cannot_be_made_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    array = np.ones((1, 1), dtype=np.float32)
    got = cached_array(tmp_path / "file" / "labels.npy", shape=(1, 1), compute=lambda: array)
    np.testing.assert_array_equal(got, array)


def test_the_default_follows_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_cache_dir() == Path("/somewhere/vtr/encoders")
