"""Settings of the clients, in one place: where the brokers are and how to authenticate."""

from __future__ import annotations

from typing import Any

from vtr.runtime.settings import KafkaSettings

BOOTSTRAP_TIMEOUT_MS = 5_000
"""How long a client looks for a first broker before it gives up with a reason."""


def client_config(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Keyword arguments that every kafka-python client takes."""
    config: dict[str, Any] = {
        "bootstrap_servers": [server.strip() for server in settings.bootstrap_servers.split(",")],
        "client_id": client_id,
        "security_protocol": settings.security_protocol,
        "bootstrap_timeout_ms": BOOTSTRAP_TIMEOUT_MS,
        "reconnect_backoff_max_ms": 2_000,
    }
    if settings.sasl_mechanism is not None:
        config["sasl_mechanism"] = settings.sasl_mechanism
        config["sasl_plain_username"] = settings.sasl_username
        if settings.sasl_password is not None:
            config["sasl_plain_password"] = settings.sasl_password.get_secret_value()
    for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
        value = getattr(settings, name)
        if value is not None:
            config[name] = value
    return config
