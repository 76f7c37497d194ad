from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from vtr.cli.clock import age, parse_time, timecode
from vtr.cli.errors import CliError


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00.0"), (9.96, "00:10.0"), (59.96, "01:00.0"), (61.24, "01:01.2"), (3599.96, "1:00:00.0")],
)
def test_a_timecode_carries_its_rounding(seconds: float, text: str) -> None:
    assert timecode(seconds) == text


def test_a_time_without_a_zone_is_utc() -> None:
    assert parse_time("2026-01-31", "--after") == datetime(2026, 1, 31, tzinfo=UTC)
    zoned = datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=1)))
    assert parse_time("2026-01-31T12:00:00+01:00", "--after") == zoned


def test_what_is_no_time_is_refused_by_name() -> None:
    with pytest.raises(CliError, match="--after: 'soon' is not a date"):
        parse_time("soon", "--after")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4 s"), (42, "42 s"), (119, "119 s"), (180, "3 min"), (7200, "2 h"), (172_800, "2 d")],
)
def test_ages_are_for_people(seconds: float, text: str) -> None:
    assert age(seconds) == text
