"""A job for other processes, which import it by its name."""

from __future__ import annotations

import os

from vtr.evaluation.processes import Progress


def square(job: int, progress: Progress) -> tuple[int, str | None, int]:
    """The square, how many threads BLAS may start, and the process; ``ValueError`` below 0."""
    if job < 0:
        raise ValueError(f"job {job} is negative")
    progress(0.5, "half")
    return job * job, os.environ.get("OMP_NUM_THREADS"), os.getpid()
