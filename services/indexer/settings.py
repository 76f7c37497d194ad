"""Settings of indexer, all with the prefix ``VTR_``."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from vtr.runtime.settings import ConsumerSettings, MilvusSettings, RedisSettings, ServiceSettings


class IndexerSettings(ServiceSettings):
    """What indexer reads from its environment."""

    model_config = SettingsConfigDict(nested_model_default_partial_update=True)

    # A batch costs one strong read per collection, so it pays to wait a moment for company.
    consumer: ConsumerSettings = ConsumerSettings(
        workers=2, max_batch=64, linger_ms=50, max_in_flight=512, commit_interval_ms=500
    )
    milvus: MilvusSettings = MilvusSettings()
    redis: RedisSettings = RedisSettings()

    watermark_interval_s: float = Field(1.0, gt=0, description="Time between updates of the watermark.")
    watermark_margin_s: float = Field(
        1.0,
        ge=0,
        description="How long a submission may be under way to Kafka; the watermark stays behind it.",
    )
    resurrection_window_s: float = Field(
        60.0, ge=0, description="How long clips just written are checked again for deletions."
    )
