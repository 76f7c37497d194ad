from __future__ import annotations

from vtr.cli.exit_codes import ExitCode
from vtr.cli.reference import PAGE, reference


def test_the_page_says_what_the_commands_say() -> None:
    assert PAGE.read_text() == reference(), "run: python -m vtr.cli.reference"


def test_every_exit_code_is_documented() -> None:
    page = reference()
    for code in ExitCode:
        assert f"| {int(code)} | {code.name} |" in page
