"""Whether a Milvus server answers."""

from __future__ import annotations

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
