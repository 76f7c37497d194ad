"""``vtr-indexer``: run the service."""

from __future__ import annotations

from indexer.settings import IndexerSettings
from indexer.wiring import NAME, build
from vtr.runtime.service import run


def main() -> None:
    raise SystemExit(run(NAME, IndexerSettings, build))


if __name__ == "__main__":
    main()
