"""Work shared by processes: in order, with progress, and failing as it would alone."""

from __future__ import annotations

import os

import pytest

from support.jobs import square
from vtr.evaluation.processes import in_processes


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_jobs_with_progress_of_each(workers: int) -> None:
    told: list[tuple[int, float, str]] = []
    found = in_processes(square, [3, 1, 2], workers=workers, progress=lambda *note: told.append(note))
    assert [value for value, _, _ in found] == [9, 1, 4]
    assert sorted(told) == [(place, 0.5, "half") for place in range(3)]
    assert (os.getpid() in {pid for _, _, pid in found}) == (workers == 1)


def test_workers_have_one_thread_each_and_leave_the_environment_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert {threads for _, threads, _ in in_processes(square, [1, 2], workers=2)} == {"1"}
    assert os.environ["OMP_NUM_THREADS"] == "7"


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_failure_is_raised(workers: int) -> None:
    with pytest.raises(ValueError, match="job -1 is negative"):
        in_processes(square, [1, -1, 2], workers=workers)
