"""``vtr-recommendation``: run the service."""

from __future__ import annotations

from recommendation.settings import RecommendationSettings
from recommendation.wiring import NAME, build
from vtr.runtime.service import run


def main() -> None:
    raise SystemExit(run(NAME, RecommendationSettings, build))


if __name__ == "__main__":
    main()
