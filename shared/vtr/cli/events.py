"""Publishing to Kafka and listening to it, for the length of a command."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from vtr.cli.errors import CliError
from vtr.cli.exit_codes import ExitCode
from vtr.contracts.step import Unavailable

if TYPE_CHECKING:
    from vtr.contracts.events import Event
    from vtr.contracts.step import Message
    from vtr.kafka.producer import EventProducer
    from vtr.kafka.tail import TopicTail
    from vtr.runtime.settings import KafkaSettings

SOURCE = "vtr-cli"
FLUSH_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 3.0
READY_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
_KAFKA_PORT = 9092


def require_broker(kafka: KafkaSettings) -> None:
    """Raise :class:`Unavailable` unless something listens at one of the bootstrap servers.

    The client itself would look for a broker for much longer than a person wants to wait for "no".
    """
    faults: list[str] = []
    for server in kafka.bootstrap_servers.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            address = (host.strip("[]"), int(port)) if host else (port, _KAFKA_PORT)
            socket.create_connection(address, CONNECT_TIMEOUT_S).close()
        except ValueError:
            faults.append(f"{server}: is not host:port")
        except OSError as error:
            faults.append(f"{server}: {error.strerror or error}")
        else:
            return
    raise Unavailable("kafka", f"no broker at {'; '.join(faults)}")


@contextmanager
def producing(kafka: KafkaSettings) -> Iterator[EventProducer]:
    """A producer; what was published is acknowledged when the block has ended well.

    Raises :class:`Unavailable` when Kafka does not answer, or did not take everything.
    """
    from vtr.kafka.producer import EventProducer

    require_broker(kafka)
    producer = EventProducer(kafka, SOURCE)
    try:
        yield producer
        producer.flush(FLUSH_TIMEOUT_S)
    finally:
        producer.close()


class Listening:
    """A tail at work."""

    def __init__(self, tail: TopicTail) -> None:
        self._tail = tail

    def check(self) -> None:
        """Raise when listening has broken, so that nobody waits for what will not be heard."""
        if (error := self._tail.failure()) is not None:
            raise CliError(f"listening to Kafka broke: {error}") from error


@contextmanager
def tailing(
    kafka: KafkaSettings, events: Sequence[type[Event]], callback: Callable[[Any], None]
) -> Iterator[Listening]:
    """Call ``callback`` with every event of these types that is published from when the block is entered.

    ``callback`` runs in another thread. Raises :class:`CliError` when Kafka or a topic is not there.
    """
    from vtr.kafka.tail import TopicTail

    def forward(message: Message[Event]) -> None:
        callback(message.event)

    require_broker(kafka)
    tail = TopicTail(kafka, events, forward, name=SOURCE)
    tail.start()
    try:
        if not tail.ready.wait(READY_TIMEOUT_S):
            topics = ", ".join(event.TYPE for event in events)
            raise CliError(
                f"Kafka at {kafka.bootstrap_servers} did not let us listen to {topics}",
                code=ExitCode.NOT_REACHABLE,
                fix="Do the topics exist? Create them with `vtr topics apply`.",
            )
        yield Listening(tail)
    finally:
        tail.stop(STOP_TIMEOUT_S)
