"""``vtr-text-encoder``: run the service."""

from __future__ import annotations

from text_encoder.settings import TextEncoderSettings
from text_encoder.wiring import NAME, build
from vtr.runtime.service import run


def main() -> None:
    raise SystemExit(run(NAME, TextEncoderSettings, build))


if __name__ == "__main__":
    main()
