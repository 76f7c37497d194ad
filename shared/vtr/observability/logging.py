"""Structured logs: structlog over the standard library, so that libraries' records look the same."""

from __future__ import annotations

import logging
import sys
from typing import cast

import structlog

from vtr.runtime.settings import LogSettings

# kafka-python reports each reconnect attempt; the loop logs what matters once, with the reason.
_QUIET = {
    "kafka": logging.WARNING,
    "kafka.net.selector": logging.ERROR,  # warns whenever a busy machine delays its thread
    "httpx": logging.WARNING,
    "pymilvus": logging.ERROR,
    "libav": logging.ERROR,
}


def configure(service: str, settings: LogSettings) -> None:
    """Send all logs of this process to stderr in the format asked for, each with the service's name."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: list[structlog.typing.Processor]
    if settings.format == "json":
        renderer = [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    else:
        renderer = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(max(level, root.level))
    structlog.contextvars.bind_contextvars(service=service)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger that takes an event and key-value pairs: ``log.info("video decoded", video_id=...)``."""
    return cast(structlog.stdlib.BoundLogger, structlog.get_logger(name))
