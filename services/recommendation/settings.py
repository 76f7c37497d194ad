"""Settings of recommendation, all with the prefix ``VTR_``."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from vtr.runtime.settings import ConsumerSettings, MilvusSettings, RedisSettings, ServiceSettings


class RecommendationSettings(ServiceSettings):
    """What recommendation reads from its environment."""

    model_config = SettingsConfigDict(nested_model_default_partial_update=True)

    consumer: ConsumerSettings = ConsumerSettings(workers=2, max_batch=64, linger_ms=50)
    redis: RedisSettings = RedisSettings()
    milvus: MilvusSettings = MilvusSettings()

    feed_length: int = Field(20, ge=1, le=100, description="Videos in a feed.")
    feed_diversity: float = Field(0.3, ge=0, le=1, description="Novelty against relevance, in MMR.")
    feed_explore: float = Field(0.2, ge=0, le=1, description="Share that does not follow the profile.")
    taste_half_life_days: float = Field(14.0, gt=0, description="After it, an interaction counts half.")
    fresh_half_life_days: float = Field(3.0, gt=0, description="After it, a video counts as half as new.")
    history_max_videos: int = Field(500, ge=1, description="Videos remembered per person.")
    history_ttl_days: int = Field(365, ge=1, description="Without doing anything.")
    library_max_listed: int = Field(5000, ge=1, description="Newest videos listed per tenant.")
