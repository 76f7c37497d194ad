"""``vtr-ranking``: run the service."""

from __future__ import annotations

from ranking.settings import RankingSettings
from ranking.wiring import NAME, build
from vtr.runtime.service import run


def main() -> None:
    raise SystemExit(run(NAME, RankingSettings, build))


if __name__ == "__main__":
    main()
