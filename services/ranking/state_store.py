"""What the towers saw in clips, from the object store; the most recently used kept in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ranking.frame_store import Objects
from vtr.media import layout
from vtr.media.objects import ObjectPathError
from vtr.models.encoders.clip_states import ClipStates, read_states
from vtr.vectors.store import ClipRow


class StateStore:
    """At most ``max_bytes`` are kept; ``threads`` load at once. Thread safe."""

    def __init__(self, objects: Objects, *, max_bytes: int, threads: int) -> None:
        self._objects = objects
        self._max_bytes = max_bytes
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="states")
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, ClipStates] = OrderedDict()
        self._bytes = 0

    def load(self, rows: Sequence[ClipRow]) -> list[ClipStates | str]:
        """The states of each of ``rows``, or the reason why there are none, in their order.

        Raises :class:`~vtr.contracts.step.Unavailable` when the object store does not answer.
        """
        return list(self._pool.map(self._one, rows))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _one(self, row: ClipRow) -> ClipStates | str:
        if row.frame_vectors_uri is None:
            return "without states"
        try:
            uri = layout.states_beside(row.frame_vectors_uri)
            with self._lock:
                known = self._kept.get(uri)
                if known is not None:
                    self._kept.move_to_end(uri)
                    return known
            states = read_states(self._objects.get(uri))
        except FileNotFoundError:
            return "without states"
        except (ObjectPathError, ValueError) as error:
            return str(error)
        self._keep(uri, states)
        return states

    def _keep(self, uri: str, states: ClipStates) -> None:
        with self._lock:
            if uri in self._kept:
                return
            self._kept[uri] = states
            self._bytes += _size(states)
            while self._bytes > self._max_bytes and self._kept:
                self._bytes -= _size(self._kept.popitem(last=False)[1])


def _size(states: ClipStates) -> int:
    return states.frames.nbytes + states.regions.nbytes + states.vector.nbytes
