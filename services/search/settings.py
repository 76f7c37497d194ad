"""Settings of search, all with the prefix ``VTR_``."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from vtr.runtime.settings import ConsumerSettings, ObjectStoreSettings, ServiceSettings


class SearchSettings(ServiceSettings):
    """What search reads from its environment."""

    model_config = SettingsConfigDict(nested_model_default_partial_update=True)

    consumer: ConsumerSettings = ConsumerSettings(max_batch=16, linger_ms=20)
    objects: ObjectStoreSettings = ObjectStoreSettings()

    ranking_url: str = Field("http://ranking:8080", description="Base url of ranking.")
    recommendation_url: str = Field("http://recommendation:8080", description="Of recommendation.")
    search_upstream_margin_s: float = Field(3.0, gt=0, description="On top of a query's own budget.")
    search_topics_timeout_s: float = Field(15.0, gt=0, description="Wait for an answer by the topics.")
    search_publish_timeout_s: float = Field(10.0, gt=0, description="Wait for Kafka to take an event.")
    search_log_impressions: bool = Field(True, description="Record what known people are shown.")
    search_uri_schemes: list[str] = Field(
        ["http", "https", "s3", "gs"], description="Schemes of videos that may be submitted."
    )
    search_allow_file_uris: bool = Field(False, description="Whether file:// may be submitted too.")
    search_media_roots: list[Path] = Field([], description="Folders whose files the player may get.")
    search_recent_answers: int = Field(1000, ge=1, description="Answers kept for GET /v1/queries/{id}.")
    search_catalogue_size: int = Field(200_000, ge=1, description="Videos whose place is remembered.")
