"""What a laptop stack is made of: which engines it starts, which run elsewhere, on which ports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from vtr.local.paths import default_data_dir
from vtr.local.services import SERVICES, ServiceSpec

Port = Annotated[int, Field(ge=1, le=65535)]


class EnginePorts(BaseModel):
    """Loopback ports of the engines that the stack starts.

    Not the engines' own defaults: installing Redis from a distribution's package starts one on 6379, and who
    develops with Kafka has one on 9092.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka: Port = 19092
    kafka_controller: Port = 19093
    redis: Port = 16379
    milvus: Port = 19531


class StackConfig(BaseModel):
    """One stack. ``kafka``, ``redis`` and ``milvus`` are addresses of running ones; None starts one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(default_factory=default_data_dir)
    kafka: str | None = Field(None, description="Bootstrap servers, comma-separated host:port.")
    redis: str | None = Field(None, description="URL: redis://host:port/db")
    milvus: str | None = Field(None, description="URI: http://host:port")
    milvus_kind: Literal["lite", "standalone"] = "lite"
    ports: EnginePorts = EnginePorts()
    services: tuple[ServiceSpec, ...] = SERVICES
    env: dict[str, str] = Field(default_factory=dict, description="More settings for every service.")
    engine_timeout_s: float = Field(120.0, gt=0, description="How long an engine may take to answer.")
    service_timeout_s: float = Field(180.0, gt=0, description="How long a service may take to be ready.")
    livez_every_s: float = Field(3.0, gt=0, description="Time between two questions whether a service lives.")
    livez_failures: int = Field(3, ge=1, description="So many bad answers in a row restart a service.")

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()
