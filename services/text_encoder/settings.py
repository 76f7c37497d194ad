"""Settings of text_encoder, all with the prefix ``VTR_``."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from vtr.models.encoders.options import EncoderOptions
from vtr.runtime.settings import ConsumerSettings, ObjectStoreSettings, RedisSettings, ServiceSettings


class TextEncoderSettings(ServiceSettings):
    """What text_encoder reads from its environment."""

    model_config = SettingsConfigDict(nested_model_default_partial_update=True)

    consumer: ConsumerSettings = ConsumerSettings(
        workers=2, max_batch=32, linger_ms=2, commit_interval_ms=200
    )
    redis: RedisSettings = RedisSettings(timeout_s=0.25)
    objects: ObjectStoreSettings = ObjectStoreSettings()
    encoder: str = Field("offline", description="Which encoder; must be the one of clip_encoder.")
    encoder_options: EncoderOptions = EncoderOptions()
    audio_encoder: str = Field(
        "", description="Which audio encoder; must be the one of clip_encoder. Empty: sound is not searched."
    )

    text_max_batch: int = Field(64, ge=1, description="Texts in one forward pass, at most.")
    text_linger_ms: float = Field(3.0, ge=0, description="How long a text waits for company, in ms.")
    text_max_queue: int = Field(1024, ge=1, description="Texts that wait at most; past it HTTP says 429.")
    text_timeout_s: float = Field(10.0, gt=0, description="How long a caller waits for the model.")
    text_max_per_request: int = Field(256, ge=1, description="Texts in one HTTP request, at most.")
    cache_ttl_s: int = Field(7 * 24 * 3600, ge=1, description="Life of an embedding in Redis.")
    cache_recent: int = Field(4096, ge=1, description="Embeddings that this process remembers by itself.")
    cache_cooldown_s: float = Field(5.0, gt=0, description="Pause after Redis failed three times in a row.")
