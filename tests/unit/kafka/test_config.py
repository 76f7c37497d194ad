"""Connection settings reach the client under its own names."""

from __future__ import annotations

from pydantic import SecretStr

from vtr.kafka.config import client_config
from vtr.runtime.settings import KafkaSettings


def test_plain_settings_carry_no_security_noise() -> None:
    config = client_config(KafkaSettings(bootstrap_servers="a:1, b:2"), "me")
    assert config["bootstrap_servers"] == ["a:1", "b:2"]
    assert config["client_id"] == "me"
    assert not [name for name in config if name.startswith(("sasl", "ssl"))]


def test_sasl_and_tls_are_passed_on() -> None:
    settings = KafkaSettings(
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="vtr",
        sasl_password=SecretStr("secret"),
        ssl_cafile="/ca.pem",
    )
    config = client_config(settings, "me")
    assert config["security_protocol"] == "SASL_SSL"
    assert (config["sasl_mechanism"], config["sasl_plain_username"]) == ("SCRAM-SHA-512", "vtr")
    assert config["sasl_plain_password"] == "secret"
    assert config["ssl_cafile"] == "/ca.pem"
    assert "ssl_certfile" not in config
