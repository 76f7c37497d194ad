"""``vtr search`` and ``vtr similar``: find moments by words, by example, or by both."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtr.cli.clock import parse_time
from vtr.cli.errors import usage_error
from vtr.cli.options import DataDirOption, JsonOption, TenantOption, TimeoutOption
from vtr.cli.output import Output

if TYPE_CHECKING:
    from vtr.cli.context import Context
    from vtr.contracts.events import QuerySubmitted, ResultsRanked


class QueryPath(StrEnum):
    """The two ways to an answer; the ranking is the same."""

    HTTP = "http"
    TOPICS = "topics"


class GroupBy(StrEnum):
    VIDEO = "video"
    CLIP = "clip"


KOption = Annotated[int, typer.Option("-k", min=1, max=200, help="How many hits.")]
LanguageOption = Annotated[
    list[str] | None, typer.Option("--language", help="Only videos in this language (BCP 47; repeatable).")
]
TagOption = Annotated[
    list[str] | None, typer.Option("--tag", help="Only videos with any of these tags (repeatable).")
]
VideoOption = Annotated[list[str] | None, typer.Option("--video", help="Only in this video (repeatable).")]
AfterOption = Annotated[
    str | None, typer.Option("--after", help="Only published from this date on (ISO 8601; UTC if unsaid).")
]
BeforeOption = Annotated[str | None, typer.Option("--before", help="Only published before this date.")]
GroupByOption = Annotated[
    GroupBy, typer.Option("--group-by", help="The best clip of each video, or every clip on its own.")
]
PathOption = Annotated[
    QueryPath, typer.Option("--path", help="Ask the ranking service by HTTP, or through the Kafka topics.")
]
HeadsOption = Annotated[
    str,
    typer.Option(
        "--heads",
        help="Learned heads that take part: auto (those that beat the plain encoder), none, or names with "
        "commas between: camoe,vlgnet.",
    ),
]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Show each head's part in each hit.")]
UserOption = Annotated[str | None, typer.Option("--user", help="On behalf of this person.")]


def search(
    text: Annotated[str, typer.Argument(help="What is to be seen, heard or said.", show_default=False)],
    k: KOption = 10,
    language: LanguageOption = None,
    tag: TagOption = None,
    video: VideoOption = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    group_by: GroupByOption = GroupBy.VIDEO,
    path: PathOption = QueryPath.HTTP,
    user: UserOption = None,
    heads: HeadsOption = "auto",
    explain: ExplainOption = False,
    timeout: TimeoutOption = 30.0,
    tenant: TenantOption = "default",
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the moments in all videos that match words.

    Examples:

      vtr search "a person riding a bicycle"

      vtr search "a goal" -k 3 --tag football --after 2026-01-01

      vtr search "a rabbit" --path topics --json | jq '.hits[0].moment'

      vtr search "a red ball slowly moves left" --heads camoe,vlgnet --explain
    """
    fields = {"text": text, "k": k, "group_by": group_by.value, "user_id": user, "heads": parse_heads(heads)}
    filters = make_filters(language, tag, video, after, before)
    answer(fields | {"filters": filters}, path, timeout, tenant, data_dir, as_json, explain=explain)


def similar(
    video_id: Annotated[str, typer.Argument(help="The indexed video to start from.", show_default=False)],
    but: Annotated[
        str, typer.Option("--but", help='How the hits should differ from it: "but at night".')
    ] = "",
    k: KOption = 10,
    language: LanguageOption = None,
    tag: TagOption = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    group_by: GroupByOption = GroupBy.VIDEO,
    path: PathOption = QueryPath.HTTP,
    user: UserOption = None,
    heads: HeadsOption = "auto",
    explain: ExplainOption = False,
    timeout: TimeoutOption = 30.0,
    tenant: TenantOption = "default",
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find videos like one that is indexed, or like it but with a change.

    Examples:

      vtr similar 5f2e9c1b7a3d4e60

      vtr similar 5f2e9c1b7a3d4e60 --but "at night"
    """
    fields = {"text": but, "example": {"video_id": video_id}, "k": k, "group_by": group_by.value}
    fields |= {"user_id": user, "heads": parse_heads(heads)}
    filters = make_filters(language, tag, None, after, before)
    answer(fields | {"filters": filters}, path, timeout, tenant, data_dir, as_json, explain=explain)


def make_filters(
    language: list[str] | None,
    tag: list[str] | None,
    video: list[str] | None,
    after: str | None,
    before: str | None,
) -> dict[str, Any]:
    """The query's filters from the options; raises a usage error that names the option."""
    filters: dict[str, Any] = {"languages": language, "tags": tag, "video_ids": video}
    if after is not None:
        filters["published_after"] = parse_time(after, "--after")
    if before is not None:
        filters["published_before"] = parse_time(before, "--before")
    return {name: value for name, value in filters.items() if value}


def parse_heads(given: str) -> str | list[str]:
    """The query's ``heads`` from the option: ``auto``, ``none``, or names with commas between."""
    if given in ("auto", "none"):
        return "auto" if given == "auto" else []
    return [name.strip() for name in given.split(",") if name.strip()]


def make_query(fields: dict[str, Any], tenant: str) -> QuerySubmitted:
    """A query with an id of its own; raises a usage error that names the field."""
    import msgspec

    from vtr.contracts.events import QuerySubmitted

    given = {name: value for name, value in fields.items() if value is not None}
    document = given | {"query_id": str(uuid.uuid4()), "submitted_at": datetime.now(UTC), "tenant": tenant}
    try:
        return msgspec.convert(document, QuerySubmitted)
    except msgspec.ValidationError as error:
        raise usage_error(f"the query is not valid: {error}") from error


def answer(
    fields: dict[str, Any],
    path: QueryPath,
    timeout_s: float,
    tenant: str,
    data_dir: Any,
    as_json: bool,
    *,
    explain: bool = False,
) -> None:
    """Ask, and show the answer; with ``explain``, what heads made of each hit."""
    from vtr.cli.context import locate
    from vtr.cli.search_view import show_results

    output = Output(as_json)
    query = make_query(fields, tenant)
    results = ask(locate(data_dir), query, path, timeout_s)
    show_results(results, output, explain=explain)
    output.document(results)


def ask(context: Context, query: QuerySubmitted, path: QueryPath, timeout_s: float) -> ResultsRanked:
    """The ranked answer, by HTTP or through the topics."""
    if path is QueryPath.TOPICS:
        from vtr.cli.kafka_query import ask_topics

        return ask_topics(context.addresses.kafka, query, timeout_s)
    from vtr.cli.http import call_for
    from vtr.contracts.events import ResultsRanked

    url = f"{context.addresses.ranking_url}/v1/search"
    return call_for(ResultsRanked, "ranking", "POST", url, timeout_s=timeout_s, body=query)
