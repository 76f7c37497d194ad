"""Moments, composed retrieval and adverbs, read from small files of the form that was published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vtr.evaluation.datasets.adverbs import Adverbs
from vtr.evaluation.datasets.base import AdverbDataset, ComposedDataset, ComposedQuery, Dataset, MomentDataset
from vtr.evaluation.datasets.files import DatasetError
from vtr.evaluation.datasets.qvhighlights import QvHighlights
from vtr.evaluation.datasets.registry import NAMES, open_dataset
from vtr.evaluation.datasets.tacos import Tacos
from vtr.evaluation.datasets.webvid_covr import WebVidCovr

QV = {
    "qid": 8737,
    "query": "A family is playing basketball together on a green court outside.",
    "duration": 126,
    "vid": "bP5KfdFJzC4_660.0_810.0",
    "relevant_windows": [[0, 16], [20, 22.5]],
    "relevant_clip_ids": [0, 1],
    "saliency_scores": [[4, 1, 1], [4, 1, 1]],
}


def qv(root: Path, split: str, *records: dict[str, object]) -> QvHighlights:
    (root / f"highlight_{split}_release.jsonl").write_text("\n".join(json.dumps(r) for r in records) + "\n")
    return QvHighlights(root)


def test_qvhighlights_may_have_several_windows(tmp_path: Path) -> None:
    data = qv(tmp_path, "val", QV, QV | {"qid": 2, "query": "another"})
    assert isinstance(data, MomentDataset)
    first, second = data.moments("val")
    assert first.windows == ((0, 16), (20, 22.5))
    assert (second.id, second.text, second.duration_s) == ("2", "another", 126)
    assert [v.path.name for v in data.videos("val")] == ["bP5KfdFJzC4_660.0_810.0.mp4"]


def test_the_unpublished_windows_of_its_test_split_are_said_to_be_so(tmp_path: Path) -> None:
    record = {k: v for k, v in QV.items() if k in ("qid", "query", "duration", "vid")}
    data = qv(tmp_path, "test", record)
    assert len(data.videos("test")) == 1
    with pytest.raises(
        DatasetError, match=r"jsonl:1: relevant_windows: none; those of the test split are not"
    ):
        data.moments("test")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"relevant_windows": [[0, 130]]}, r"jsonl:2: relevant_windows: \[0, 130\] is not within 126 s"),
        ({"relevant_windows": [[9, 9]]}, r"jsonl:2: relevant_windows: \[9, 9\]"),
        ({"duration": "long"}, r"jsonl:2: Expected `float`, got `str` - at `\$\.duration`"),
    ],
)
def test_a_broken_line_of_qvhighlights_is_told(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        qv(tmp_path, "train", QV, QV | changes).moments("train")


TACOS = {
    "s30-d52.avi": {
        "timestamps": [[141, 354], [361, 300], [6000, 9000]],
        "sentences": ["She took out kiwi", "Backwards.", " She peels it. "],
        "fps": 29.4,
        "num_frames": 7346,
    }
}


def test_tacos_counts_frames_and_names_what_it_leaves_out(tmp_path: Path) -> None:
    (tmp_path / "test.json").write_text(json.dumps(TACOS))
    data = Tacos(tmp_path)
    assert isinstance(data, MomentDataset)
    first, last = data.moments("test")
    assert first.windows == ((pytest.approx(141 / 29.4), pytest.approx(354 / 29.4)),)
    assert last.text == "She peels it."
    assert last.windows[0][1] == last.duration_s == pytest.approx(7346 / 29.4)
    assert data.dropped("test") == ["s30-d52.avi#1"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sentences": ["one"]}, r"s30-d52\.avi: timestamps: 3 for 1 sentences"),
        ({"fps": 0}, r"s30-d52\.avi: fps, num_frames: 0"),
        ({"timestamps": [[1, 2, 3]]}, r"Expected `array` of length 2.*timestamps\[0\]"),
    ],
)
def test_a_broken_tacos_file_is_told(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    (tmp_path / "val.json").write_text(json.dumps({"s30-d52.avi": TACOS["s30-d52.avi"] | changes}))
    with pytest.raises(DatasetError, match=f"val.json: .*{message}"):
        Tacos(tmp_path).moments("val")


COVR = "txt1,txt2,sim_txt,pth1,pth2,edit,scores\n"


def test_webvid_covr_finds_targets_among_targets(tmp_path: Path) -> None:
    folder = tmp_path / "annotation" / "webvid-covr"
    folder.mkdir(parents=True)
    (folder / "webvid8m-covr_test.csv").write_text(
        COVR
        + '"A beach, by day",A beach at night,0.9,003001/1,003001/2,make it night,"[0.1, 0.2]"\n'
        + "A beach at night,A forest at night,0.8,003001/2,004001/3,as a forest,[]\n"
    )
    data = WebVidCovr(tmp_path)
    assert isinstance(data, ComposedDataset)
    assert data.triplets("test")[0] == ComposedQuery(
        "test-0", "003001/1", "make it night", "003001/2", "A beach at night"
    )
    assert [v.id for v in data.videos("test")] == ["003001/2", "004001/3"]
    assert [v.path for v in data.references("test")] == [
        tmp_path / "8M" / "train" / "003001" / f"{n}.mp4" for n in (1, 2)
    ]


def test_a_broken_webvid_covr_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "webvid2m-covr_train.csv"
    path.write_text(COVR + "a,b,1,x/1,x/1,same,[]\n")
    with pytest.raises(DatasetError, match=r"train\.csv:2: pth2: x/1 is the reference itself"):
        WebVidCovr(tmp_path).triplets("train")
    path.write_text("txt1,txt2,pth1,edit\n")
    with pytest.raises(DatasetError, match="no column pth2, but txt1, txt2, pth1, edit"):
        WebVidCovr(tmp_path).triplets("train")


AIR = (
    "seg_id,sentence,adverb_pre_mapping,verb_pre_mapping,clustered_verb,clustered_adverb,"
    "start_time,end_time\n"
)
HOWTO = (
    "Unnamed: 0,clip_id,youtube_id,weak_timestamp,clustered_adverb,clustered_action,task_num,adverb,action\n"
)
UNSEEN = "clip_id,youtube_id,start_time,end_time,action,adverb,caption,clustered_action,clustered_adverb\n"
ANTONYMS = "adverb,antonym\nquickly,slowly\nslowly,quickly\ncompletely,partially\npartially,completely\n"


def adverbs(root: Path, train: str, test: str, *, ending: str = ".csv", antonyms: str = ANTONYMS) -> Adverbs:
    (root / f"train{ending}").write_text(train)
    (root / f"test{ending}").write_text(test)
    (root / "antonyms.csv").write_text(antonyms)
    return Adverbs(root, "some-adverbs")


def test_air_has_times_and_says_whether_training_has_the_composition(tmp_path: Path) -> None:
    data = adverbs(
        tmp_path,
        AIR + "a_1-9,pour slowly,slowly,pour,pour,slowly,1,9\n",
        AIR + "b_61-70,slow,slowly,pour,pour,slowly,61.9,70.4\nc_1-5,go,fully,mix,mix,completely,1,5\n",
        ending="_df.csv",
    )
    assert isinstance(data, AdverbDataset)
    first, second = data.clips("test")
    assert (first.video, first.action, first.adverb) == ("b_61-70", "pour", "slowly")
    assert (first.start_s, first.end_s) == (0, pytest.approx(8.5))
    assert (first.composition_trained, second.composition_trained) == (True, False)
    assert data.antonyms["slowly"] == "quickly"


def test_howto100m_adverbs_takes_the_seconds_around_the_weak_timestamp(tmp_path: Path) -> None:
    line = "0,955,S7wF6S5ywo4,19.435,quickly,cut,105259,fast,slice\n"
    clip = adverbs(tmp_path, HOWTO + line, HOWTO + line).clips("test")[0]
    assert (clip.video, clip.action, clip.adverb) == ("955", "cut", "quickly")
    assert clip.end_s - clip.start_s == 20


def test_a_clip_with_two_captions_is_two_items_on_one_video(tmp_path: Path) -> None:
    lines = "X_1_2,X,3.0,13.0,arch,fast,arching,bend,quickly\nX_1_2,X,3.0,13.0,bend,fast,bends,bend,quickly\n"
    data = adverbs(tmp_path, UNSEEN + lines, UNSEEN + lines)
    assert len({clip.id for clip in data.clips("test")}) == 2
    assert [v.id for v in data.videos("test")] == ["X_1_2"]


@pytest.mark.parametrize(
    ("test", "antonyms", "message"),
    [
        (
            AIR + "a,s,x,x,pour,loudly,1,9\n",
            ANTONYMS,
            r"test\.csv:2: clustered_adverb: 'loudly' has no antonym",
        ),
        (AIR + "a,s,x,x,pour,slowly,9,9\n", ANTONYMS, r"test\.csv:2: end_time: is not after start_time 9"),
        (AIR + "a,s,x,x,pour,slowly,soon,9\n", ANTONYMS, r"test\.csv:2: start_time: 'soon' is not a number"),
        (AIR + "a,s,x,x,pour,slowly,1,inf\n", ANTONYMS, r"test\.csv:2: end_time: inf is not finite"),
        ("clip,clustered_adverb\na,slowly\n", ANTONYMS, r"no column clip_id or seg_id or id"),
        (AIR, "adverb,antonym\nslowly,slowly\n", r"antonyms\.csv:2: antonym: 'slowly' of 'slowly'"),
        (AIR, "adverb,antonym\na,b\na,c\n", r"antonyms\.csv:3: antonym: 'c' of 'a', which has 'b'"),
    ],
)
def test_a_broken_adverb_set_is_told(tmp_path: Path, test: str, antonyms: str, message: str) -> None:
    data = adverbs(tmp_path, AIR + "a_1-9,s,x,x,pour,slowly,1,9\n", test, antonyms=antonyms)
    with pytest.raises(DatasetError, match=message):
        _ = data.clips("test"), data.antonyms


def test_without_antonyms_an_adverb_set_cannot_be_read(tmp_path: Path) -> None:
    data = adverbs(tmp_path, AIR, AIR + "a,s,x,x,pour,slowly,1,9\n")
    (tmp_path / "antonyms.csv").unlink()
    with pytest.raises(DatasetError, match=r"neither antonyms\.csv nor adverbs\.csv"):
        data.clips("test")
    (tmp_path / "adverbs.csv").write_text(ANTONYMS)
    assert len(Adverbs(tmp_path, "x").clips("test")) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_keeps_to_the_protocol_and_tells_what_is_missing(tmp_path: Path, name: str) -> None:
    data = open_dataset(name, tmp_path)
    assert isinstance(data, Dataset)
    with pytest.raises(DatasetError, match=str(tmp_path)):
        data.videos("test")
    with pytest.raises(DatasetError, match="no split 'nowhere'"):
        data.videos("nowhere")
