"""The whole pipeline for end-to-end tests: real engines, real service processes, on free ports."""

from __future__ import annotations

import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import httpx
from pymilvus import MilvusClient

from support.services import eventually
from vtr.contracts.events import Event, VideoDeleted, VideoStatus, VideoSubmitted
from vtr.contracts.step import Message
from vtr.contracts.topics import consumer_group
from vtr.kafka.admin import describe, group_lag
from vtr.kafka.producer import EventProducer
from vtr.kafka.tail import TopicTail
from vtr.local.config import EnginePorts, StackConfig
from vtr.local.ports import free_ports
from vtr.local.process import log_tail
from vtr.local.services import SERVICES
from vtr.local.stack import Stack
from vtr.runtime.settings import KafkaSettings
from vtr.vectors.milvus import GRPC_OPTIONS

TERMINAL = {"searchable", "failed", "deleted"}

RUNNING: list[Pipeline] = []
"""What runs now, for the report of a failed test."""


class Pipeline:
    """A running stack with what tests do to it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.kafka = KafkaSettings(bootstrap_servers=stack.addresses["kafka"])
        self.producer = EventProducer(self.kafka, source="tests")
        self._statuses: dict[str, VideoStatus] = {}
        self._lock = threading.Lock()
        self._tail = TopicTail(self.kafka, [VideoStatus], self._on_status, start="earliest")
        self._tail.start()

    def close(self) -> None:
        self._tail.stop(5.0)
        self.producer.close()

    def url(self, service: str) -> str:
        return next(spec.url for spec in self.stack.config.services if spec.name == service)

    def pid(self, service: str) -> int:
        """The process that runs the service now."""
        state = next(process for process in self.stack.state().processes if process.name == service)
        assert state.pid is not None
        return state.pid

    def log_tails(self, lines: int = 25) -> str:
        """The end of each process's log."""
        parts = [f"--- {name}\n{log_tail(path, lines)}" for name, path in self.stack.logs.items()]
        for spec in self.stack.config.services:
            group = describe(self.kafka, consumer_group(spec.name))
            lag = {place: n for place, n in group_lag(self.kafka, group.group).items() if n}
            parts.append(f"--- {group.group}: {group.state}, {len(group.members)} members, lag {lag}")
        return "\n".join(parts)

    def ready(self, service: str) -> bool:
        try:
            return httpx.get(f"{self.url(service)}/readyz", timeout=5.0).status_code == 200
        except httpx.TransportError:
            return False

    # --- Videos ---------------------------------------------------------------------------------------

    def publish(self, videos: Mapping[str, Path | str], **fields: Any) -> datetime:
        """Submit videos by id; ``fields`` go into each submission. Returns the time of submission."""
        now = datetime.now(UTC)
        for video_id, source in videos.items():
            uri = source.as_uri() if isinstance(source, Path) else source
            self.producer.publish(VideoSubmitted(video_id=video_id, uri=uri, submitted_at=now, **fields))
        self.producer.flush(30.0)
        return now

    def delete(self, video_id: str, tenant: str = "default") -> None:
        event = VideoDeleted(video_id=video_id, deleted_at=datetime.now(UTC), tenant=tenant)
        self.producer.publish(event)
        self.producer.flush(30.0)

    def status(self, video_id: str) -> VideoStatus | None:
        with self._lock:
            return self._statuses.get(video_id)

    def wait_for(
        self, video_ids: Sequence[str], timeout_s: float, *, since: datetime | None = None
    ) -> dict[str, VideoStatus]:
        """The terminal status of each video, of the submission at ``since`` or a later one."""

        def missing() -> dict[str, str]:
            found = {}
            for video_id in video_ids:
                status = self.status(video_id)
                if status is None:
                    found[video_id] = "unknown"
                elif status.stage not in TERMINAL or (since is not None and status.submitted_at < since):
                    found[video_id] = status.stage
            return found

        eventually(lambda: not missing(), "all finished", explain=missing, wait_s=timeout_s)
        return {video_id: self._statuses[video_id] for video_id in video_ids}

    def _on_status(self, message: Message[Event]) -> None:
        status = message.event
        assert isinstance(status, VideoStatus)
        with self._lock:
            known = self._statuses.get(status.video_id)
            if known is None or status.supersedes(known):
                self._statuses[status.video_id] = status

    # --- Search ---------------------------------------------------------------------------------------

    def search(self, text: str, *, path: Literal["http", "topics"] = "http", **fields: Any) -> dict[str, Any]:
        """The answer of the search service to a query, by HTTP or through the topics."""
        params = {"path": "topics"} if path == "topics" else {}
        answer = httpx.post(
            f"{self.url('search')}/v1/search", json={"text": text, **fields}, params=params, timeout=30.0
        )
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def rows(self, modality: str = "visual") -> list[dict[str, Any]]:
        """Every row of the live collection: what is searchable, counted where it lies."""
        client = MilvusClient(self.stack.addresses["milvus"], dedicated=True, grpc_options=GRPC_OPTIONS)
        try:
            fields = ["clip_id", "video_id", "tenant", "ordinal", "content_hash", "t0_s", "t1_s"]
            found: list[dict[str, Any]] = client.query(
                f"clips_live_{modality}",
                filter='clip_id != ""',
                output_fields=fields,
                limit=10_000,
                consistency_level="Strong",
            )
        finally:
            client.close()
        return found


@contextmanager
def running_pipeline(
    *, encoder: str, milvus: Literal["lite", "standalone"] = "lite", env: Mapping[str, str] | None = None
) -> Iterator[Pipeline]:
    """A stack of its own with its data in a temporary folder."""
    numbers = free_ports(4 + len(SERVICES))
    ports = EnginePorts(kafka=numbers[0], kafka_controller=numbers[1], redis=numbers[2], milvus=numbers[3])
    services = tuple(
        spec.model_copy(update={"port": port}) for spec, port in zip(SERVICES, numbers[4:], strict=True)
    )
    with tempfile.TemporaryDirectory(prefix="vtr-e2e-", ignore_cleanup_errors=True) as folder:
        config = StackConfig(
            data_dir=Path(folder),
            milvus_kind=milvus,
            ports=ports,
            services=services,
            env={"VTR_ENCODER": encoder, **(env or {})},
        )
        stack = Stack(config)
        stack.start()
        pipeline = Pipeline(stack)
        RUNNING.append(pipeline)
        try:
            yield pipeline
        finally:
            RUNNING.remove(pipeline)
            pipeline.close()
            stack.stop()


def new_id(prefix: str) -> str:
    """An id that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"
