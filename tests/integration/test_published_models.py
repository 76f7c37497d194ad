"""From a published bundle to the states of a clip in the object store, as clip_encoder does it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from clip_encoder.encode import BudgetedEncoder
from clip_encoder.handler import EncodeClips
from support.bundles import saved_bundle
from support.encoder_contract import assert_encoder_contract
from vtr.contracts.envelope import Envelope
from vtr.contracts.events import ClipEncoded, ClipExtracted
from vtr.contracts.events.clips import FramePackRef
from vtr.contracts.events.videos import VideoMetadata
from vtr.contracts.step import Message
from vtr.media import layout
from vtr.media.framepack import Frame, encode_jpeg, write_pack
from vtr.media.objects import ObjectStore
from vtr.models.bundle.folder import check_bundle
from vtr.models.bundle.manifest import BundleError
from vtr.models.bundle.store import publish
from vtr.models.encoders.clip_states import read_states
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.registry import load_encoder, load_text_encoder
from vtr.vectors.arrays import to_array

NOW = datetime(2025, 6, 1, tzinfo=UTC)
TIMES = (4.0, 4.2, 4.4)


class NothingDeleted:
    def wait_ready(self, timeout_s: float) -> bool:
        return True

    def covers(self, tenant: str, video_id: str, submitted_at: datetime) -> bool:
        return False


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(f"file://{tmp_path}/objects")


@pytest.fixture
def options(objects: ObjectStore, tmp_path: Path) -> EncoderOptions:
    return EncoderOptions(device="cpu", cache_dir=tmp_path / "cache").with_objects(objects.root_uri)


@pytest.fixture
def model(objects: ObjectStore, tmp_path: Path) -> str:
    folder = saved_bundle(tmp_path / "bundle", "covr")
    return publish(objects, folder, check_bundle(folder)).manifest.model_version


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


def a_clip(objects: ObjectStore) -> Message[ClipExtracted]:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (len(TIMES), 48, 64, 3), dtype=np.uint8)
    pack = write_pack(
        [Frame(time_s=at, jpeg=encode_jpeg(image)) for at, image in zip(TIMES, images, strict=True)]
    )
    uri = objects.put(layout.frame_pack("acme", "v1", "h1", "c1"), pack)
    video = VideoMetadata(
        video_id="v1",
        uri="file:///v.mp4",
        content_hash="h1",
        submitted_at=NOW,
        duration_s=9.0,
        tenant="acme",
    )
    frames = FramePackRef(uri=uri, times_s=TIMES, width=64, height=48)
    event = ClipExtracted(clip_id="c1", video=video, ordinal=0, t0_s=4.0, t1_s=5.0, frames=frames)
    return Message(event, Envelope.root(event.TYPE, source="test", tenant="acme"))


def test_a_published_model_is_an_encoder_in_both_halves(model: str, options: EncoderOptions) -> None:
    whole = load_encoder(f"published:{model}", options=options)
    half = load_text_encoder(f"published:{model}", options=options)
    assert whole.model_version == half.model_version == model
    assert_encoder_contract(whole)
    np.testing.assert_allclose(half.encode_texts(["a red ball"]), whole.encode_texts(["a red ball"]))


def test_a_clip_keeps_its_states_beside_its_vectors(
    model: str, options: EncoderOptions, objects: ObjectStore, pool: ThreadPoolExecutor
) -> None:
    encoder = BudgetedEncoder(load_encoder(f"published:{model}", options=options), frame_budget=64)
    step = EncodeClips(encoder, objects, NothingDeleted(), pool, clock=lambda: NOW)
    message = a_clip(objects)
    (encoded,) = [emit.event for emit in step.handle([message])]
    assert isinstance(encoded, ClipEncoded)
    assert encoded.frame_vectors is not None
    uri = layout.states_beside(encoded.frame_vectors.uri)
    states = read_states(objects.get(uri))
    assert states.frames.shape == (3, 32)
    assert states.regions.shape == (3, 4, 24)
    np.testing.assert_allclose(states.times_s, TIMES)
    np.testing.assert_allclose(states.vector, to_array(encoded.vectors[0].vector), atol=1e-3)

    before = objects.get(uri)
    list(step.handle([message]))
    assert objects.get(uri) == before
    objects.delete_prefix(layout.video_prefix("acme", "v1"))
    with pytest.raises(FileNotFoundError):
        objects.get(uri)
    load_encoder(f"published:{model}", options=options)  # deletions reach no model


def test_corrupt_weights_are_refused_by_name(
    model: str, options: EncoderOptions, objects: ObjectStore, tmp_path: Path
) -> None:
    sha256 = check_bundle(tmp_path / "bundle").files["model.safetensors"].sha256
    blob = layout.model_blob(model, sha256)
    objects.put(blob, objects.get(blob)[:-1])
    for load in (load_encoder, load_text_encoder):
        with pytest.raises(BundleError, match=rf"model\.safetensors of {model}: {blob} .* it is corrupt"):
            load(f"published:{model}", options=options)


def test_a_model_that_is_not_there_says_how_it_gets_there(options: EncoderOptions) -> None:
    with pytest.raises(BundleError, match="vtr models publish DIR"):
        load_encoder("published:trained-dual_256_0123456789ab", options=options)
    with pytest.raises(ValueError, match="published:<model version>"):
        load_encoder("published", options=options)
    with pytest.raises(ValueError, match="VTR_OBJECTS__URI"):
        load_encoder("published:x", options=EncoderOptions())
