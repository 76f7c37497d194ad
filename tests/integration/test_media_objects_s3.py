"""The object store and the fetcher over the S3 protocol, against a server that speaks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vtr.contracts.step import Rejected, Unavailable
from vtr.media.objects import ObjectStore


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh S3 server with the bucket ``vtr``; clients find it by the usual environment variables."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="vtr")
    _forget_clients()
    yield f"http://{host}:{port}"
    _forget_clients()
    server.stop()


def _forget_clients() -> None:
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()


def test_objects_lie_in_a_bucket(s3: str) -> None:
    store = ObjectStore("s3://vtr/objects")
    uri = store.put("t/v/h/c/frames.zip", b"one")
    assert uri == "s3://vtr/objects/t/v/h/c/frames.zip"
    store.put("t/v/h/c/frames.zip", b"two")
    store.put("t/v2/h/x", b"beside")
    other = ObjectStore("s3://vtr/objects")
    assert other.get(uri) == b"two"
    assert other.exists("t/v/h/c/frames.zip")
    assert other.children("t") == ["v", "v2"]
    assert other.delete_prefix("t/v") == 1
    assert other.delete_prefix("t/v") == 0
    assert store.paths("t") == ["t/v2/h/x"]
    with pytest.raises(FileNotFoundError):
        store.get(uri)


def test_a_bucket_that_is_not_there_is_a_fault_of_the_store(s3: str) -> None:
    with pytest.raises(Unavailable):
        ObjectStore("s3://no-such-bucket/x").put("a/b", b"x")


def test_videos_come_from_buckets(s3: str, tmp_path: Path) -> None:
    from video_ingest.fetch import Fetcher
    from video_ingest.settings import FetchSettings

    ObjectStore("s3://vtr").put("videos/v.mp4", b"pictures")
    fetch = Fetcher(FetchSettings(spool_dir=tmp_path / "spool", spool_reserve_bytes=0, attempts=2))
    with fetch.open("s3://vtr/videos/v.mp4") as file:
        assert file.path.read_bytes() == b"pictures"
    assert list((tmp_path / "spool").iterdir()) == []
    with pytest.raises(Rejected) as caught, fetch.open("s3://vtr/videos/none.mp4"):
        pass
    assert caught.value.code == "source-not-found"
