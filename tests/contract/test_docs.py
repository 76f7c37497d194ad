"""What the documents name exists: files, headings, make targets, commands, options, settings, metrics."""

from __future__ import annotations

import importlib.util
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from support.encoder_contract import assert_encoder_contract
from vtr.cli.app import make_app
from vtr.models.encoders.options import EncoderOptions

ROOT = Path(__file__).resolve().parents[2]


def _load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"script_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for their module
    spec.loader.exec_module(module)
    return module


REFERENCE = _load(ROOT / "scripts" / "reference.py")

DOCUMENTS = sorted(
    path
    for folder in (".", "docs", "services", "shared", "deploy")
    for path in (ROOT / folder).glob("*.md" if folder == "." else "**/*.md")
)


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def each_document() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("document", DOCUMENTS, ids=_named)


def _code(text: str) -> Iterator[str]:
    """Lines of code blocks, without comments, and inline code."""
    blocks = re.findall(r"^ *```[^\n]*\n(.*?)^ *```", text, flags=re.DOTALL | re.MULTILINE)
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            yield re.split(r"\s#\s", line.strip())[0].strip()
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", prose)


# --- Links and paths ---------------------------------------------------------------------------------


def _anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ +(.+)$", document.read_text(), flags=re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


@each_document()
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        where = (document.parent / path).resolve() if path else document
        assert where.exists(), f"{target}: there is no {_named(where)}"
        if anchor:
            assert anchor in _anchors(where), f"{target}: no such heading"


@each_document()
def test_every_path_in_code_exists(document: Path) -> None:
    for code in _code(document.read_text()):
        for path in re.findall(r"(?:^|\s)((?:shared|services|tests|docs|deploy|scripts)/[\w./-]+)", code):
            assert (ROOT / path).exists(), path


@pytest.mark.parametrize("document", sorted((ROOT / "docs" / "how-to").glob("*.md")), ids=_named)
def test_names_that_a_guide_gives_for_a_file_are_in_it(document: Path) -> None:
    rows = re.findall(r"^\| `([\w./-]+\.\w+)` \| (.+) \|$", document.read_text(), flags=re.MULTILINE)
    for path, what in rows:
        source = (ROOT / path).read_text()
        for name in re.findall(r"`(\w+)`", what):
            assert re.search(rf"\b{name}\b", source), f"{path} has no {name}"


# --- Commands ----------------------------------------------------------------------------------------


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


@each_document()
def test_every_make_target_exists(document: Path) -> None:
    for code in _code(document.read_text()):
        if code.startswith("make ") and "=" not in code:
            assert set(code.split()[1:]) <= _targets(), code


def _complaint(words: list[str]) -> str | None:
    """What is wrong with the words after ``vtr``: an unknown command or option."""
    command: Any = get_command(make_app())
    for word in words:
        if word in {"|", "&&", ";", ">", "or", "…", "..."}:
            break
        if hasattr(command, "commands") and not word.startswith("-"):
            if word not in command.commands:
                return f"{word} is no command"
            command = command.commands[word]
        elif re.match(r"--?[a-z]", word):
            known = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
            if word.split("=")[0] not in known | {"--help", "-h"}:
                return f"{word} is no option"
    return None


@each_document()
def test_every_vtr_command_and_option_exists(document: Path) -> None:
    for code in _code(document.read_text()):
        words = code.removeprefix(".venv/bin/").split()
        while words and re.match(r"[A-Z_]+=", words[0]):
            del words[0]
        if len(words) > 1 and words[0] == "vtr":
            assert (complaint := _complaint(words[1:])) is None, f"{code}: {complaint}"


def test_an_unknown_command_or_option_would_be_found() -> None:
    assert _complaint(["fly"]) == "fly is no command"
    assert _complaint(["dlq", "list", "--nothing"]) == "--nothing is no option"
    assert _complaint(["dlq", "list", "--json"]) is None


# --- Settings and metrics ----------------------------------------------------------------------------


def _settings() -> set[str]:
    owners = [*REFERENCE.services().values(), REFERENCE.ServiceSettings, REFERENCE.Addresses]
    return {
        setting.name
        for found in (*map(REFERENCE.settings, owners), REFERENCE.command_variables())
        for setting in found
    }


@each_document()
def test_every_setting_exists(document: Path) -> None:
    known = _settings()
    # A name that ends with an underscore stands for all that begin so, as in VTR_KAFKA__...
    for name in re.findall(r"\bVTR_[A-Z0-9_]*\b", document.read_text()):
        exists = any(other.startswith(name) for other in known) if name.endswith("_") else name in known
        assert exists, name


def test_each_setting_says_what_it_means() -> None:
    for owner in REFERENCE.services().values():
        for setting in REFERENCE.settings(owner):
            assert setting.meaning, setting.name


LONG_RUNNING = [
    name for name, owner in REFERENCE.services().items() if issubclass(owner, REFERENCE.ServiceSettings)
]


@pytest.mark.parametrize("service", LONG_RUNNING)
def test_one_setting_changes_no_other(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service's own defaults of a group stand when another setting of the group is given."""
    owner = REFERENCE.services()[service]
    before = owner().model_dump()
    monkeypatch.setenv("VTR_CONSUMER__COMMIT_INTERVAL_MS", "777")
    after = owner().model_dump()
    assert after["consumer"].pop("commit_interval_ms") == 777
    del before["consumer"]["commit_interval_ms"]
    assert after == before


@each_document()
def test_every_metric_exists(document: Path) -> None:
    known = {REFERENCE.metric_name(metric) for metric in REFERENCE.declared_metrics()}
    for code in _code(document.read_text()):
        found = re.fullmatch(r"(vtr_[a-z_]+?)(?:_bucket|_sum|_count)?(?:\{[^}]*\})?", code)
        if found and not found[1].startswith("vtr_dlq_re"):  # headers of dead letters, not metrics
            assert found[1] in known, found[1]


@pytest.mark.parametrize("path", REFERENCE.generated(), ids=lambda path: path.name)
def test_the_reference_is_current(path: Path) -> None:
    assert path.read_text() == REFERENCE.generated()[path], "run: python scripts/reference.py"


# --- Guides ------------------------------------------------------------------------------------------


def test_the_encoder_of_the_guide_is_one() -> None:
    guide = (ROOT / "docs" / "how-to" / "add-an-encoder.md").read_text()
    source = re.findall(r"^```python\n(.*?)^```", guide, flags=re.DOTALL | re.MULTILINE)[0]
    module = types.ModuleType("towers")
    exec(source, module.__dict__)
    assert_encoder_contract(module.load_encoder("", options=EncoderOptions()))
    assert module.load_text_encoder("", options=EncoderOptions()).model_version == "tints_48_v1"
