"""Settings that services share. A service's own settings extend :class:`ServiceSettings`.

All come from the environment with the prefix ``VTR_``; groups nest with two underscores, as in
``VTR_KAFKA__BOOTSTRAP_SERVERS``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class KafkaSettings(BaseModel):
    """Where Kafka is and how to authenticate; names follow Kafka's own client settings."""

    bootstrap_servers: str = Field("127.0.0.1:9092", description="Comma-separated host:port list.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How connections are encrypted and authenticated."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, description="With SASL: the mechanism."
    )
    sasl_username: str | None = Field(None, description="With SASL: who.")
    sasl_password: SecretStr | None = Field(None, description="With SASL: the secret.")
    ssl_cafile: str | None = Field(None, description="PEM file of the authorities; none: the system's.")
    ssl_certfile: str | None = Field(None, description="PEM file of this client's certificate.")
    ssl_keyfile: str | None = Field(None, description="PEM file of its key.")


class ConsumerSettings(BaseModel):
    """Limits of the consumer loop."""

    workers: int = Field(1, ge=1, description="Batches that run at once.")
    max_batch: int = Field(1, ge=1, description="Messages in one batch at most.")
    linger_ms: int = Field(0, ge=0, description="How long a batch waits to fill, in milliseconds.")
    max_in_flight: int = Field(64, ge=1, description="Messages fetched and not yet done, at most.")
    max_in_flight_bytes: int = Field(64 * 1024 * 1024, ge=1024, description="Their bytes, at most.")
    max_poll_interval_ms: int = Field(
        300_000, ge=1000, description="Kafka's max.poll.interval.ms; work may take longer, polling goes on."
    )
    session_timeout_ms: int = Field(
        10_000, ge=1000, description="Without a heartbeat for so long, a member is out of its group."
    )
    commit_interval_ms: int = Field(1000, ge=10, description="Time between checkpoints, in milliseconds.")
    drain_timeout_s: float = Field(20.0, gt=0, description="How long a revoke or stop waits for work.")
    retry_initial_s: float = Field(0.2, gt=0, description="First wait after a transient fault, in seconds.")
    retry_max_s: float = Field(15.0, gt=0, description="Longest wait between tries, in seconds.")
    dlq_max_ratio: float = Field(0.5, gt=0, le=1, description="Rejected share that stops the service.")
    dlq_window: int = Field(200, ge=1, description="Messages over which the share is taken.")
    dlq_min_rejected: int = Field(100, ge=1, description="The share counts from this many rejections on.")
    stalled_after_s: float = Field(600.0, gt=0, description="No progress with lag for so long: not live.")


class RedisSettings(BaseModel):
    """Where Redis is."""

    url: SecretStr = Field(SecretStr("redis://127.0.0.1:6379/0"), description="May carry credentials.")
    timeout_s: float = Field(2.0, gt=0, description="Longest wait for an answer, in seconds.")


class MilvusSettings(BaseModel):
    """Where Milvus (or Milvus Lite in server mode) is."""

    uri: str = Field("http://127.0.0.1:19530", description="Where it answers.")
    token: SecretStr | None = Field(None, description="user:password, or an API key.")
    timeout_s: float = Field(10.0, gt=0, description="Longest wait for an answer, in seconds.")


class ObjectStoreSettings(BaseModel):
    """Where frame packs and other large objects lie: any URI that fsspec opens."""

    uri: str = Field(
        "file:///var/lib/vtr/objects",
        description="Root of frame packs: file://, s3:// and what fsspec opens.",
    )


class HttpSettings(BaseModel):
    """The HTTP side of a service: probes, metrics and, where it has one, its API."""

    host: str = Field("0.0.0.0", description="Address to listen on.")  # noqa: S104  (a container: all of its)
    port: int = Field(8080, ge=0, le=65535, description="Port of the API, the probes and the metrics.")


class LogSettings(BaseModel):
    """How a service logs."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least that is logged."
    )
    format: Literal["console", "json"] = Field(
        "json", description="json: one object a line; console: for eyes."
    )


class ServiceSettings(BaseSettings):
    """What every service reads from its environment."""

    model_config = SettingsConfigDict(env_prefix="VTR_", env_nested_delimiter="__", extra="ignore")

    kafka: KafkaSettings = KafkaSettings()
    consumer: ConsumerSettings = ConsumerSettings()
    http: HttpSettings = HttpSettings()
    log: LogSettings = LogSettings()
    shutdown_grace_s: float = Field(25.0, gt=0, description="Time from SIGTERM to having left.")
