"""Settings of video_ingest, from the environment with the prefix ``VTR_``."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_settings import SettingsConfigDict

from vtr.runtime.settings import ConsumerSettings, ObjectStoreSettings, ServiceSettings

GIB = 1024**3


class FetchSettings(BaseModel):
    """Where videos may come from, and how much of the disk they may take."""

    protocols: tuple[str, ...] = Field(
        ("file", "http", "https", "s3", "gs", "gcs", "az", "abfs", "hf", "ftp", "sftp", "memory"),
        description="fsspec protocols that a submitted uri may use.",
    )
    max_bytes: int = Field(20 * GIB, ge=1, description="Larger files are rejected.")
    spool_dir: Path = Field(
        Path(tempfile.gettempdir()) / "vtr-spool", description="Remote files are copied here while decoded."
    )
    spool_reserve_bytes: int = Field(GIB, ge=0, description="Disk space that a copy must leave free.")
    captions_max_bytes: int = Field(16 * 1024**2, ge=1, description="Larger captions files are ignored.")
    timeout_s: float = Field(60.0, gt=0, description="Longest wait for a remote source to say something.")
    attempts: int = Field(
        8, ge=1, description="A source that stays unreachable for so many tries is rejected."
    )


class DecodeSettings(BaseModel):
    """How videos are read."""

    analysis_fps: float = Field(4.0, gt=0, le=60, description="Frames a second that are looked at.")
    max_side: int = Field(448, ge=16, le=4096, description="Longer side of a keyframe, in pixels.")
    max_pixels: int = Field(8192 * 8192, ge=1, description="Frames with more pixels are rejected.")
    max_duration_s: float = Field(12 * 3600.0, gt=0, description="What comes later in a video is left out.")
    threads: int = Field(0, ge=0, description="Threads of one decoder; 0: as many as cores.")
    skip_unreferenced: bool = Field(
        True,
        description="Leave out frames that no other is built from, where far more come than are looked at.",
    )


class CutSettings(BaseModel):
    """How a video is cut into shots, and what is kept of each."""

    detector: Literal["adaptive", "content"] = Field(
        "adaptive", description="adaptive: relative to the motion around; content: a fixed threshold."
    )
    threshold: float | None = Field(
        None, gt=0, description="The detector's threshold; unset: 3 (adaptive) or 27 (content)."
    )
    min_shot_s: float = Field(1.0, gt=0, description="No shot is shorter, but the only one of a short video.")
    max_shot_s: float = Field(10.0, gt=0, description="Longer shots are split.")
    keyframes: int = Field(8, ge=1, le=256, description="Frames kept of a shot, at most.")
    jpeg_quality: int = Field(88, ge=1, le=100, description="Of the kept frames.")
    audio: bool = Field(False, description="Whether each shot's sound is stored (FLAC, 16 kHz, mono).")

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.max_shot_s < 2 * self.min_shot_s:
            raise ValueError("max_shot_s: must be at least twice min_shot_s")
        return self


class IngestSettings(ServiceSettings):
    """All settings of the service."""

    model_config = SettingsConfigDict(nested_model_default_partial_update=True)

    # One video at a time. Each clip that is cut counts as progress; fetching a large file yields none.
    consumer: ConsumerSettings = ConsumerSettings(max_batch=1, max_in_flight=8, stalled_after_s=1800.0)
    objects: ObjectStoreSettings = ObjectStoreSettings()
    fetch: FetchSettings = FetchSettings()
    decode: DecodeSettings = DecodeSettings()
    cut: CutSettings = CutSettings()

    def fingerprint(self) -> str:
        """A digest of everything that decides which clips a file gives."""
        parts = self.cut.model_dump_json() + self.decode.model_dump_json(exclude={"threads", "max_pixels"})
        return hashlib.blake2b(parts.encode(), digest_size=8).hexdigest()
