"""``vtr-clip-encoder``: run the service."""

from __future__ import annotations

from clip_encoder.handler import SERVICE
from clip_encoder.settings import ClipEncoderSettings
from clip_encoder.wiring import build
from vtr.runtime.service import run


def main() -> None:
    raise SystemExit(run(SERVICE, ClipEncoderSettings, build))


if __name__ == "__main__":
    main()
