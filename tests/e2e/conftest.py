"""Stacks that end-to-end tests share; each starts when the first test asks for it."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from support.pipeline import RUNNING, Pipeline, running_pipeline


@pytest.fixture(scope="session")
def pipeline() -> Iterator[Pipeline]:
    """The pipeline with the ``random`` encoder, in which colours can be found by their names."""
    with running_pipeline(encoder="random") as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test's report ends with what the services logged."""
    report = yield
    if report.failed:
        for running in RUNNING:
            report.sections.append(("Service logs", running.log_tails()))
    return report
