"""``vtr-video-ingest``: run the service until told to stop."""

from __future__ import annotations

from video_ingest.settings import IngestSettings
from video_ingest.wiring import SERVICE, build
from vtr.runtime.service import run


def main() -> None:
    """Console script."""
    raise SystemExit(run(SERVICE, IngestSettings, build))


if __name__ == "__main__":
    main()
