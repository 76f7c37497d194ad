"""Answers that came through the topics: kept for a while, and handed to who waits for them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future

from vtr.contracts.events import ResultsRanked


class Answers:
    """Thread safe; remembers the last ``size`` answers."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, ResultsRanked] = OrderedDict()
        self._waiting: dict[str, list[Future[ResultsRanked]]] = {}

    def expect(self, query_id: str) -> Future[ResultsRanked]:
        """The answer to a query about to be published; cancel the future when nobody waits any more."""
        future: Future[ResultsRanked] = Future()
        with self._lock:
            self._waiting.setdefault(query_id, []).append(future)
        future.add_done_callback(lambda done: self._forget(query_id, done))
        return future

    def deliver(self, answer: ResultsRanked) -> None:
        with self._lock:
            self._recent[answer.query_id] = answer
            self._recent.move_to_end(answer.query_id)
            while len(self._recent) > self._size:
                self._recent.popitem(last=False)
            waiting = self._waiting.pop(answer.query_id, [])
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_result(answer)

    def get(self, query_id: str) -> ResultsRanked | None:
        with self._lock:
            return self._recent.get(query_id)

    def _forget(self, query_id: str, future: Future[ResultsRanked]) -> None:
        with self._lock:
            waiting = self._waiting.get(query_id)
            if waiting is not None and future in waiting:
                waiting.remove(future)
                if not waiting:
                    del self._waiting[query_id]
