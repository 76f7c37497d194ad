"""``vtr-search``: run the service."""

from __future__ import annotations

from search.settings import SearchSettings
from search.wiring import NAME, build
from vtr.runtime.service import run


def main() -> None:
    raise SystemExit(run(NAME, SearchSettings, build))


if __name__ == "__main__":
    main()
