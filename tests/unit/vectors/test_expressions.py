from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtr.contracts.events.queries import Filters
from vtr.vectors.entities import truncated
from vtr.vectors.expressions import from_ms, literal, of_filters, to_ms


@given(st.text())
def test_a_literal_reads_back_and_never_ends_early(text: str) -> None:
    quoted = literal(text)
    inner = quoted[1:-1]
    assert quoted[0] == quoted[-1] == '"'
    assert "\n" not in inner
    assert "\r" not in inner
    # Every quote inside is escaped: taking escaped pairs away leaves none.
    assert '"' not in inner.replace("\\\\", "").replace('\\"', "")
    if "\x00" not in text and text.isprintable():
        assert ast.literal_eval(quoted) == text


@given(st.datetimes(timezones=st.just(UTC)))
def test_milliseconds_round_down_and_come_back(time: datetime) -> None:
    back = from_ms(to_ms(time))
    assert timedelta(0) <= time - back < timedelta(milliseconds=1)


def test_times_of_other_zones_are_the_same_point_in_time() -> None:
    zone = timezone(timedelta(hours=2))
    assert to_ms(datetime(2026, 1, 1, 2, tzinfo=zone)) == to_ms(datetime(2026, 1, 1, tzinfo=UTC))


def test_the_tenant_is_in_every_expression() -> None:
    assert of_filters("acme", Filters()) == 'tenant == "acme"'
    full = of_filters("acme", Filters(languages=("en",), tags=('a"b',), min_duration_s=1.5))
    assert full == (
        'tenant == "acme" and (language in ["en"] or language like "en-%") '
        'and array_contains_any(tags, ["a\\"b"]) and duration_s >= 1.5'
    )


def test_a_duration_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        of_filters("acme", Filters(max_duration_s=float("inf")))


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 40))
def test_text_is_cut_between_characters(text: str, limit: int) -> None:
    cut = truncated(text, limit)
    assert text.startswith(cut)
    assert len(cut.encode()) <= limit
    if cut != text:
        assert len((cut + text[len(cut)]).encode()) > limit
