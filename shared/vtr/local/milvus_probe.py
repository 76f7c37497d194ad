"""Whether a Milvus server answers."""

from __future__ import annotations

import httpx

from vtr.local import ports


def answers(port: int) -> None:
    """Raise unless the server on the loopback port lists its collections."""
    ports.accepts(port)  # pymilvus itself would log and retry for seconds

    from pymilvus import MilvusClient  # noqa: PLC0415  (a heavy import, only for a start)

    client = MilvusClient(uri=f"http://{ports.LOOPBACK}:{port}", timeout=5)
    try:
        client.list_collections(timeout=5)
    finally:
        client.close()


def healthy(metrics_port: int) -> None:
    """Raise unless the standalone server says on its metrics port that all its components are healthy.

    Asked first: pymilvus would wait and log at length for each call to a server that still starts.
    """
    answer = httpx.get(f"http://{ports.LOOPBACK}:{metrics_port}/healthz", timeout=5.0, trust_env=False)
    if answer.status_code != httpx.codes.OK or "OK" not in answer.text:
        raise RuntimeError(f"/healthz says {answer.status_code}: {answer.text[:300]}")
