from __future__ import annotations

from pathlib import Path

import pytest

from support.bundles import saved_bundle, saved_head
from vtr.contracts.step import Unavailable
from vtr.media import layout
from vtr.media.objects import ObjectStore
from vtr.models.bundle.folder import check_bundle, load_bundle
from vtr.models.bundle.manifest import BundleError, MissingBundleError
from vtr.models.bundle.store import Published, current_revision, fetch_bundle, publish, published_models
from vtr.models.training.checkpoints import read_card


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(f"file://{tmp_path}/objects")


def published(objects: ObjectStore, folder: Path) -> Published:
    return publish(objects, folder, check_bundle(folder))


def test_what_is_fetched_is_what_was_published(objects: ObjectStore, tmp_path: Path) -> None:
    folder = saved_bundle(tmp_path / "bundle", "covr", "vlgnet")
    done = published(objects, folder)
    fetched = fetch_bundle(objects, done.manifest.model_version, tmp_path / "cache")
    bundle = load_bundle(fetched)
    assert bundle.revision == done.revision
    assert sorted(bundle.heads) == ["covr", "vlgnet"]
    for name in done.manifest.files:
        assert (fetched / name).read_bytes() == (folder / name).read_bytes()


def test_publishing_again_writes_nothing(objects: ObjectStore, tmp_path: Path) -> None:
    folder = saved_bundle(tmp_path / "bundle", "covr")
    assert published(objects, folder).written == 6
    assert published(objects, folder).written == 0


def test_a_new_head_is_picked_up_and_the_towers_are_not_written_again(
    objects: ObjectStore, tmp_path: Path
) -> None:
    folder = saved_bundle(tmp_path / "bundle", "covr")
    old = published(objects, folder)
    version = old.manifest.model_version
    saved_head(folder / "heads" / "vlgnet", read_card(folder).sha256, value=1.0)
    new = published(objects, folder)
    assert new.manifest.model_version == version
    assert new.written == 4  # two files, the manifest, the pointer
    assert current_revision(objects, version) == new.revision != old.revision
    assert sorted(load_bundle(fetch_bundle(objects, version, tmp_path / "cache")).heads) == ["covr", "vlgnet"]
    older = fetch_bundle(objects, version, tmp_path / "cache", revision=old.revision)
    assert sorted(load_bundle(older).heads) == ["covr"]


def test_publishing_an_older_folder_goes_back_to_it(objects: ObjectStore, tmp_path: Path) -> None:
    old = published(objects, saved_bundle(tmp_path / "old", "covr"))
    published(objects, saved_bundle(tmp_path / "new", "covr", "vlgnet"))
    assert published(objects, tmp_path / "old").written == 1
    assert current_revision(objects, old.manifest.model_version) == old.revision


def test_until_the_last_object_is_written_nobody_sees_anything(tmp_path: Path) -> None:
    folder = saved_bundle(tmp_path / "bundle", "covr")
    manifest = check_bundle(folder)
    for writes in range(6):

        class Failing(ObjectStore):
            left = writes

            def put(self, path: str, data: bytes) -> str:
                if self.left == 0:
                    raise Unavailable("object-store", "gone")
                self.left -= 1
                return super().put(path, data)

        root = f"file://{tmp_path}/objects-{writes}"
        with pytest.raises(Unavailable):
            publish(Failing(root), folder, manifest)
        with pytest.raises(MissingBundleError, match="no such model"):
            fetch_bundle(ObjectStore(root), manifest.model_version, tmp_path / "cache")
        publish(ObjectStore(root), folder, manifest)
        fetch_bundle(ObjectStore(root), manifest.model_version, tmp_path / f"cache-{writes}")


def test_a_corrupt_object_is_refused_by_name_and_publishing_again_mends_it(
    objects: ObjectStore, tmp_path: Path
) -> None:
    folder = saved_bundle(tmp_path / "bundle", "covr")
    done = published(objects, folder)
    version = done.manifest.model_version
    name = "heads/covr/model.safetensors"
    objects.put(layout.model_blob(version, done.manifest.files[name].sha256), b"no weights")
    with pytest.raises(BundleError, match=rf"{name} of {version}: .* it is corrupt"):
        fetch_bundle(objects, version, tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert published(objects, folder).written == 1
    fetch_bundle(objects, version, tmp_path / "cache")


def test_a_corrupt_manifest_or_pointer_is_refused_by_name(objects: ObjectStore, tmp_path: Path) -> None:
    folder = saved_bundle(tmp_path / "bundle")
    done = published(objects, folder)
    version = done.manifest.model_version
    path = layout.model_manifest(version, done.revision)
    objects.put(path, objects.get(path) + b" ")
    with pytest.raises(BundleError, match=rf"{path}: its content is not that of revision"):
        fetch_bundle(objects, version, tmp_path / "cache")
    objects.put(layout.model_current(version), b"{}")
    with pytest.raises(BundleError, match=r"current\.json: .*revision"):
        fetch_bundle(objects, version, tmp_path / "cache")


def test_a_damaged_cache_is_fetched_anew_and_an_intact_one_is_not(
    objects: ObjectStore, tmp_path: Path
) -> None:
    done = published(objects, saved_bundle(tmp_path / "bundle"))
    version = done.manifest.model_version
    fetched = fetch_bundle(objects, version, tmp_path / "cache")
    before = (fetched / "model.safetensors").stat().st_ino
    assert fetch_bundle(objects, version, tmp_path / "cache") == fetched
    assert (fetched / "model.safetensors").stat().st_ino == before
    (fetched / "model.safetensors").write_bytes(b"half")
    load_bundle(fetch_bundle(objects, version, tmp_path / "cache"))
    assert [path.name for path in fetched.parent.iterdir()] == [done.revision]


def test_what_is_not_there_is_told_from_what_cannot_be(objects: ObjectStore, tmp_path: Path) -> None:
    done = published(objects, saved_bundle(tmp_path / "bundle"))
    with pytest.raises(MissingBundleError, match="no such model"):
        fetch_bundle(objects, "offline_v1", tmp_path)
    with pytest.raises(MissingBundleError, match="no such revision"):
        fetch_bundle(objects, done.manifest.model_version, tmp_path, revision="0" * 16)
    with pytest.raises(BundleError, match=r"model version: '\.\./x'"):
        fetch_bundle(objects, "../x", tmp_path)
    with pytest.raises(BundleError, match=r"revision: '\.\./x'"):
        fetch_bundle(objects, done.manifest.model_version, tmp_path, revision="../x")


def test_the_list_has_all_models_with_their_revisions(objects: ObjectStore, tmp_path: Path) -> None:
    assert published_models(objects) == []
    one = published(objects, saved_bundle(tmp_path / "one"))
    two = published(objects, saved_bundle(tmp_path / "two", "covr"))
    other = published(objects, saved_bundle(tmp_path / "other", seed=1))
    models = {model.model_version: model for model in published_models(objects)}
    assert sorted(models) == sorted({one.manifest.model_version, other.manifest.model_version})
    listed = models[one.manifest.model_version]
    assert listed.current == two.revision
    assert {revision: sorted(manifest.heads) for revision, manifest in listed.revisions.items()} == {
        one.revision: [],
        two.revision: ["covr"],
    }
