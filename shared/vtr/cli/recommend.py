"""``vtr recommend``: what a person may want to see next, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, urlencode

import typer

from vtr.cli.clock import timecode
from vtr.cli.options import DataDirOption, JsonOption, TenantOption, TimeoutOption
from vtr.cli.output import Output, plain

if TYPE_CHECKING:
    from vtr.cli.context import Context
    from vtr.contracts.events import RecommendationUpdated


def recommend(
    user_id: Annotated[str, typer.Argument(help="The person.", show_default=False)],
    k: Annotated[int, typer.Option("-k", min=1, max=200, help="How many videos.")] = 10,
    timeout: TimeoutOption = 30.0,
    tenant: TenantOption = "default",
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recommend videos to a person, from what was watched and liked.

    Examples:

      vtr interact ann 5f2e9c1b7a3d4e60 watch --seconds 30

      vtr recommend ann
    """
    from vtr.cli.context import locate

    output = Output(as_json)
    feed = fetch_feed(locate(data_dir), user_id, k, tenant, timeout)
    show_feed(feed, output)
    output.document(feed)


def fetch_feed(
    context: Context, user_id: str, k: int, tenant: str, timeout_s: float
) -> RecommendationUpdated:
    """The person's feed of now, from the recommendation service."""
    from vtr.cli.http import call_for
    from vtr.contracts.events import RecommendationUpdated

    base = context.addresses.recommendation_url
    url = (
        f"{base}/v1/people/{quote(user_id, safe='')}/recommendations?{urlencode({'tenant': tenant, 'k': k})}"
    )
    return call_for(RecommendationUpdated, "recommendation", "GET", url, timeout_s=timeout_s)


def show_feed(feed: RecommendationUpdated, output: Output) -> None:
    from rich.table import Table

    if not feed.items:
        output.say("Nothing to recommend: no indexed video that this person has not seen.", "yellow")
    else:
        table = Table(title=plain(f"for {feed.user_id}", "bold"), title_justify="left")
        table.add_column("#", justify="right", no_wrap=True)
        table.add_column("video", overflow="fold", ratio=1)
        table.add_column("start at", no_wrap=True)
        table.add_column("score", justify="right", no_wrap=True)
        table.add_column("why", overflow="fold", ratio=1)
        for item in feed.items:
            table.add_row(
                str(item.rank),
                plain(item.title or item.video_id, "bold"),
                timecode(item.start_s),
                f"{item.score:.3f}",
                plain(item.reason),
            )
        output.show(table)
    basis = f"{feed.interactions} interactions" if feed.interactions else "no interactions yet (cold start)"
    output.say(f"from {basis}, model {feed.model}", "dim")
