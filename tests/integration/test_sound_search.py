"""A sound is found by its name: real files through ingest, encoder, index and ranking, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymilvus import MilvusClient

from clip_encoder.encode import BudgetedEncoder
from clip_encoder.handler import EncodeClips
from clip_encoder.listen import Ear
from indexer.handler import IndexClips
from indexer.recent import RecentWrites
from ranking.frame_store import FrameStore
from ranking.handler import text_vectors
from ranking.ranker import Ranker
from support.clips import message
from support.corpus import a_scene
from support.ingest import ingest_settings, ingest_step, run, submitted
from support.ranking import FixedWatermark, query
from text_encoder.embedder import Embedded
from text_encoder.handler import EncodeQueries
from text_encoder.hearing import Hearing
from vtr.contracts.events import ClipEncoded, QueryEncoded, ResultsRanked
from vtr.evaluation.corpus.encode import write_video
from vtr.evaluation.corpus.sound import RATE, mix
from vtr.media.objects import ObjectStore
from vtr.models.audio.encoder import TrainedAudioEncoder
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.random_encoder import RandomEncoder
from vtr.runtime.settings import MilvusSettings
from vtr.vectors.milvus import GRPC_OPTIONS, MilvusStore, alias_name

CHECKPOINT = Path(__file__).parents[2] / "shared/vtr/models/checkpoints/audio-generated"
SOUNDS = ("bell", "drum", "siren", "buzz", "whistle", None)
FPS = 10


class Nothing:
    """No tombstone, no watermark."""

    def ready(self) -> bool:
        return True

    def wait_ready(self, timeout_s: float) -> bool:
        return True

    def covers(self, tenant: str, video_id: str, submitted_at: datetime) -> bool:
        return False

    def of_partition(self, partition: int) -> datetime | None:
        return None


class Words:
    """text_encoder's embedder, without batches and caches."""

    def __init__(self, encoder: RandomEncoder) -> None:
        self._encoder = encoder
        self.model = encoder.model_version

    def embed(self, texts: Any) -> Embedded:
        return Embedded(list(self._encoder.encode_texts(texts)), [False] * len(texts))


def video_of(folder: Path, sound: str | None) -> Path:
    """A red picture, the same for all, while ``sound`` is heard."""
    scene = a_scene(sound=sound, seed=11)
    frames = np.zeros((scene.frames, 64, 64, 3), dtype=np.uint8)
    frames[..., 0] = 200
    path = folder / f"{sound}.mp4"
    write_video(path, frames, FPS, mix(scene, None), RATE)
    return path


class World:
    """An index of six videos that look the same."""

    def __init__(self, uri: str, folder: Path, pool: ThreadPoolExecutor) -> None:
        self.server = MilvusClient(uri=uri, dedicated=True, grpc_options=GRPC_OPTIONS)
        self._forget()
        self.visual = RandomEncoder(24)
        self.audio = TrainedAudioEncoder(CHECKPOINT, EncoderOptions(threads=1))
        self.store = MilvusStore(MilvusSettings(uri=uri))
        objects = ObjectStore((folder / "objects").as_uri())
        self.ranker = Ranker(self.store, FrameStore(objects, max_bytes=2**20), FixedWatermark())
        self.hearing = Hearing(self.audio, size=8)
        ingest = ingest_step(ingest_settings(folder, audio=True), objects)
        encode = EncodeClips(
            BudgetedEncoder(self.visual, frame_budget=64),
            objects,
            Nothing(),
            pool,
            ear=Ear(objects, pool, encoder=self.audio),
        )
        index = IndexClips(
            self.store,
            Nothing(),
            RecentWrites(Nothing(), self.store, window_s=60.0, clock=lambda: 0.0),
            Nothing(),
        )
        for sound in SOUNDS:
            outcome = run(ingest, submitted(video_of(folder, sound), video_id=str(sound)))
            assert outcome.error is None
            encoded = [e.event for e in encode.handle([message(clip) for clip in outcome.clips])]
            clips = [message(event) for event in encoded if isinstance(event, ClipEncoded)]
            assert clips
            list(index.handle(clips))

    def ask(self, text: str, **fields: Any) -> ResultsRanked:
        step = EncodeQueries(Words(self.visual), self.hearing)
        (emit,) = step.handle([message_of(query(text=text, **fields))])
        assert isinstance(emit.event, QueryEncoded)
        return self.ranker.answer(emit.event.query, text_vectors(emit.event))

    def _forget(self) -> None:
        for modality in ("visual", "speech", "audio"):
            if self.server.has_collection(alias_name(modality)):  # type: ignore[arg-type]
                self.server.drop_alias(alias_name(modality))  # type: ignore[arg-type]

    def close(self) -> None:
        self._forget()
        mine = (self.visual.model_version, self.audio.model_version)
        for name in self.server.list_collections():
            if any(model.replace("-", "_") in name for model in mine):
                self.server.drop_collection(name)
        self.store.close()
        self.server.close()


def message_of(event: Any) -> Any:
    from vtr.contracts.envelope import Envelope
    from vtr.contracts.step import Message

    return Message(event, Envelope.root(type(event).TYPE, source="test"))


@pytest.fixture(scope="module")
def world(milvus_lite_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ThreadPoolExecutor(4) as pool:
        world = World(milvus_lite_uri, tmp_path_factory.mktemp("world"), pool)
        yield world
        world.close()


def shares(results: ResultsRanked) -> Mapping[str, float]:
    return {part.modality: part.share for part in results.hits[0].shares}


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("a bell rings", "bell"),
        ("we hear that a drum beats", "drum"),
        ("a siren wails", "siren"),
        ("a whistle blows", "whistle"),
    ],
)
def test_a_sound_is_found_by_its_name(world: World, text: str, sound: str) -> None:
    results = world.ask(text)
    assert results.hits[0].video_id == sound
    assert shares(results)["audio"] > 0.9


def test_a_text_that_names_nothing_heard_searches_no_sound(world: World) -> None:
    results = world.ask("a large red square moves left in the snow at night")
    assert "audio" not in shares(results)
    assert any(stage.stage == "retrieve:audio" for stage in results.skipped)
    assert not results.degraded


def test_sound_can_be_left_out_of_a_query(world: World) -> None:
    assert "audio" not in shares(world.ask("a bell rings", modalities=("visual",)))
