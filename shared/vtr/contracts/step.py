"""The step of a service: events in, events out, and the two ways in which it can fail.

A handler is written against this module alone, so that it runs the same under the consumer loop, behind
HTTP and in a unit test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from vtr.contracts.envelope import Envelope
from vtr.contracts.events import Event

E_co = TypeVar("E_co", bound=Event, covariant=True)
E_contra = TypeVar("E_contra", bound=Event, contravariant=True)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record lay in Kafka."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Message(Generic[E_co]):
    """An event with its envelope; ``origin`` is None for one that did not come through Kafka."""

    event: E_co
    envelope: Envelope
    origin: Origin | None = None
    size: int = 0
    """Bytes of the record's value, for limits on what is in flight."""


@dataclass(frozen=True, slots=True)
class Emit:
    """An event to publish, and the message that caused it (whose trace and tenant it inherits)."""

    event: Event
    cause: Message[Event]


class Rejected(Exception):  # noqa: N818  (a verdict on the input, not a fault of the service)
    """The input can never be handled: it goes to the dead letters, and the loop goes on.

    ``code`` is stable and machine readable (kebab-case), the message names the field or file and the reason.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Unavailable(Exception):  # noqa: N818
    """A dependency does not answer: the same input will be tried again, nothing is dead-lettered."""

    def __init__(self, dependency: str, message: str) -> None:
        super().__init__(f"{dependency}: {message}")
        self.dependency = dependency


class Step(Protocol[E_contra]):
    """A service's work on a batch of messages, in order.

    The loop guarantees that messages of one key are never in two running batches, and that they arrive in
    the order of the topic. What the step yields is published as it comes; inputs count as done once the step
    has returned and the sinks and the producer are flushed. Since any input may come again after a crash,
    a step must be idempotent.
    """

    def handle(self, batch: Sequence[Message[E_contra]]) -> Iterable[Emit]:
        """Work on ``batch``. May block for as long as it takes.

        Raises :class:`Rejected` (for a batch of several, the loop repeats it one by one to find the one to
        blame) or :class:`Unavailable` (the loop waits and repeats).
        """
        ...

    def rejected(self, message: Message[E_contra], error: Rejected) -> Iterable[Emit]:
        """What to tell the world about a message that is going to the dead letters."""
        ...

    def flush(self) -> None:
        """Make what was written durable; called before the producer's flush and the offset commit.

        May be called while :meth:`handle` runs in another thread: a step that buffers guards its buffer.
        """
        ...
