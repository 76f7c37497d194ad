"""Where the stack is: the environment first, then the running laptop stack, then the defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from vtr.runtime.settings import KafkaSettings, MilvusSettings, RedisSettings

if TYPE_CHECKING:
    from vtr.local.state import StackState


class Addresses(BaseSettings):
    """Addresses of the engines and of the services' HTTP APIs."""

    model_config = SettingsConfigDict(env_prefix="VTR_", env_nested_delimiter="__", extra="ignore")

    kafka: KafkaSettings = KafkaSettings()
    redis: RedisSettings = RedisSettings()
    milvus: MilvusSettings = MilvusSettings()
    search_url: str = "http://127.0.0.1:8100"
    text_encoder_url: str = "http://127.0.0.1:8104"
    ranking_url: str = "http://127.0.0.1:8105"
    recommendation_url: str = "http://127.0.0.1:8106"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in comes from the running stack, and the environment overrules it."""
        return env_settings, init_settings


@dataclass(frozen=True)
class Context:
    """What a command needs to know of the stack. ``state`` is None when no laptop stack runs."""

    addresses: Addresses
    data_dir: Path
    state: StackState | None


def locate(data_dir: Path | None) -> Context:
    """Find the stack. Raises ``ValueError`` for a malformed variable, naming it."""
    raise NotImplementedError
