"""``vtr interact``: record what a person did, which is what recommendations are made from."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from vtr.cli.errors import usage_error
from vtr.cli.options import DataDirOption, JsonOption, TenantOption
from vtr.cli.output import Output

if TYPE_CHECKING:
    from vtr.contracts.events import InteractionRecorded


class Kind(StrEnum):
    """The kinds of ``InteractionRecorded``."""

    IMPRESSION = "impression"
    CLICK = "click"
    WATCH = "watch"
    SKIP = "skip"
    LIKE = "like"
    RATING = "rating"
    SATISFACTION = "satisfaction"


def interact(
    user_id: Annotated[str, typer.Argument(help="The person.", show_default=False)],
    video_id: Annotated[str, typer.Argument(help="The video.", show_default=False)],
    kind: Annotated[
        Kind, typer.Argument(help=f"What the person did: {', '.join(Kind)}.", show_default=False)
    ],
    seconds: Annotated[
        float | None, typer.Option(min=0.0, help="With watch: how many seconds were watched.")
    ] = None,
    value: Annotated[
        float | None, typer.Option(min=-1.0, max=1.0, help="With rating and satisfaction: from -1 to 1.")
    ] = None,
    clip: Annotated[str | None, typer.Option(help="The clip that it was about.")] = None,
    query: Annotated[str | None, typer.Option(help="The query whose answer showed the video.")] = None,
    position: Annotated[int | None, typer.Option(min=1, help="The place in that answer.")] = None,
    tenant: TenantOption = "default",
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that a person saw, opened, watched, skipped or judged a video.

    Examples:

      vtr interact ann 5f2e9c1b7a3d4e60 watch --seconds 30

      vtr interact ann 5f2e9c1b7a3d4e60 rating --value 0.8
    """
    from vtr.cli.context import locate
    from vtr.cli.events import producing

    output = Output(as_json)
    event = make_interaction(
        user_id,
        video_id,
        kind,
        tenant=tenant,
        watch_s=seconds,
        value=value,
        clip_id=clip,
        query_id=query,
        position=position,
    )
    with producing(locate(data_dir).addresses.kafka) as producer:
        producer.publish(event, tenant=tenant)
    output.say(f"recorded: {user_id} {kind.value} {video_id}")
    output.document(event)


def make_interaction(
    user_id: str, video_id: str, kind: Kind, *, tenant: str, **more: str | float | None
) -> InteractionRecorded:
    """The event of an interaction that happens now; raises a usage error that names the field."""
    import msgspec

    from vtr.contracts.events import InteractionRecorded

    document = {name: value for name, value in more.items() if value is not None} | {
        "interaction_id": str(uuid.uuid4()),
        "user_id": user_id,
        "video_id": video_id,
        "kind": kind.value,
        "occurred_at": datetime.now(UTC),
        "tenant": tenant,
    }
    try:
        return msgspec.convert(document, InteractionRecorded)
    except msgspec.ValidationError as error:
        raise usage_error(
            f"the interaction is not valid: {error}",
            "watch takes --seconds; rating and satisfaction take --value from -1 to 1.",
        ) from error
