"""What the numbers of a run were made with: machine, versions, corpus, trainings."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from vtr.evaluation.report.summary import ReportError

FACTS = "evaluation.json"
PACKAGES = ("vtr", "torch", "numpy", "av", "scipy")


class TrainedFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint of the run; ``select`` is the validation metric by which its weights were chosen."""

    method: str
    parameters: int
    size_bytes: int
    steps: int
    train_s: float
    select: str
    sha256: str
    command: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """``corpus``: the SHA-256 of each of its annotation files. ``took_s``: of measuring, not of training."""

    seed: int
    machine: str
    versions: dict[str, str]
    corpus: dict[str, str]
    generator: str
    videos: int
    corpus_seed: int
    took_s: float
    trained: list[TrainedFacts]


def write_facts(path: Path, facts: Facts) -> None:
    """Writes ``facts`` as JSON, all or nothing."""
    pending = path.with_name(f".{path.name}.{os.getpid()}")
    pending.write_bytes(msgspec.json.format(msgspec.json.encode(facts), indent=1) + b"\n")
    pending.replace(path)


def read_facts(path: Path) -> Facts:
    """What :func:`write_facts` wrote. Raises :class:`ReportError`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Facts)
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}; measure with `vtr evaluate generated`") from error
    except msgspec.MsgspecError as error:
        raise ReportError(f"{path}: {error}") from error


def machine() -> str:
    """Processor, cores that this process may use, memory and system."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        kept = f", {memory:.0f} GiB memory"
    except (ValueError, OSError, AttributeError):
        kept = ""
    return f"{_processor()}, {cores} cores{kept}, {platform.system()}, Python {platform.python_version()}"


def versions() -> dict[str, str]:
    """The versions of the packages that numbers depend on."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def made_with(facts: Sequence[Facts]) -> str:
    """The section of the page about machine, corpus and trainings. Raises :class:`ReportError` where the runs
    are of different corpora."""
    corpora = {tuple(sorted(each.corpus.items())) for each in facts}
    if len(corpora) != 1:
        raise ReportError(f"runs: of {len(corpora)} different corpora, which cannot be put together")
    first = facts[0]
    hashes = ", ".join(f"`{name}` {digest[:16]}" for name, digest in sorted(first.corpus.items()))
    machines = dict.fromkeys(each.machine for each in facts)
    packages = dict.fromkeys(", ".join(f"{k} {v}" for k, v in each.versions.items()) for each in facts)
    lines = [
        "## Made with",
        "",
        *(f"- Machine: {each}." for each in machines),
        *(f"- Versions: {each}." for each in packages),
        f"- Corpus: {first.videos:,} videos, generator {first.generator}, seed {first.corpus_seed}; "
        f"SHA-256 {hashes}.",
        f"- Measuring took {max(each.took_s for each in facts):.0f} s for the slowest of {len(facts)} seeds.",
        "",
        *_trainings(facts),
    ]
    return "\n".join(lines)


def _trainings(facts: Sequence[Facts]) -> list[str]:
    lines = [
        "| method | seed | parameters | weights | steps | trained for | SHA-256 | command |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    methods = dict.fromkeys(each.method for of_run in facts for each in of_run.trained)
    runs = sorted(facts, key=lambda of_run: of_run.seed)
    lines += [
        _training(each, of_run.seed)
        for method in methods
        for of_run in runs
        for each in of_run.trained
        if each.method == method
    ]
    return lines


def _training(each: TrainedFacts, seed: int) -> str:
    return (
        f"| {each.method} | {seed} | {each.parameters:,} | {each.size_bytes / 1e6:.1f} MB | {each.steps:,} "
        f"| {each.train_s:,.0f} s | `{each.sha256[:12]}` | `{each.command or '-'}` |"
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
