"""Settings of the trainer, all with the prefix ``VTR_TRAINER_``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TrainerSettings(BaseSettings):
    """What one job trains, on what, and where to."""

    model_config = SettingsConfigDict(env_prefix="VTR_TRAINER_", extra="ignore")

    head: Literal["dual"] = Field("dual", description="The method to train.")
    corpus: Path = Field(description="Directory of the corpus.")
    out: Path = Field(description="Directory of checkpoints and logs; one folder a seed.")
    features: Path | None = Field(None, description="Directory of the small frames; none: beside the corpus.")
    seeds: tuple[int, ...] = Field((0,), min_length=1, description="One training after another for each.")
    steps: int = Field(900, ge=1, description="Batches to train on.")
    minutes: float | None = Field(None, gt=0, description="A training is over by then.")
    batch: int = Field(64, ge=2, description="Videos in a batch, even.")
    chunk: int | None = Field(None, ge=1, description="Videos at once, with gradient caching.")
    threads: int = Field(1, ge=1, description="CPU threads.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe level.")
