"""Times as people write and read them."""

from __future__ import annotations

from datetime import UTC, datetime

from vtr.cli.errors import usage_error


def timecode(seconds: float) -> str:
    """A place in a video as ``mm:ss.s``, from one hour on ``h:mm:ss.s``."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    clock = f"{minutes:02d}:{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{clock}" if hours else clock


def parse_time(text: str, name: str) -> datetime:
    """An ISO 8601 date or date-time; without a timezone it is UTC.

    Raises a usage error that names the option or column ``name``.
    """
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        raise usage_error(
            f"{name}: {text!r} is not a date", "Write it as 2026-01-31 or 2026-01-31T12:00:00+01:00."
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def age(seconds: float) -> str:
    """A duration for people: ``0.4 s``, ``12 s``, ``3 min``, ``5 h``, ``2 d``."""
    for unit, size in (("d", 86_400.0), ("h", 3600.0), ("min", 120.0)):
        if seconds >= size:
            divisor = 60.0 if unit == "min" else size
            return f"{seconds / divisor:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
