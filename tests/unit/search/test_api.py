"""The HTTP API over ports that hold everything in memory and a real object store."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from starlette.testclient import TestClient

from search.answers import Answers
from search.api import Parts, build_api
from search.catalogue import Catalogue, KnownVideo
from search.follow import Follower
from search.frames import Frames
from search.hub import Hub
from search.media import MediaFiles
from search.ports import Reply
from search.routes.pages import WEB
from search.statuses import StatusTable
from search.uris import UriRules
from support.searching import NOW, answer, hit, message, status
from vtr.contracts import codec
from vtr.contracts.events import (
    Event,
    InteractionRecorded,
    QuerySubmitted,
    VideoDeleted,
    VideoSubmitted,
)
from vtr.contracts.step import Unavailable
from vtr.media import layout
from vtr.media.framepack import Frame, encode_jpeg, write_pack
from vtr.media.objects import ObjectStore

PROBLEM = "application/problem+json"


class World:
    """Every part of the service that is not its HTTP side."""

    def __init__(self, root: Path) -> None:
        self.published: list[Event] = []
        self.on_publish: Callable[[Event], None] = lambda event: None
        self.asked: list[QuerySubmitted] = []
        self.reply = Reply(200, codec.encode(answer(hit("v1"))), "application/json")
        self.fault: Unavailable | None = None
        self.store = ObjectStore(f"file://{root / 'objects'}")
        self.media = root / "media"
        self.media.mkdir()
        self.statuses, self.catalogue, self.answers, self.hub = (
            StatusTable(),
            Catalogue(10),
            Answers(10),
            Hub(),
        )
        self.follower = Follower(self.statuses, self.catalogue, self.answers, self.hub)
        self.app = build_api(
            Parts(
                statuses=self.statuses,
                catalogue=self.catalogue,
                answers=self.answers,
                hub=self.hub,
                follower=self.follower,
                ranking=self,
                recommendation=self,
                publisher=self,
                rules=UriRules(["https", "s3"], allow_files=False),
                media=MediaFiles([self.media]),
                frames=Frames(self.store),
                check_read=self.check_read,
                topics_timeout_s=0.2,
            )
        )
        self.client = TestClient(self.app, raise_server_exceptions=False, follow_redirects=False)

    def check_read(self) -> None:
        if self.fault:
            raise self.fault

    def publish(self, event: Event) -> None:
        if self.fault:
            raise self.fault
        self.published.append(event)
        self.on_publish(event)

    async def search(self, query: QuerySubmitted) -> Reply:
        if self.fault:
            raise self.fault
        self.asked.append(query)
        return self.reply

    async def feed(self, tenant: str, user_id: str, k: int) -> Reply:
        return Reply(200, json.dumps({"for": user_id, "k": k, "tenant": tenant}).encode(), "application/json")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def problem_of(response: Any, status_code: int) -> dict[str, Any]:
    assert response.status_code == status_code, response.text
    assert response.headers["content-type"] == PROBLEM
    body: dict[str, Any] = response.json()
    assert body["status"] == status_code
    return body


# --- Search -------------------------------------------------------------------------------------------


def test_search_asks_ranking_and_hands_its_answer_through(world: World) -> None:
    response = world.client.post("/v1/search", json={"text": "a rabbit", "k": 3, "tenant": "acme"})
    assert response.status_code == 200
    assert response.content == world.reply.body
    (query,) = world.asked
    assert (query.text, query.k, query.tenant) == ("a rabbit", 3, "acme")
    assert query.query_id.startswith("q-")
    assert world.published == []
    assert world.catalogue.get("acme", "v1") is not None, "a hit that is shown can be played"


def test_a_problem_of_ranking_stays_what_it_is(world: World) -> None:
    world.reply = Reply(422, b'{"detail": "k: too many"}', PROBLEM)
    response = world.client.post("/v1/search", json={"text": "x"})
    assert (response.status_code, response.content) == (422, world.reply.body)
    assert response.headers["content-type"] == PROBLEM


def test_without_ranking_it_is_said_and_may_be_tried_again(world: World) -> None:
    world.fault = Unavailable("ranking", "ConnectError: refused")
    response = world.client.post("/v1/search", json={"text": "x"})
    assert problem_of(response, 503)["dependency"] == "ranking"
    assert response.headers["retry-after"]


def test_through_the_topics_the_answer_of_this_query_comes_back(world: World) -> None:
    def answer_it(event: Event) -> None:
        assert isinstance(event, QuerySubmitted)
        world.follower.on_message(message(answer(hit("other"), query_id="another")))
        world.follower.on_message(message(answer(hit("v9"), query_id=event.query_id)))

    world.on_publish = answer_it
    response = world.client.post("/v1/search?path=topics", json={"text": "a rabbit"})
    assert response.status_code == 200
    assert [found["video_id"] for found in response.json()["hits"]] == ["v9"]
    (query,) = world.published
    assert isinstance(query, QuerySubmitted)
    again = world.client.get(f"/v1/queries/{query.query_id}?tenant=acme")
    assert again.content == response.content


def test_no_answer_through_the_topics_is_a_timeout_that_names_the_query(world: World) -> None:
    body = problem_of(
        world.client.post("/v1/search?path=topics", json={"text": "a", "query_id": "mine"}), 504
    )
    assert body["query_id"] == "mine"
    assert not world.answers._waiting
    world.follower.on_message(message(answer(query_id="mine")))
    assert world.client.get("/v1/queries/mine?tenant=acme").status_code == 200


def test_an_answer_is_not_shown_to_another_tenant(world: World) -> None:
    world.follower.on_message(message(answer(query_id="q1")))
    assert "q1" in problem_of(world.client.get("/v1/queries/q1?tenant=other"), 404)["detail"]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"text": " "}, "text"),
        ({"text": "x", "k": 0}, "k"),
        ({"text": "x", "kk": 3}, "kk"),
        ({"text": "x", "tenant": "Not Valid"}, "tenant"),
        ({"text": "x", "example": {"uri": "file:///etc/passwd"}}, "example.uri"),
        ([], "body"),
    ],
)
def test_a_bad_query_names_the_field(world: World, body: Any, names: str) -> None:
    assert names in problem_of(world.client.post("/v1/search", json=body), 422)["detail"]
    assert world.asked == []


def test_broken_json_and_unknown_paths_are_problems_too(world: World) -> None:
    problem_of(world.client.post("/v1/search", content=b"{"), 422)
    problem_of(world.client.post("/v1/search?path=pigeon", json={"text": "x"}), 422)
    problem_of(world.client.post("/v1/search", content=b"x" * (5 * 1024 * 1024)), 413)


# --- Videos -------------------------------------------------------------------------------------------


def test_submitting_publishes_with_the_servers_time_and_a_stable_id(world: World) -> None:
    given = {"uri": "https://example.org/a.mp4", "tenant": "acme", "submitted_at": "2035-01-01T00:00:00Z"}
    first, second = world.client.post("/v1/videos", json=given), world.client.post("/v1/videos", json=given)
    assert first.status_code == 202
    assert first.json()["video_id"] == second.json()["video_id"]
    assert first.headers["location"] == f"/v1/videos/{first.json()['video_id']}/status?tenant=acme"
    event = world.published[0]
    assert isinstance(event, VideoSubmitted)
    assert event.submitted_at.year < 2035
    assert (event.uri, event.tenant) == ("https://example.org/a.mp4", "acme")


@pytest.mark.parametrize(
    "body",
    [
        {"uri": "file:///etc/passwd"},
        {"uri": "https://example.org/a.mp4", "captions_uri": "file:///etc/passwd"},
        {"uri": "https://example.org/a.mp4", "video_id": "../up"},
        {"title": "no uri"},
    ],
)
def test_what_may_not_be_submitted_is_not_published(world: World, body: dict[str, str]) -> None:
    problem_of(world.client.post("/v1/videos", json=body), 422)
    assert world.published == []


def test_nothing_is_accepted_that_kafka_did_not_take(world: World) -> None:
    world.fault = Unavailable("kafka", "no broker")
    response = world.client.post("/v1/videos", json={"uri": "https://example.org/a.mp4"})
    assert problem_of(response, 503)["dependency"] == "kafka"


def test_deleting_publishes_a_tombstone(world: World) -> None:
    assert world.client.delete("/v1/videos/v1?tenant=acme").status_code == 202
    (event,) = world.published
    assert isinstance(event, VideoDeleted)
    assert (event.video_id, event.tenant) == ("v1", "acme")


def test_status_and_list_carry_the_title_and_the_failure(world: World) -> None:
    world.follower.on_message(message(status("v1", "failed")))
    world.catalogue.note("acme", "v1", KnownVideo("https://x/", "A title"))
    one = world.client.get("/v1/videos/v1/status?tenant=acme").json()
    assert (one["stage"], one["title"], one["failure"]["message"]) == ("failed", "A title", "no frames")
    listed = world.client.get("/v1/videos?tenant=acme").json()
    assert listed["counts"] == {"failed": 1}
    assert listed["videos"] == [one]
    assert world.client.get("/v1/videos?tenant=acme&stage=searchable").json()["videos"] == []
    problem_of(world.client.get("/v1/videos/v1/status?tenant=other"), 404)


def test_an_unread_status_topic_is_not_mistaken_for_no_videos(world: World) -> None:
    world.fault = Unavailable("kafka", "still being read")
    problem_of(world.client.get("/v1/videos"), 503)
    problem_of(world.client.get("/v1/videos/v1/status"), 503)


# --- Media and frames ---------------------------------------------------------------------------------


def known(world: World, uri: str) -> str:
    world.catalogue.note("acme", "v1", KnownVideo(uri, "", NOW))
    return "/v1/videos/v1/media?tenant=acme"


def test_the_player_gets_byte_ranges(world: World) -> None:
    file = world.media / "a film.mp4"
    file.write_bytes(bytes(range(100)))
    url = known(world, file.as_uri())
    part = world.client.get(url, headers={"range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == bytes(range(10, 20))
    assert part.headers["content-range"] == "bytes 10-19/100"
    assert part.headers["content-type"] == "video/mp4"
    assert world.client.get(url).content == bytes(range(100))
    assert world.client.get(url, headers={"range": "bytes=200-"}).status_code == 416


def test_files_outside_the_roots_are_refused_also_through_links_and_dots(
    world: World, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"secret")
    (world.media / "link.mp4").symlink_to(secret)
    for uri in (
        secret.as_uri(),
        (world.media / "link.mp4").as_uri(),
        f"file://{world.media}/../secret.mp4",
        f"file://{world.media}/%2e%2e/secret.mp4",
    ):
        problem_of(world.client.get(known(world, uri)), 403)


def test_what_is_not_media_or_not_there_or_deleted_is_not_served(world: World) -> None:
    (world.media / "notes.txt").write_text("private")
    problem_of(world.client.get(known(world, (world.media / "notes.txt").as_uri())), 415)
    problem_of(world.client.get(known(world, (world.media / "gone.mp4").as_uri())), 404)
    problem_of(world.client.get(known(world, "s3://bucket/a.mp4")), 415)
    problem_of(world.client.get("/v1/videos/unknown/media?tenant=acme"), 404)
    problem_of(world.client.get("/v1/videos/v1/media?tenant=other"), 404)
    (world.media / "a.mp4").write_bytes(b"x")
    url = known(world, (world.media / "a.mp4").as_uri())
    world.follower.on_message(message(status("v1", "deleted")))
    problem_of(world.client.get(url), 404)


def test_videos_of_the_web_are_played_from_there(world: World) -> None:
    response = world.client.get(known(world, "https://example.org/a.mp4"))
    assert (response.status_code, response.headers["location"]) == (307, "https://example.org/a.mp4")


def frame_url(pack: str, index: int = 0, tenant: str = "acme") -> str:
    return f"/v1/frames?pack={pack}&index={index}&tenant={tenant}"


def test_frames_come_from_packs_of_the_store_and_tenant_only(world: World, tmp_path: Path) -> None:
    jpeg = encode_jpeg(np.full((8, 8, 3), 200, dtype=np.uint8))
    pack = write_pack([Frame(time_s=0.0, jpeg=jpeg)])
    uri = world.store.put(layout.frame_pack("acme", "v1", "h1", "c1"), pack)
    response = world.client.get(frame_url(uri))
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"
    assert response.content == jpeg
    elsewhere = tmp_path / "frames.zip"
    elsewhere.write_bytes(pack)
    other = world.store.put("acme/v1/h1/c1/audio.flac", pack)
    broken = world.store.put(layout.frame_pack("acme", "v1", "h1", "c2"), b"no zip")
    for url in (
        frame_url(uri, index=1),
        frame_url(uri, tenant="other"),
        frame_url(elsewhere.as_uri()),
        frame_url(uri.replace("/v1/", "/../acme/v1/")),
        frame_url(other),
        frame_url(broken),
        frame_url("https://example.org/frames.zip"),
    ):
        problem_of(world.client.get(url), 404)


# --- People, events, pages ----------------------------------------------------------------------------


def test_interactions_are_published_and_never_from_the_future(world: World) -> None:
    body = {
        "user_id": "ann",
        "video_id": "v1",
        "kind": "watch",
        "watch_s": 5,
        "occurred_at": "2099-01-01T00:00:00Z",
    }
    response = world.client.post("/v1/interactions", json=body)
    assert response.status_code == 202
    (event,) = world.published
    assert isinstance(event, InteractionRecorded)
    assert event.interaction_id == response.json()["interaction_id"]
    assert event.occurred_at.year < 2099
    assert (event.kind, event.watch_s) == ("watch", 5.0)
    assert (
        "watch_s"
        in problem_of(world.client.post("/v1/interactions", json={**body, "kind": "like"}), 422)["detail"]
    )


def test_recommendations_come_from_the_service_that_makes_them(world: World) -> None:
    response = world.client.get("/v1/people/ann@example.org/recommendations?k=5&tenant=acme")
    assert response.json() == {"for": "ann@example.org", "k": 5, "tenant": "acme"}
    problem_of(world.client.get("/v1/people/ann/recommendations?k=0"), 422)


def test_the_event_stream_tells_a_tenant_of_its_videos(world: World) -> None:
    def speak_and_leave() -> None:
        while not world.hub._open:
            pass
        world.hub.publish(status("elsewhere", tenant="other"))
        world.hub.publish(status("v1", "searchable"))
        world.hub.stop(1)

    speaker = threading.Thread(target=speak_and_leave)
    speaker.start()
    with world.client.stream("GET", "/v1/events?tenant=acme") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line.startswith(("event:", "data:"))]
    speaker.join()
    assert lines[0] == "event: open"
    assert lines[2] == "event: video.status"
    told = msgspec.json.decode(lines[3].removeprefix("data: "), type=dict[str, Any])
    assert (told["video_id"], told["stage"]) == ("v1", "searchable")
    assert len(lines) == 4


def test_the_page_and_its_parts_are_served_with_a_policy(world: World) -> None:
    for path, kind in (("/", "text/html"), ("/app.js", "text/javascript"), ("/style.css", "text/css")):
        response = world.client.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(kind)
        assert "default-src 'self'" in response.headers["content-security-policy"]
    page = world.client.get("/").text
    assert "http://" not in page
    assert "<script>" not in page, "the policy forbids inline scripts"


def test_the_script_never_writes_markup() -> None:
    script = (WEB / "app.js").read_text()
    for dangerous in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert dangerous not in script


def test_the_api_describes_itself(world: World) -> None:
    paths = world.client.get("/openapi.json").json()["paths"]
    assert {"/v1/search", "/v1/videos", "/v1/events", "/v1/frames"} <= paths.keys()
