from __future__ import annotations

import msgspec
import pytest

from vtr.contracts.events.base import Tenant
from vtr.media import layout
from vtr.media.objects import ObjectPathError


def test_everything_of_a_video_is_below_its_prefix() -> None:
    prefix = layout.video_prefix("acme", "v1") + "/"
    for path in (
        layout.version_record("acme", "v1", "h"),
        layout.shot_record("acme", "v1", "h", 3),
        layout.frame_pack("acme", "v1", "h", "c"),
        layout.audio("acme", "v1", "h", "c"),
        layout.frame_vectors("acme", "v1", "h", "c", "offline_1"),
        layout.clip_states("acme", "v1", "h", "c", "offline_1"),
    ):
        assert path.startswith(prefix)


def test_shot_records_sort_in_order_of_the_shots() -> None:
    paths = [layout.shot_record("t", "v", "h", n) for n in (2, 10, 1000)]
    assert paths == sorted(paths)


@pytest.mark.parametrize("video_id", [".", "..", "...", ".tmp-x"])
def test_ids_that_look_like_folders_stay_inside(video_id: str) -> None:
    tenant, name = layout.video_prefix("acme", video_id).split("/")
    assert tenant == "acme"
    assert not name.startswith(".")


def test_an_id_outside_its_alphabet_is_refused() -> None:
    with pytest.raises(ObjectPathError):
        layout.video_prefix("acme", "a/b")


def test_a_clips_states_lie_beside_its_vectors_and_are_found_from_them() -> None:
    at = ("acme", "v1", "h1", "c1", "m1")
    assert layout.states_beside(f"file:///objects/{layout.frame_vectors(*at)}") == (
        f"file:///objects/{layout.clip_states(*at)}"
    )
    for uri in ("file:///objects/acme/v1/h1/c1/frames.zip", "frames.npy", ""):
        with pytest.raises(ObjectPathError, match="per-frame vectors"):
            layout.states_beside(uri)


def test_no_tenant_can_hold_the_models() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(layout.MODELS, Tenant)
