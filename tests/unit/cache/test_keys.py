"""Keys tell apart what must be apart, and share a slot where they change together."""

from __future__ import annotations

import re

from vtr.cache import keys


def slot_tag(key: str) -> str:
    found = re.search(r"\{(.+?)\}", key)
    assert found, key
    return found.group(1)


def test_embedding_key_depends_on_model_and_text_and_hides_the_text() -> None:
    one = keys.embedding("offline-1", "a rabbit")
    assert one == keys.embedding("offline-1", "a rabbit")
    assert one != keys.embedding("offline-2", "a rabbit")
    assert one != keys.embedding("offline-1", "a rabbi")
    assert "rabbit" not in one


def test_what_changes_in_one_transaction_shares_a_slot() -> None:
    assert {
        slot_tag(key)
        for key in (
            keys.history("acme", "u1"),
            keys.video("acme", "v1"),
            keys.fresh_videos("acme"),
            keys.popular_videos("acme"),
        )
    } == {"acme"}


def test_tenants_never_share_a_key() -> None:
    for make in (keys.history, keys.video):
        assert make("a", "b") != make("b", "a")
    assert keys.fresh_videos("a") != keys.fresh_videos("b")
