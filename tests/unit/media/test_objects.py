from __future__ import annotations

import os
from pathlib import Path

import pytest

from vtr.contracts.step import Unavailable
from vtr.media.objects import ObjectPathError, ObjectStore


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "file":
        return ObjectStore(f"file://{tmp_path}/objects")
    return ObjectStore(f"memory://{tmp_path.name}")


def test_what_is_put_can_be_got_by_uri_and_by_path(store: ObjectStore) -> None:
    uri = store.put("acme/v1/h/c/frames.zip", b"one")
    assert uri == store.uri("acme/v1/h/c/frames.zip")
    assert store.get(uri) == b"one"
    assert store.get("acme/v1/h/c/frames.zip") == b"one"
    assert store.exists("acme/v1/h/c/frames.zip")
    assert not store.exists("acme/v1/h/c")


def test_put_replaces(store: ObjectStore) -> None:
    store.put("a/b", b"old, and longer")
    store.put("a/b", b"new")
    assert store.get("a/b") == b"new"
    assert store.paths("a") == ["a/b"]


def test_a_missing_object_is_file_not_found(store: ObjectStore) -> None:
    with pytest.raises(FileNotFoundError):
        store.get("a/nothing")


def test_delete_prefix_takes_what_is_below_and_nothing_beside(store: ObjectStore) -> None:
    store.put("t/v/h/1", b"x")
    store.put("t/v/h/2", b"x")
    store.put("t/v2/h/1", b"x")
    assert store.delete_prefix("t/v") == 2
    assert store.delete_prefix("t/v") == 0
    assert store.paths("t") == ["t/v2/h/1"]


def test_children_names_the_next_level(store: ObjectStore) -> None:
    store.put("t/v/h1/x", b"")
    store.put("t/v/h2/x", b"")
    assert store.children("t/v") == ["h1", "h2"]
    assert store.children("t/none") == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "a//b",
        "a/../../b",
        "..",
        "./a",
        "a/./b",
        "a/b/",
        "a\\b",
        "a/\x00",
        "ä",
        "a/.tmp-1",
        "~/x",
    ],
)
def test_paths_cannot_leave_the_store(store: ObjectStore, path: str) -> None:
    for use in (store.get, store.exists, store.uri, store.delete_prefix, lambda p: store.put(p, b"x")):
        with pytest.raises(ObjectPathError):
            use(path)


def test_a_uri_of_another_place_is_refused(store: ObjectStore) -> None:
    for uri in (
        "file:///etc/passwd",
        "s3://bucket/key",
        f"{store.root_uri}/../secret",
        f"{store.root_uri}x/y",
    ):
        with pytest.raises(ObjectPathError):
            store.get(uri)


def test_a_fault_of_the_store_is_unavailable(tmp_path: Path) -> None:
    blocker = tmp_path / "objects"
    blocker.write_text("a file where the store's folder should be")
    store = ObjectStore(f"file://{blocker}")
    with pytest.raises(Unavailable, match="object-store"):
        store.put("a/b", b"x")


def test_a_put_that_fails_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ObjectStore(f"file://{tmp_path}")
    store.put("a/b", b"whole")

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        store.put("a/b", b"torn")
    assert store.get("a/b") == b"whole"
    assert [entry.name for entry in (tmp_path / "a").iterdir()] == ["b"]


@pytest.mark.parametrize("uri", ["", "file:///", "simplecache::s3://b/k"])
def test_roots_that_make_no_store_are_refused(uri: str) -> None:
    with pytest.raises(ObjectPathError):
        ObjectStore(uri)
