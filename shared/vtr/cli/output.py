"""Where a command's words go: one JSON document or tables to stdout, progress and errors to stderr."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Controls could move the cursor or recolour the terminal, formats could reverse the text (U+202E), and lone
# surrogates cannot be written at all. ZWJ and ZWNJ are formats too, but languages and emoji need them.
_HOSTILE_CATEGORIES = {"Cc", "Cf", "Cs"}
_HARMLESS = {"\N{ZERO WIDTH JOINER}", "\N{ZERO WIDTH NON-JOINER}"}


def clean(text: str) -> str:
    """``text`` on one line, with nothing in it that a terminal would obey instead of show."""
    return "".join(
        " "
        if char in "\n\r\t"
        else _REPLACEMENT
        if unicodedata.category(char) in _HOSTILE_CATEGORIES and char not in _HARMLESS
        else char
        for char in text
    )


def plain(text: str, style: str = "") -> Text:
    """Foreign text as rich shows it: cleaned, and never read as markup."""
    from rich.text import Text

    return Text(clean(text), style=style)


def make_console(*, stderr: bool) -> Console:
    """A console on the stream of the moment, so that a redirected one is honoured."""
    from rich.console import Console

    return Console(file=sys.stderr if stderr else sys.stdout, highlight=False, soft_wrap=False)


@dataclass
class Output:
    """What a command prints with. ``as_json``: the tables stay away and stdout gets one document."""

    as_json: bool
    out: Console = field(default_factory=lambda: make_console(stderr=False))
    err: Console = field(default_factory=lambda: make_console(stderr=True))

    def show(self, *renderables: RenderableType) -> None:
        """For people, to stdout; silent with ``--json``."""
        if not self.as_json:
            for renderable in renderables:
                self.out.print(renderable)

    def say(self, text: str, style: str = "") -> None:
        """One line of foreign or own text, never read as markup; silent with ``--json``."""
        if not self.as_json:
            self.out.print(plain(text, style), soft_wrap=True)

    def note(self, text: str, style: str = "dim") -> None:
        """A line about what is going on, to stderr in either mode."""
        self.err.print(plain(text, style), soft_wrap=True)

    def document(self, document: Any) -> None:
        """The command's one JSON document, to stdout; silent without ``--json``."""
        if self.as_json:
            write_json(document)


def write_json(document: Any) -> None:
    """``document`` (msgspec structs, datetimes and paths allowed) as indented JSON on stdout."""
    import msgspec

    encoded = msgspec.json.encode(document, enc_hook=str)
    sys.stdout.write(msgspec.json.format(encoded, indent=2).decode() + "\n")
    sys.stdout.flush()
