"""TCP ports on loopback: which are free, and who holds one that is not."""

from __future__ import annotations

import random
import socket
import sys

import psutil

LOOPBACK = "127.0.0.1"
# Below the range from which Linux takes the ports of outgoing connections (32768 and up): a port chosen here
# is not lost to some client between a stop and the next start.
_FIRST, _LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now, on loopback and on all addresses."""
    for host in (LOOPBACK, ""):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if sys.platform != "win32":  # there the option means something else
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def accepts(port: int, host: str = LOOPBACK, timeout_s: float = 0.5) -> None:
    """Raise OSError unless something accepts connections there."""
    socket.create_connection((host, port), timeout_s).close()


def free_ports(count: int) -> list[int]:
    """That many different free ports, chosen at random."""
    chosen: list[int] = []
    for port in random.sample(range(_FIRST, _LAST), _LAST - _FIRST):
        if len(chosen) == count:
            break
        if is_free(port):
            chosen.append(port)
    if len(chosen) < count:
        raise OSError(f"only {len(chosen)} of {count} ports are free between {_FIRST} and {_LAST}")
    return chosen


def holder(port: int) -> str | None:
    """Who listens on the port, as ``name (pid N)``; None when the system does not tell."""
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.AccessDenied, PermissionError):
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            if connection.pid is None:
                return None
            try:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
            except psutil.Error:
                return f"pid {connection.pid}"
    return None
