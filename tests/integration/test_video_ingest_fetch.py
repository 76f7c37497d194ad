"""Sources as they are: files, a real HTTP server, and fsspec's other file systems."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest

from video_ingest.fetch import Fetcher, clean_spool
from video_ingest.settings import FetchSettings
from vtr.contracts.step import Rejected, Unavailable

BODY = bytes(range(256)) * 100
DIGEST = hashlib.blake2b(BODY, digest_size=16).hexdigest()


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def fetcher(spool: Path, **more: object) -> Fetcher:
    return Fetcher(FetchSettings.model_validate({"spool_dir": spool, "spool_reserve_bytes": 0, **more}))


def verdict(fetch: Fetcher, uri: str) -> str:
    with pytest.raises(Rejected) as caught, fetch.open(uri):
        pass
    assert caught.value.message
    return caught.value.code


class _Handler(BaseHTTPRequestHandler):
    """``/ok`` has a length, ``/stream`` has none, ``/<number>`` answers that status."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        name = self.path.strip("/")
        if name.isdigit():
            self.send_error(int(name))
            return
        self.send_response(200)
        if name == "ok":
            self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        if with_body:
            self.wfile.write(BODY)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.mark.parametrize("form", ["{path}", "file://{path}"])
def test_a_local_file_is_read_in_place(form: str, tmp_path: Path, spool: Path) -> None:
    path = tmp_path / "v.mp4"
    path.write_bytes(BODY)
    with fetcher(spool).open(form.format(path=path)) as file:
        assert (file.path, file.size, file.digest) == (path, len(BODY), DIGEST)
    assert path.exists()
    assert not spool.exists()


def test_a_remote_file_is_copied_and_the_copy_removed(spool: Path) -> None:
    fsspec.filesystem("memory").pipe_file("/videos/v.mp4", BODY)
    with fetcher(spool).open("memory://videos/v.mp4") as file:
        assert file.path.read_bytes() == BODY
        assert (file.path.parent, file.digest) == (spool, DIGEST)
    assert list(spool.iterdir()) == []


@pytest.mark.parametrize("name", ["ok", "stream"])
def test_http_sources_are_read(server: str, spool: Path, name: str) -> None:
    with fetcher(spool).open(f"{server}/{name}") as file:
        assert file.digest == DIGEST
    assert list(spool.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "source-not-found"),
        (410, "source-not-found"),
        (401, "source-forbidden"),
        (403, "source-forbidden"),
        (451, "source-refused"),
    ],
)
def test_final_answers_of_a_server_are_verdicts(server: str, spool: Path, status: int, code: str) -> None:
    assert verdict(fetcher(spool), f"{server}/{status}") == code


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_tried_again_but_not_for_ever(server: str, spool: Path, status: int) -> None:
    fetch = fetcher(spool, attempts=3)
    uri = f"{server}/{status}"
    for _ in range(2):
        with pytest.raises(Unavailable, match="source"), fetch.open(uri):
            pass
    assert verdict(fetch, uri) == "source-unreachable"


def test_a_server_that_is_not_there_is_a_passing_fault_at_first(spool: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{unused.getsockname()[1]}/v.mp4"
        fetch = fetcher(spool, attempts=2)
        with pytest.raises(Unavailable), fetch.open(uri):
            pass
        assert verdict(fetch, uri) == "source-unreachable"


def test_a_file_beyond_the_cap_is_rejected_whether_its_size_is_told_or_not(server: str, spool: Path) -> None:
    fetch = fetcher(spool, max_bytes=1000)
    assert verdict(fetch, f"{server}/ok") == "source-too-large"
    assert verdict(fetch, f"{server}/stream") == "source-too-large"
    assert list(spool.iterdir()) == []


def test_a_full_disk_is_waited_for(server: str, spool: Path) -> None:
    with (
        pytest.raises(Unavailable, match="spool"),
        fetcher(spool, spool_reserve_bytes=10**18).open(f"{server}/ok"),
    ):
        pass


def test_an_empty_remote_file_is_rejected(spool: Path) -> None:
    fsspec.filesystem("memory").pipe_file("/videos/empty.mp4", b"")
    assert verdict(fetcher(spool), "memory://videos/empty.mp4") == "empty-file"


def test_what_is_not_a_regular_file_is_never_opened(tmp_path: Path, spool: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    fetch = fetcher(spool)
    for uri in (str(pipe), "/dev/zero", "file:///dev/stdin", str(tmp_path)):
        assert verdict(fetch, uri) in ("source-not-a-file", "source-not-found")


def test_only_allowed_protocols_are_opened(spool: Path) -> None:
    fetch = fetcher(spool, protocols=("https",))
    for uri in (
        "/etc/hostname",
        "http://localhost/v",
        "zip://a::https://b",
        "sftp://host/v",
        "github://o:r@/v",
    ):
        assert verdict(fetch, uri) == "source-unsupported"


def test_captions_are_read_up_to_their_cap(tmp_path: Path, spool: Path) -> None:
    path = tmp_path / "c.srt"
    path.write_bytes(b"x" * 50)
    assert fetcher(spool).read_captions(path.as_uri()) == b"x" * 50
    with pytest.raises(Rejected, match="more than 49"):
        fetcher(spool, captions_max_bytes=49).read_captions(str(path))
    with pytest.raises(Rejected, match="no such file"):
        fetcher(spool).read_captions(str(tmp_path / "none.srt"))


def test_copies_of_dead_processes_are_removed_at_the_start(spool: Path) -> None:
    spool.mkdir()
    host = socket.gethostname()
    dead, own, living, foreign = (
        spool / f"{host}-99999999-a",
        spool / f"{host}-{os.getpid()}-b",
        spool / f"{host}-{os.getppid()}-c",
        spool / "other-host-1-d",
    )
    for copy in (dead, own, living, foreign):
        copy.write_bytes(b"x")
    assert clean_spool(spool) == 2
    assert sorted(spool.iterdir()) == sorted([living, foreign])
    assert clean_spool(spool / "none") == 0
