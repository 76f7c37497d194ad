"""Retrieval sets, read from small files of the form that was published."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from vtr.evaluation.datasets.base import MomentDataset, RetrievalDataset, TextQuery
from vtr.evaluation.datasets.didemo import DiDeMo
from vtr.evaluation.datasets.files import DatasetError
from vtr.evaluation.datasets.msrvtt import MsrVtt
from vtr.evaluation.datasets.msvd import Msvd
from vtr.evaluation.datasets.registry import open_dataset


def msrvtt(root: Path) -> MsrVtt:
    (root / "MSRVTT_JSFUSION_test.csv").write_text(
        "key,vid_key,video_id,sentence\n"
        "ret0,msr9770,video9770,a person is connecting something to system\n"
        'ret1,msr9771,video9771,"a little girl, who does gymnastics"\n'
    )
    (root / "MSRVTT_train.9k.csv").write_text("video_id\nvideo0\nvideo1\n")
    sentences = [
        {"caption": "a car is shown", "video_id": "video0", "sen_id": 0},
        {"caption": " a man drives ", "video_id": "video0", "sen_id": 1},
        {"caption": "a dog barks", "video_id": "video1", "sen_id": 2},
        {"caption": "of the test", "video_id": "video9770", "sen_id": 3},
    ]
    videos = [
        {"category": 9, "url": "x", "video_id": "video0", "start time": 137.7, "end time": 149.4, "id": 0}
    ]
    (root / "MSRVTT_data.json").write_text(json.dumps({"info": {}, "videos": videos, "sentences": sentences}))
    return MsrVtt(root)


def test_msr_vtt_has_one_sentence_a_test_video_and_all_of_a_training_video(tmp_path: Path) -> None:
    data = msrvtt(tmp_path)
    assert isinstance(data, RetrievalDataset)
    assert data.queries("test")[1] == TextQuery("ret1", "a little girl, who does gymnastics", "video9771")
    assert [v.path for v in data.videos("test")] == [
        tmp_path / "videos" / "all" / f"video{n}.mp4" for n in (9770, 9771)
    ]
    assert [(q.id, q.text, q.video) for q in data.queries("train")] == [
        ("sen0", "a car is shown", "video0"),
        ("sen1", "a man drives", "video0"),
        ("sen2", "a dog barks", "video1"),
    ]
    with pytest.raises(DatasetError, match="msrvtt-1k-a: no split 'val'; it has train, test"):
        data.videos("val")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("key;vid_key;video_id;sentence\n", r"no column key, video_id, sentence, but key;vid_key"),
        ("key,vid_key,video_id,sentence\nret0,m,video1,\n", r"test\.csv:2: sentence: is empty"),
        ("key,vid_key,video_id,sentence\nret0,m,video1\n", r"test\.csv:2: 3 fields where the header has 4"),
        ("key,vid_key,video_id,sentence\na,m,v,x\nb,m,v,y\n", r"'v' occurs twice"),
        ('key,vid_key,video_id,sentence\na,m,v,x\nb,m,w,"y\n', r"test\.csv:3: "),
        ("", "empty, without even a header"),
    ],
)
def test_a_broken_msr_vtt_test_file_is_told_by_line_and_field(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "MSRVTT_JSFUSION_test.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        MsrVtt(tmp_path).queries("test")


def test_broken_msr_vtt_sentences_are_told(tmp_path: Path) -> None:
    data = msrvtt(tmp_path)
    path = tmp_path / "MSRVTT_data.json"
    whole = path.read_text()
    path.write_text(whole.replace('"sen_id": 1', '"sen_id": "one"'))
    with pytest.raises(
        DatasetError, match=r"MSRVTT_data\.json: Expected `int`.* `\$\.sentences\[1\]\.sen_id`"
    ):
        data.queries("train")
    path.write_text(whole.replace('"video1"', '"video7"'))
    with pytest.raises(DatasetError, match=r"sentences: none of video1, which MSRVTT_train\.9k\.csv lists"):
        data.queries("train")
    path.write_text('{\n"sentences": [\n{],\n}')
    with pytest.raises(DatasetError, match=r"MSRVTT_data\.json:3: JSON is malformed"):
        data.queries("train")
    path.unlink()
    with pytest.raises(DatasetError, match=r"MSRVTT_data\.json: No such file"):
        data.queries("train")


MSVD_CAPTIONS = {
    "mv89psg6zh4_33_46": [["a", "bird", "bathes"], ["a", "bird", "in", "a", "sink"]],
    "other_1_2": [["a", "man", "runs"]],
}


def msvd(root: Path, *, pickled: bool) -> Msvd:
    for split, video in (("train", "other_1_2"), ("val", "other_1_2"), ("test", "mv89psg6zh4_33_46")):
        (root / f"{split}_list.txt").write_text(f"{video}\n\n")
    if pickled:
        (root / "raw-captions.pkl").write_bytes(pickle.dumps(MSVD_CAPTIONS, protocol=2))
    else:
        lines = [f"{v} {' '.join(words)}" for v, sentences in MSVD_CAPTIONS.items() for words in sentences]
        (root / "AllVideoDescriptions.txt").write_text("# corpus\n\n" + "\n".join(lines) + "\n")
    return Msvd(root)


@pytest.mark.parametrize("pickled", [False, True])
def test_msvd_reads_either_form_of_its_captions(tmp_path: Path, pickled: bool) -> None:
    data = msvd(tmp_path, pickled=pickled)
    assert isinstance(data, RetrievalDataset)
    assert [(q.text, q.video) for q in data.queries("test")] == [
        ("a bird bathes", "mv89psg6zh4_33_46"),
        ("a bird in a sink", "mv89psg6zh4_33_46"),
    ]
    assert data.videos("test")[0].path == tmp_path / "YouTubeClips" / "mv89psg6zh4_33_46.avi"


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path) -> None:
    data = msvd(tmp_path, pickled=True)
    (tmp_path / "raw-captions.pkl").write_bytes(pickle.dumps({"mv89psg6zh4_33_46": Path.cwd}))
    with pytest.raises(DatasetError, match="only containers and strings are read"):
        data.queries("test")


@pytest.mark.parametrize(
    ("captions", "message"),
    [
        ({"mv89psg6zh4_33_46": [["a", 3]]}, "mv89psg6zh4_33_46: sentence 0: not a list of words"),
        ({"mv89psg6zh4_33_46": "a bird"}, "a str where sentences belong"),
        ([1, 2], "a list where video ids lead to sentences"),
        ({"another": [["a"]]}, r"no sentence for mv89psg6zh4_33_46, which test_list\.txt lists"),
    ],
)
def test_a_broken_msvd_pickle_is_told(tmp_path: Path, captions: object, message: str) -> None:
    data = msvd(tmp_path, pickled=True)
    (tmp_path / "raw-captions.pkl").write_bytes(pickle.dumps(captions))
    with pytest.raises(DatasetError, match=message):
        data.queries("test")


def test_broken_msvd_text_files_are_told(tmp_path: Path) -> None:
    data = msvd(tmp_path, pickled=False)
    (tmp_path / "AllVideoDescriptions.txt").write_text("a_1_2 fine\nb_1_2\n")
    with pytest.raises(DatasetError, match=r"AllVideoDescriptions\.txt:2: sentence: none after b_1_2"):
        data.queries("test")
    (tmp_path / "test_list.txt").write_text("a\nb\na\n")
    with pytest.raises(DatasetError, match=r"test_list\.txt:3: a is already on line 1"):
        data.videos("test")
    (tmp_path / "AllVideoDescriptions.txt").unlink()
    (tmp_path / "test_list.txt").write_text("a\n")
    with pytest.raises(DatasetError, match=r"neither AllVideoDescriptions\.txt nor raw-captions\.pkl"):
        Msvd(tmp_path).queries("test")


DIDEMO = [
    {
        "num_segments": 6,
        "description": "someone kicks the bug",
        "dl_link": "x",
        "times": [[4, 4], [4, 4], [0, 0], [4, 4], [0, 0], [1, 2]],
        "video": "26292851@N04_4253489686.m4v",
        "annotation_id": 1,
    },
    {
        "num_segments": 5,
        "description": "the bug flies",
        "times": [[0, 1], [2, 2]],
        "video": "26292851@N04_4253489686.m4v",
        "annotation_id": 2,
    },
]


def didemo(root: Path, entries: list[dict[str, object]]) -> DiDeMo:
    (root / "val_data.json").write_text(json.dumps(entries))
    return DiDeMo(root)


def test_didemo_is_paragraphs_and_moments_on_which_annotators_agree(tmp_path: Path) -> None:
    data = didemo(tmp_path, DIDEMO)
    assert isinstance(data, RetrievalDataset)
    assert isinstance(data, MomentDataset)
    assert [q.text for q in data.queries("val")] == ["someone kicks the bug the bug flies"]
    first, second = data.moments("val")
    assert first.windows == ((20.0, 25.0), (0.0, 5.0))
    assert second.windows == ((0.0, 10.0), (10.0, 15.0))
    assert (first.duration_s, second.duration_s) == (30.0, 25.0)
    assert len(data.videos("val")) == 1


def test_broken_didemo_entries_are_told(tmp_path: Path) -> None:
    for times, message in (
        ([[0, 6]], r"\$\[0\]\.times: \[0, 6\] is not within 6 chunks"),
        ([[3, 2]], r"\$\[0\]\.times: \[3, 2\]"),
        ([], r"\$\[0\]\.times: nobody marked a moment"),
        ([["a", 1]], r"Expected `int`, got `str`.*\$\[0\]\.times"),
    ):
        with pytest.raises(DatasetError, match=f"val_data.json: {message}"):
            didemo(tmp_path, [DIDEMO[0] | {"times": times}]).moments("val")
    with pytest.raises(DatasetError, match=r"missing required field `video`.*\$\[1\]"):
        didemo(tmp_path, [DIDEMO[0], {k: v for k, v in DIDEMO[1].items() if k != "video"}]).videos("val")


def test_data_sets_are_opened_by_name(tmp_path: Path) -> None:
    msrvtt(tmp_path)
    assert len(open_dataset("msrvtt", tmp_path).videos("test")) == 2
    with pytest.raises(DatasetError, match="no data set 'imagenet'; there are generated, msrvtt"):
        open_dataset("imagenet", tmp_path)
    with pytest.raises(DatasetError, match="no such directory"):
        open_dataset("msrvtt", tmp_path / "none")
