"""``vtr-trainer``: run the job and end; exit code 0 when every seed is trained, 2 for bad input."""

from __future__ import annotations

from pydantic import ValidationError

from trainer.job import run
from trainer.settings import TrainerSettings
from vtr.observability.logging import configure, get_logger
from vtr.runtime.settings import LogSettings


def main() -> None:
    try:
        settings = TrainerSettings()  # from the environment
    except ValidationError as error:
        raise SystemExit(f"trainer: {error}") from error
    configure("trainer", LogSettings(level=settings.log_level))
    try:
        run(settings)
    except ValueError as error:
        get_logger("trainer").error("bad input", reason=str(error))
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
