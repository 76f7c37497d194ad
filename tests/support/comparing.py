"""Benchmarks that compare: every way in turn, several times, so that all meet the machine's same moods."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Mapping
from importlib.metadata import version

Measure = Callable[[], float]
"""One run; gives its result, in the unit of the comparison."""


def compare(
    title: str,
    unit: str,
    ways: Mapping[str, Measure],
    *,
    to: str,
    packages: tuple[str, ...],
    repeats: int = 5,
) -> dict[str, list[float]]:
    """Run each way once to warm up, then all in turn ``repeats`` times; print and return the results.

    The ratio is taken within each turn, of a way to the way named ``to``; its median is printed.
    """
    assert to in ways
    for measure in ways.values():
        measure()
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, measure in ways.items():
            found[name].append(measure())
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    print(f"\n{title}\n  {machine()}; {versions}; {repeats} turns")
    width = max(map(len, ways))
    for name, results in found.items():
        ratio = statistics.median(a / b for a, b in zip(results, found[to], strict=True))
        middle = statistics.median(results)
        spread = f"{min(results):,.0f} to {max(results):,.0f}"
        print(f"  {name:<{width}}  {middle:>12,.0f} {unit}  ({spread})  {ratio:6.2f} x {to}")
    return found


def machine() -> str:
    """What it ran on, in words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.system()} {platform.machine()}, {cores} CPUs, Python {platform.python_version()}"
