"""Settings of clip_encoder, all with the prefix ``VTR_``."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from vtr.models.encoders.options import EncoderOptions
from vtr.runtime.settings import ConsumerSettings, ObjectStoreSettings, ServiceSettings


class ClipEncoderSettings(ServiceSettings):
    """What clip_encoder reads from its environment."""

    model_config = SettingsConfigDict(nested_model_default_partial_update=True)

    # Two batches at once: one is in the model while the other loads. Frames, not events, are the memory.
    consumer: ConsumerSettings = ConsumerSettings(workers=2, max_batch=32, linger_ms=30, max_in_flight=128)
    objects: ObjectStoreSettings = ObjectStoreSettings()
    encoder: str = Field("offline", description="Which encoder; must be the one of text_encoder.")
    encoder_options: EncoderOptions = EncoderOptions()
    audio_encoder: str = Field(
        "",
        description="Which audio encoder (trained-audio:<directory>, clap:<model>); must be the one of "
        "text_encoder, and video_ingest must store sound. Empty: sound is not indexed.",
    )
    transcriber: str = Field(
        "",
        description="What recognises speech where a video comes without words (whisper:<model>); "
        "video_ingest must store sound. Empty: nothing does.",
    )

    io_threads: int = Field(8, ge=1, description="Threads that load and store objects.")
    frame_budget: int = Field(64, ge=1, description="Frames in one pass through the model, about.")
