"""Only the schemes on the list pass, and no way around it."""

from __future__ import annotations

import pytest

from search.uris import UriRules
from vtr.contracts.step import Rejected

RULES = UriRules(["http", "https", "s3", "gs"], allow_files=False)


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.org/a.mp4",
        "http://127.0.0.1:8000/a.mp4?x=1",
        "s3://bucket/key.mp4",
        "gs://bucket/key",
    ],
)
def test_allowed(uri: str) -> None:
    RULES.check("uri", uri)


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("file:///etc/passwd", "uri-not-allowed"),
        ("FILE:///etc/passwd", "uri-not-allowed"),
        ("/etc/passwd", "uri-malformed"),
        ("a.mp4", "uri-malformed"),
        ("ftp://example.org/a", "uri-not-allowed"),
        ("memory://a", "uri-not-allowed"),
        ("simplecache::file:///etc/passwd", "uri-not-allowed"),
        ("https://example.org/a::file:///etc/passwd", "uri-not-allowed"),
        ("zip://x::https://example.org/a.zip", "uri-not-allowed"),
        ("https://user:secret@example.org/a.mp4", "uri-not-allowed"),
        ("https://@example.org/a.mp4", "uri-not-allowed"),
        ("https:///a.mp4", "uri-malformed"),
        ("https:example.org", "uri-malformed"),
        ("https://[::1/a", "uri-not-allowed"),
        ("https://[half/a", "uri-malformed"),
        ("https://example.org/a b", "uri-malformed"),
        ("https://example.org/\n", "uri-malformed"),
        ("javascript:alert(1)", "uri-malformed"),
    ],
)
def test_refused_with_the_field_and_the_reason(uri: str, code: str) -> None:
    with pytest.raises(Rejected, match=r"^captions_uri: ") as caught:
        RULES.check("captions_uri", uri)
    assert caught.value.code == code


def test_files_only_where_the_operator_says_so() -> None:
    UriRules(["https"], allow_files=True).check("uri", "file:///data/a.mp4")
    for uri in ("file://elsewhere/share/a.mp4", "file:a.mp4"):
        with pytest.raises(Rejected):
            UriRules(["https"], allow_files=True).check("uri", uri)
    with pytest.raises(Rejected):
        UriRules(["https", "file"], allow_files=False).check("uri", "file:///data/a.mp4")
