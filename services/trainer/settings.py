"""Settings of the trainer, all with the prefix ``VTR_TRAINER_``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TrainerSettings(BaseSettings):
    """What one job trains, on what, and where to."""

    model_config = SettingsConfigDict(env_prefix="VTR_TRAINER_", extra="ignore")

    head: Literal["dual", "covr", "vlgnet", "camoe", "regada", "audio"] = Field(
        "dual", description="The method to train; a head reads the dual encoder of its seed."
    )
    corpus: Path = Field(description="Directory of the corpus.")
    out: Path = Field(description="Directory of checkpoints and logs; seed0/dual, seed0/covr and so on.")
    features: Path | None = Field(None, description="Directory of the small frames; none: beside the corpus.")
    sounds: Path | None = Field(None, description="Directory of the log-mels; none: beside the corpus.")
    seeds: tuple[int, ...] = Field((0,), min_length=1, description="One training after another for each.")
    steps: int | None = Field(None, ge=1, description="Batches to train on; none: the method's own number.")
    minutes: float | None = Field(None, gt=0, description="A training is over by then.")
    batch: int = Field(64, ge=2, description="Of the dual encoder: videos in a batch, even.")
    chunk: int | None = Field(
        None, ge=1, description="Of the dual encoder: videos at once, with gradient caching."
    )
    threads: int = Field(1, ge=1, description="CPU threads.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe level.")
