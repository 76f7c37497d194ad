"""Where the stack is: the environment first, then the running laptop stack, then the defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from vtr.cli.errors import usage_error
from vtr.runtime.settings import KafkaSettings, LogSettings, MilvusSettings, RedisSettings

if TYPE_CHECKING:
    from vtr.local.state import StackState

URL_SERVICES = ("search", "text_encoder", "ranking", "recommendation")
"""The services with an API that the command line calls; each address is ``VTR_<NAME>_URL``."""


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
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in comes from the running stack, and the environment overrules it."""
        return env_settings, init_settings


@dataclass(frozen=True)
class Context:
    """What a command needs to know of the stack. ``state`` is None when no laptop stack runs there."""

    addresses: Addresses
    data_dir: Path
    state: StackState | None


def locate(data_dir: Path | None) -> Context:
    """Find the stack of ``data_dir`` (the default folder if None).

    Raises a usage error naming the environment variable that is malformed.
    """
    from vtr.local.paths import default_data_dir
    from vtr.local.state import load_state
    from vtr.observability import logging

    # The library's own warnings would run into the tables; what matters to a person is raised.
    logging.configure("vtr", LogSettings(level="ERROR", format="console"))
    folder = data_dir.expanduser().absolute() if data_dir is not None else default_data_dir()
    state = load_state(folder)
    if state is not None and not state.running():
        state = None
    try:
        addresses = Addresses(**(addresses_of(state) if state is not None else {}))
    except ValidationError as error:
        fault = error.errors()[0]
        name = "VTR_" + "__".join(str(part) for part in fault["loc"]).upper()
        raise usage_error(f"environment variable {name}: {fault['msg']}") from error
    return Context(addresses, folder, state)


def objects_of(data_dir: Path | None) -> str:
    """The URI of the object store: ``VTR_OBJECTS__URI``, else that of the laptop stack, running or not."""
    from vtr.local.services import objects_uri

    return os.environ.get("VTR_OBJECTS__URI") or objects_uri(locate(data_dir).data_dir)


def addresses_of(state: StackState) -> dict[str, Any]:
    """The addresses of a running stack, as :class:`Addresses` takes them."""
    known = state.addresses
    found: dict[str, Any] = {
        "kafka": {"bootstrap_servers": known["kafka"]},
        "redis": {"url": SecretStr(known["redis"])},
        "milvus": {"uri": known["milvus"]},
    }
    urls = {process.name: process.url for process in state.processes if process.kind == "service"}
    return found | {f"{name}_url": urls[name] for name in URL_SERVICES if urls.get(name)}
