"""Settings of ranking, all with the prefix ``VTR_``."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field
from pydantic_settings import SettingsConfigDict

from vtr.runtime.settings import (
    ConsumerSettings,
    MilvusSettings,
    ObjectStoreSettings,
    RedisSettings,
    ServiceSettings,
)


class HeadsSettings(BaseModel):
    """The learned heads of published models (see the README)."""

    enabled: bool = Field(True, description="Whether published heads are picked up at all.")
    candidates: int = Field(50, ge=1, le=1000, description="The nearest clips that heads may re-order.")
    batch: int = Field(8, ge=1, description="Clips in one pass through a head; time is looked at between.")
    refresh_s: float = Field(10.0, gt=0, description="How often a newly published head is looked for.")
    threads: int = Field(1, ge=1, description="CPU threads of torch, for the whole process.")
    load_threads: int = Field(8, ge=1, description="Threads that load clips' states.")
    states_cache_mib: int = Field(256, ge=1, description="Clips' states kept in memory.")
    cache_dir: Path | None = Field(
        None, description="Where fetched models are kept; none: below the user's cache."
    )


class RankingSettings(ServiceSettings):
    """What ranking reads from its environment."""

    model_config = SettingsConfigDict(nested_model_default_partial_update=True)

    # One query a batch: each answer leaves as soon as it is ready.
    consumer: ConsumerSettings = ConsumerSettings(
        workers=4, max_batch=1, linger_ms=0, max_in_flight=256, commit_interval_ms=200
    )
    milvus: MilvusSettings = MilvusSettings(timeout_s=3.0)
    redis: RedisSettings = RedisSettings(timeout_s=0.25)
    objects: ObjectStoreSettings = ObjectStoreSettings()
    heads: HeadsSettings = HeadsSettings()

    text_encoder_url: str = Field("http://text_encoder:8080", description="Base url of text_encoder.")
    text_encoder_timeout_s: float = Field(10.0, gt=0, description="How long a query waits for its vector.")
    frame_cache_mib: int = Field(256, ge=1, description="Frame vectors kept in memory.")
    moment_fraction: float = Field(
        0.9, gt=0, le=1, description="A moment is the run of frames above this part of the best one."
    )
    query_max_age_s: float = Field(
        30.0, gt=0, description="A query from the topic waits so long for the store, then is answered empty."
    )
