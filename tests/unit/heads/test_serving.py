from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

from support.tiny_dual import TINY
from support.tiny_heads import HEADS, save_bundle
from vtr.models.encoders.clip_states import ClipStates
from vtr.models.heads.serving.bundle import LoadedBundle, blank_clip, load_bundle
from vtr.models.heads.serving.card import serving_of, with_serving
from vtr.models.heads.serving.manner import MannerReader, Named
from vtr.models.heads.serving.offsets import offsets_of
from vtr.models.heads.serving.protocol import Clip, Serving
from vtr.models.training.checkpoints import CheckpointError, read_card

TEXT = "a red ball moves left quickly and then it rains"


def clip(frames: int, seed: int, start_s: float = 10.0) -> Clip:
    draw = np.random.default_rng(seed)
    times = (start_s + 0.1 + np.arange(frames) / 5).astype(np.float32)
    vector = draw.normal(size=TINY.dim).astype(np.float32)
    states = ClipStates(
        frames=draw.normal(size=(frames, TINY.width)).astype(np.float32),
        regions=draw.normal(size=((frames + 1) // 2, 4, 24)).astype(np.float32),
        vector=vector / np.linalg.norm(vector),
        times_s=times,
        region_times_s=times[::2],
    )
    return Clip(states, start_s, start_s + 0.1 + frames / 5)


CLIPS = [clip(5, 1), clip(9, 2, 40.0), clip(1, 3)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    save_bundle(folder, {"camoe": Serving(default_on=True, weight=0.5, depth=20)})
    return folder


@pytest.fixture(scope="module")
def bundle(folder: Path) -> LoadedBundle:
    return load_bundle(folder, "tiny")


def test_a_bundle_holds_its_heads_and_how_they_take_part(bundle: LoadedBundle) -> None:
    assert bundle.runners.keys() | bundle.composers.keys() == set(HEADS)
    assert list(bundle.composers) == ["covr"]
    assert bundle.broken == {}
    assert bundle.runners["camoe"].serving == Serving(default_on=True, weight=0.5, depth=20)
    assert bundle.runners["vlgnet"].serving == Serving()
    assert all(cost > 0 for cost in bundle.cost_ms.values())
    assert bundle.cost_ms.keys() == bundle.runners.keys()


@pytest.mark.parametrize("name", ["camoe", "vlgnet", "regada"])
def test_a_clips_score_does_not_depend_on_the_clips_beside_it(bundle: LoadedBundle, name: str) -> None:
    runner, query = bundle.runners[name], bundle.read(TEXT)
    together = runner.score(query, CLIPS)
    assert together.scores.shape == (len(CLIPS),)
    assert together.scores.dtype == np.float32
    for number in (2, 0, 1):
        alone = runner.score(query, [CLIPS[number]])
        assert alone.scores[0] == pytest.approx(together.scores[number], abs=1e-5)
        assert repr_of(alone.evidence[0]) == pytest.approx(repr_of(together.evidence[number]), abs=1e-4)


def repr_of(evidence: object) -> list[float]:
    """All numbers of a head's evidence."""
    found: list[float] = []

    def walk(node: object) -> None:
        if isinstance(node, float):
            found.append(node)
        elif isinstance(node, np.ndarray):
            found.extend(node.ravel().tolist())
        elif isinstance(node, dict):
            for value in node.values():
                walk(value)
        elif isinstance(node, tuple | list):
            for value in node:
                walk(value)
        elif hasattr(node, "__struct_fields__"):
            for name in node.__struct_fields__:
                walk(getattr(node, name))
        elif dataclasses.is_dataclass(node):
            for field in dataclasses.fields(node):
                walk(getattr(node, field.name))

    walk(evidence)
    return found


def test_gates_are_the_querys_and_sum_to_one(bundle: LoadedBundle) -> None:
    found = bundle.runners["camoe"].score(bundle.read(TEXT), CLIPS)
    assert sum(found.evidence[0].gates.values()) == pytest.approx(1.0)
    assert found.evidence[0].gates == found.evidence[2].gates
    quiet = bundle.runners["camoe"].score(bundle.read("and then"), CLIPS[:1]).evidence[0].gates
    assert quiet["entity"] == quiet["action"] == quiet["scene"] == 0.0, "no word is theirs"


def test_moments_lie_in_their_clip_best_first(bundle: LoadedBundle) -> None:
    found = bundle.runners["vlgnet"].score(bundle.read(TEXT), CLIPS)
    for of_clip, evidence in zip(CLIPS, found.evidence, strict=True):
        scores = [moment.score for moment in evidence.moments]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score < 1 for score in scores)
        for moment in evidence.moments:
            assert of_clip.start_s - 1e-4 <= moment.start_s < moment.end_s <= of_clip.end_s + 1e-4


def test_heat_is_of_the_clips_own_frames_and_sums_to_one(bundle: LoadedBundle) -> None:
    found = bundle.runners["regada"].score(bundle.read(TEXT), CLIPS)
    for of_clip, evidence in zip(CLIPS, found.evidence, strict=True):
        assert evidence.heat is not None
        assert evidence.heat.values.shape == (len(of_clip.states.regions), 12, 12)
        assert evidence.heat.values.sum() == pytest.approx(1.0, abs=1e-5)
        np.testing.assert_array_equal(evidence.heat.times_s, of_clip.states.region_times_s)


def test_a_named_adverb_moves_the_score_by_its_lead_over_the_antonym(bundle: LoadedBundle) -> None:
    runner = bundle.runners["regada"]
    told = runner.score(bundle.read(TEXT), CLIPS)
    manner = told.evidence[0].manner
    assert manner is not None
    assert (manner.action, manner.adverb, manner.antonym) == ("moves", "quickly", "slowly")
    assert runner.score(bundle.read("a red ball moves left"), CLIPS).evidence[0].manner is None
    swapped = runner.score(bundle.read(TEXT.replace("quickly", "slowly")), CLIPS).evidence[0].manner
    assert swapped is not None
    assert swapped.score == pytest.approx(manner.antonym_score, abs=1e-5)


def test_states_without_regions_are_refused_by_name(bundle: LoadedBundle) -> None:
    bare = dataclasses.replace(CLIPS[0].states, regions=CLIPS[0].states.regions[:0])
    with pytest.raises(ValueError, match="regions"):
        bundle.runners["regada"].score(bundle.read(TEXT), [Clip(bare, 0.0, 1.0)])


def test_a_composed_query_is_a_unit_vector_that_depends_on_both(bundle: LoadedBundle) -> None:
    composer = bundle.composers["covr"]
    example = CLIPS[1].states.vector
    found = composer.compose(bundle.read("at night"), example, CLIPS[:2])
    assert np.linalg.norm(found.vector) == pytest.approx(1.0, abs=1e-5)
    assert 0 < found.kept < 1
    other_words = composer.compose(bundle.read("two dogs"), example, CLIPS[:2])
    other_clip = composer.compose(bundle.read("at night"), example, CLIPS[:1])
    assert not np.allclose(found.vector, other_words.vector, atol=1e-4)
    assert not np.allclose(found.vector, other_clip.vector, atol=1e-6)
    with pytest.raises(ValueError, match="no states"):
        composer.compose(bundle.read("at night"), example, [])


def test_a_head_of_another_dual_encoder_does_not_serve_the_others_do(tmp_path: Path) -> None:
    save_bundle(tmp_path)
    strange = tmp_path / "heads" / "camoe"
    card = read_card(strange)
    card.data["base"] = "0" * 64
    (strange / "card.json").write_bytes(msgspec.json.encode(card))
    (tmp_path / "heads" / "vlgnet" / "model.safetensors").write_bytes(b"broken")
    (tmp_path / "heads" / "unheard").mkdir()
    (tmp_path / "heads" / "unheard" / "card.json").write_bytes(
        (tmp_path / "heads/regada/card.json").read_bytes()
    )
    found = load_bundle(tmp_path, "tiny")
    assert found.runners.keys() == {"regada"}
    assert "trained on the dual encoder 0000" in found.broken["camoe"]
    assert "SHA-256" in found.broken["vlgnet"]
    assert "no code serves a head 'unheard'" in found.broken["unheard"]


def test_serving_goes_through_the_card_and_a_strange_one_is_refused(folder: Path) -> None:
    card = read_card(folder / "heads" / "camoe")
    said = with_serving(card, Serving(True, 2.0, 7, {"manner": 0.5}), gain=1.5)
    assert serving_of(said) == Serving(True, 2.0, 7, {"manner": 0.5})
    assert said.metrics["serving"]["gain"] == 1.5
    said.metrics["serving"]["weight"] = "much"
    with pytest.raises(CheckpointError, match="camoe"):
        serving_of(said)


def test_the_blank_clip_fits_the_heads(bundle: LoadedBundle) -> None:
    found = bundle.runners["regada"].score(bundle.read(TEXT), [blank_clip(bundle.dual, 3)])
    assert np.isfinite(found.scores).all()


def test_words_are_found_where_they_stand() -> None:
    text = "A red ball, then: the RED ball's home."
    words = ("a", "red", "ball", ",", "then", ":", "the", "red", "ball's", "home", ".")
    found = offsets_of(text, words)
    assert [text[start:end].lower() for start, end in found] == list(words)
    assert offsets_of("ab", ("b", "zz", "b"))[1:] == [(2, 2), (2, 2)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a ball spins slowly", Named(1, 0)),
        ("the ball moves, spinning rapidly, then moves", Named(1, 1)),
        ("the ball goes round quickly", Named(2, 1)),
        ("a ball that rotates in a zigzag", Named(1, 2)),
        ("a ball spins", None),
        ("slowly does it", None),
        ("", None),
    ],
)
def test_the_adverb_and_the_nearest_action_are_read(text: str, named: Named | None) -> None:
    also = {
        "actions": {"rotates": "spins", "goes round": "circles", "goes": "moves", "unknown": "flies"},
        "adverbs": {"rapidly": "quickly", "in a zigzag": "zigzag"},
    }
    reader = MannerReader(("moves", "spins", "circles"), ("slowly", "quickly", "zigzag"), also)
    assert reader.find(text) == named
