"""``vtr publish``: hand videos in, and watch them become searchable."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtr.cli.clock import parse_time
from vtr.cli.exit_codes import ExitCode
from vtr.cli.options import DataDirOption, JsonOption, TenantOption
from vtr.cli.output import Output

if TYPE_CHECKING:
    from vtr.cli.events import Listening
    from vtr.cli.submission import Refusal
    from vtr.cli.tracking import Progress, Tracker
    from vtr.contracts.events import VideoSubmitted
    from vtr.kafka.producer import EventProducer
    from vtr.runtime.settings import KafkaSettings

FLUSH_EVERY = 200
"""Videos between two flushes: a manifest of a million lines must not pile up in the producer."""

REFUSALS_SHOWN = 20
POLL_S = 0.2


@dataclass
class Report:
    """What became of everything that was to be published."""

    videos: list[Progress] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    waited: bool = False
    complete: bool = True
    """False when the time was over before all videos had ended."""

    @property
    def failed(self) -> list[Progress]:
        return [video for video in self.videos if video.outcome not in {"waiting", "searchable"}]

    def exit_code(self) -> ExitCode:
        """Timed out beats partial: what is still on its way is neither done nor failed."""
        if not self.complete:
            return ExitCode.TIMED_OUT
        bad = len(self.failed) + len(self.refused)
        if bad == 0:
            return ExitCode.OK
        return ExitCode.FAILED if bad == len(self.videos) + len(self.refused) else ExitCode.PARTIAL

    def document(self) -> dict[str, Any]:
        """The report as ``--json`` prints it."""
        from vtr.cli.tracking import percentiles

        took = [v.upload_to_searchable_s for v in self.videos if v.upload_to_searchable_s is not None]
        return {
            "published": len(self.videos),
            "waited": self.waited,
            "complete": self.complete,
            "searchable": sum(video.outcome == "searchable" for video in self.videos),
            "failed": len(self.failed),
            "refused": self.refused,
            "upload_to_searchable_s": percentiles(took),
            "videos": self.videos,
        }


def publish(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders (searched for videos), globs, uris (https://, s3://, ...), or manifests "
            "(.jsonl, .ndjson, .csv).",
            show_default=False,
        ),
    ],
    title: Annotated[str | None, typer.Option(help="Title of the one video; default: its file name.")] = None,
    description: Annotated[str | None, typer.Option(help="Description of the one video.")] = None,
    video_id: Annotated[
        str | None, typer.Option("--id", help="Id of the one video; default: made from its uri.")
    ] = None,
    captions: Annotated[
        str | None, typer.Option(help="SubRip or WebVTT file or uri of the one video.")
    ] = None,
    published_at: Annotated[
        str | None, typer.Option(help="When the one video was published (ISO 8601).")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Tag of all videos (repeatable).")] = None,
    language: Annotated[str | None, typer.Option(help="Language of all videos (BCP 47).")] = None,
    wait: Annotated[bool, typer.Option(help="Wait until all are searchable, or failed.")] = True,
    timeout: Annotated[float, typer.Option(min=0.1, help="How long to wait, in seconds.")] = 600.0,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first that is refused.")] = False,
    tenant: TenantOption = "default",
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish videos, and watch each become searchable.

    A video's id is made from its uri, so publishing it again replaces it. A manifest has the columns uri,
    title, description, tags, language, video_id, captions_uri and published_at; bad lines are reported and
    the others go on. Exit code 3 says that some failed, 5 that the time was over.

    Examples:

      vtr publish holiday.mp4 --title "Holiday in Rome" --tag travel

      vtr publish ~/Videos "clips/**/*.mkv" https://example.org/talk.mp4

      vtr publish catalogue.csv --no-wait --json
    """
    from vtr.cli.context import locate
    from vtr.cli.sources import Metadata, submissions

    of_one: dict[str, Any] = {
        "title": title,
        "description": description,
        "video_id": video_id,
        "captions_uri": captions,
        "published_at": None if published_at is None else parse_time(published_at, "--published-at"),
    }
    given = {name: value for name, value in of_one.items() if value is not None}
    of_all = {name: value for name, value in {"tags": tag, "language": language}.items() if value}
    output = Output(as_json)
    context = locate(data_dir)
    items = submissions(sources, Metadata(of_all, given), tenant)
    report = publish_all(
        items, context.addresses.kafka, output, tenant=tenant, wait=wait, timeout_s=timeout, strict=strict
    )
    output.document(report.document())
    if (code := report.exit_code()) is not ExitCode.OK:
        raise typer.Exit(code)


def publish_all(
    items: Iterable[VideoSubmitted | Refusal],
    kafka: KafkaSettings,
    output: Output,
    *,
    tenant: str,
    wait: bool,
    timeout_s: float,
    strict: bool = False,
) -> Report:
    """Publish ``items`` as they come, follow them if ``wait``, and show how it went.

    With ``strict`` nothing is published after the first refusal; what was before is still followed.
    """
    from vtr.cli.events import producing, tailing
    from vtr.cli.progress_view import ProgressView
    from vtr.cli.tracking import Tracker
    from vtr.contracts.events import VideoStatus

    report = Report(waited=wait)
    began = time.monotonic()
    view = ProgressView(output)
    tracker = Tracker(tenant, view.changed)
    with ExitStack() as stack:
        listening = None
        if wait:  # Listening must have begun before the first video is published, or its end could be missed.
            listening = stack.enter_context(tailing(kafka, [VideoStatus], tracker.see))
        stack.enter_context(view.following(tracker))
        with producing(kafka) as producer:
            _publish_each(items, producer, tracker, report, output, strict=strict)
        tracker.seal()
        if listening is not None:
            report.complete = _wait(tracker, listening, timeout_s)
    report.videos = tracker.videos()
    _show(report, output, time.monotonic() - began, timeout_s)
    return report


def _publish_each(
    items: Iterable[VideoSubmitted | Refusal],
    producer: EventProducer,
    tracker: Tracker,
    report: Report,
    output: Output,
    *,
    strict: bool,
) -> None:
    from vtr.cli.events import FLUSH_TIMEOUT_S
    from vtr.cli.submission import Refusal

    for number, item in enumerate(items, start=1):
        if isinstance(item, Refusal):
            report.refused.append(item)
            if len(report.refused) <= REFUSALS_SHOWN:
                output.note(f"refused: {item.where}: {item.reason}", "red")
            if strict:
                output.note("--strict: stopped; nothing further is published", "bold red")
                return
            continue
        tracker.expect(item)
        producer.publish(item, tenant=item.tenant)
        if number % FLUSH_EVERY == 0:
            producer.flush(FLUSH_TIMEOUT_S)


def _wait(tracker: Tracker, listening: Listening, timeout_s: float) -> bool:
    """Whether all ended in time; raises when the listening itself broke."""
    deadline = time.monotonic() + timeout_s
    while (left := deadline - time.monotonic()) > 0:
        if tracker.wait(min(POLL_S, left)):
            return True
        listening.check()
    return tracker.wait(0)


def _show(report: Report, output: Output, seconds: float, timeout_s: float) -> None:
    from vtr.cli.progress_view import final_table, remarks, summary

    if report.videos:
        output.show(final_table(report.videos))
        for text, style in remarks(report.videos):
            output.say(text, style)
        if report.waited:
            output.say(summary(report.videos, seconds), "bold")
        else:
            output.say(f"published {len(report.videos)}, not waiting for them to become searchable", "bold")
    if report.refused:
        output.say(f"{len(report.refused)} refused and not published", "bold red")
    if not report.videos:
        output.say("nothing was published", "bold red")
    if not report.complete:
        waiting = [video for video in report.videos if video.outcome == "waiting"]
        output.note(f"after {timeout_s:g} s, {len(waiting)} are still on their way", "bold yellow")
        if all(video.stage is None for video in waiting):
            output.note("No service has taken them up: is video_ingest running? See `vtr status`.", "yellow")
