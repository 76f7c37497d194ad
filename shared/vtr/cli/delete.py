"""``vtr delete``: make videos vanish, and stay away."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from vtr.cli.errors import usage_error
from vtr.cli.exit_codes import ExitCode
from vtr.cli.options import DataDirOption, JsonOption, TenantOption
from vtr.cli.output import Output

if TYPE_CHECKING:
    from vtr.contracts.events import VideoDeleted, VideoStatus
    from vtr.runtime.settings import KafkaSettings

POLL_S = 0.2


def delete(
    video_ids: Annotated[list[str], typer.Argument(help="Ids of the videos.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until nothing of them is found any more.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="With --wait: for how many seconds.")] = 60.0,
    tenant: TenantOption = "default",
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete videos: from the index, the object store, and for every replay to come.

    A tombstone is published. Whatever was submitted under the id until now goes; publishing it again later
    brings it back. An id that was never published is fine: its tombstone stands all the same.

    Examples:

      vtr delete 5f2e9c1b7a3d4e60

      vtr delete 5f2e9c1b7a3d4e60 0a1b2c3d4e5f6071 --wait --reason "licence ended"
    """
    from vtr.cli.context import locate

    output = Output(as_json)
    tombstones = [make_tombstone(video_id, reason, tenant) for video_id in dict.fromkeys(video_ids)]
    remaining = publish_tombstones(
        tombstones, locate(data_dir).addresses.kafka, timeout_s=timeout if wait else None
    )
    for tombstone in tombstones:
        state = "deletion published"
        if wait:
            state = "not confirmed in time" if tombstone.video_id in remaining else "deleted"
        output.say(f"{tombstone.video_id}: {state}", "yellow" if tombstone.video_id in remaining else "")
    output.document({"deleted": tombstones, "waited": wait, "unconfirmed": sorted(remaining)})
    if remaining:
        output.note(
            "The tombstones are published and will be obeyed; is the indexer running? See `vtr status`.",
            "yellow",
        )
        raise typer.Exit(ExitCode.TIMED_OUT)


def make_tombstone(video_id: str, reason: str, tenant: str) -> VideoDeleted:
    """The tombstone of a video as of now; raises a usage error that names the field."""
    import msgspec

    from vtr.contracts.events import VideoDeleted

    document = {"video_id": video_id, "deleted_at": datetime.now(UTC), "tenant": tenant, "reason": reason}
    try:
        return msgspec.convert(document, VideoDeleted)
    except msgspec.ValidationError as error:
        raise usage_error(f"{video_id!r} cannot be deleted: {error}") from error


def publish_tombstones(
    tombstones: list[VideoDeleted], kafka: KafkaSettings, *, timeout_s: float | None
) -> set[str]:
    """Publish ``tombstones``; with a timeout, wait for their status ``deleted``.

    Returns the unconfirmed ids.
    """
    from vtr.cli.events import producing, tailing
    from vtr.contracts.events import VideoStatus

    waiting = Waiting(tombstones)
    with ExitStack() as stack:
        listening = None
        if timeout_s is not None:
            listening = stack.enter_context(tailing(kafka, [VideoStatus], waiting.see))
        with producing(kafka) as producer:
            for tombstone in tombstones:
                producer.publish(tombstone, tenant=tombstone.tenant)
        if timeout_s is None or listening is None:
            return set()
        deadline = time.monotonic() + timeout_s
        while not waiting.done.wait(POLL_S) and time.monotonic() < deadline:
            listening.check()
    return waiting.remaining()


class Waiting:
    """Which deletions no service has confirmed yet."""

    def __init__(self, tombstones: list[VideoDeleted]) -> None:
        self._lock = threading.Lock()
        self._open = {(tomb.tenant, tomb.video_id): tomb.deleted_at for tomb in tombstones}
        self.done = threading.Event()

    def see(self, status: VideoStatus) -> None:
        """Take in one status; that of an earlier tombstone of the same id does not count."""
        key = (status.tenant, status.video_id)
        with self._lock:
            deleted_at = self._open.get(key)
            if status.stage == "deleted" and deleted_at is not None and status.submitted_at >= deleted_at:
                del self._open[key]
            if not self._open:
                self.done.set()

    def remaining(self) -> set[str]:
        with self._lock:
            return {video_id for _tenant, video_id in self._open}
