"""Work that several processes share, each of them on one thread, with progress told while it goes on."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Generic, TypeVar

J = TypeVar("J")
R = TypeVar("R")

Progress = Callable[[float, str], None]
_POLL_S = 0.2


@contextmanager
def single_threaded() -> Iterator[None]:
    """Processes that each start a BLAS thread per core would fight over them."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@dataclass(frozen=True)
class _Call(Generic[J, R]):
    """One job as a worker process runs it; told to ``notes`` as (place, share, text)."""

    work: Callable[[J, Progress], R]
    job: J
    place: int
    notes: Any

    def __call__(self) -> R:
        return self.work(self.job, lambda share, text: self.notes.put((self.place, share, text)))


def in_processes(
    work: Callable[[J, Progress], R],
    jobs: Sequence[J],
    *,
    workers: int,
    progress: Callable[[int, float, str], None] = lambda _place, _share, _text: None,
) -> list[R]:
    """``work(job, progress)`` of every job, in their order; ``work`` and jobs have to be picklable.

    With one worker they run here, one after another. ``progress`` gets a job's place, how much of it is done,
    and a text. The first failure is raised, once the jobs that were running have ended; no other is started.
    """
    if workers <= 1 or len(jobs) <= 1:
        return [work(job, _of_place(progress, place)) for place, job in enumerate(jobs)]
    context = get_context("spawn")  # a fork copies the locks of the progress bar's thread
    with single_threaded(), context.Manager() as manager, ProcessPoolExecutor(workers, context) as pool:
        notes = manager.Queue()
        futures = [pool.submit(_Call(work, job, place, notes)) for place, job in enumerate(jobs)]
        pending = set(futures)
        try:
            while pending:
                done, pending = wait(pending, timeout=_POLL_S)
                _tell(notes, progress)
                for future in done:
                    future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return [future.result() for future in futures]


def _of_place(progress: Callable[[int, float, str], None], place: int) -> Progress:
    return lambda share, text: progress(place, share, text)


def _tell(notes: Any, progress: Callable[[int, float, str], None]) -> None:
    while True:
        try:
            place, share, text = notes.get_nowait()
        except queue.Empty:
            return
        progress(place, share, text)
