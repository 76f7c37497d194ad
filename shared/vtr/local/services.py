"""The services of the laptop stack: what each is started as, where it listens, what it is told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from vtr.local.ports import LOOPBACK


class ServiceSpec(BaseModel):
    """One service: ``python -m <module>``, with its probes on ``port``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    module: str
    port: Annotated[int, Field(ge=1, le=65535)]

    @property
    def url(self) -> str:
        """Its HTTP address."""
        return f"http://{LOOPBACK}:{self.port}"


SERVICES = tuple(
    ServiceSpec(name=name, module=name, port=port)
    for name, port in (
        ("search", 8100),
        ("video_ingest", 8101),
        ("clip_encoder", 8102),
        ("indexer", 8103),
        ("text_encoder", 8104),
        ("ranking", 8105),
        ("recommendation", 8106),
    )
)

# A laptop's user waits for the stop; what is cut short is done again after the next start.
SHUTDOWN_GRACE_S = 10.0


def objects_uri(data_dir: Path) -> str:
    """Where frame packs lie."""
    return (data_dir / "objects").as_uri()


def environment(
    spec: ServiceSpec, services: Mapping[str, ServiceSpec], addresses: Mapping[str, str], data_dir: Path
) -> dict[str, str]:
    """The settings of one service. ``addresses`` has kafka, redis and milvus."""
    objects = objects_uri(data_dir)
    env = {
        "VTR_KAFKA__BOOTSTRAP_SERVERS": addresses["kafka"],
        "VTR_REDIS__URL": addresses["redis"],
        "VTR_MILVUS__URI": addresses["milvus"],
        "VTR_OBJECTS__URI": objects,
        # Whoever can reach a loopback port can read these files anyway.
        "VTR_SEARCH_ALLOW_FILE_URIS": "true",
        "VTR_SEARCH_MEDIA_ROOTS": '["/"]',
        "VTR_HTTP__HOST": LOOPBACK,
        "VTR_HTTP__PORT": str(spec.port),
        "VTR_LOG__FORMAT": os.environ.get("VTR_LOG__FORMAT", "console"),
        "VTR_SHUTDOWN_GRACE_S": str(SHUTDOWN_GRACE_S),
        "PYTHONUNBUFFERED": "1",
    }
    for name in ("text_encoder", "ranking", "recommendation", "search"):
        if name in services:
            env[f"VTR_{name.upper()}_URL"] = services[name].url
    return env
