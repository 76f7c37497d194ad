"""Entry point of ``vtr`` and of ``python -m vtr.cli``."""

from __future__ import annotations

from vtr.cli.app import make_app


def main() -> None:
    """Run the command line; leaves with one of :class:`~vtr.cli.exit_codes.ExitCode`."""
    make_app()()


if __name__ == "__main__":
    main()
