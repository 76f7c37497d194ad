"""Published sets with an encoder, from small files of their form and real encoded videos of one colour."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from support.media import write_video
from vtr.cli.app import make_app
from vtr.evaluation.metrics.rows import COMPOSED, MOMENTS, TEXT_TO_VIDEO, VIDEO_TO_TEXT, ResultRow, read_rows

RGB = {"red": (220, 20, 20), "green": (20, 180, 20), "blue": (20, 20, 220)}


def video(path: Path, *colours: str, seconds: float = 2.0) -> None:
    """Equal parts of one colour each; the ``random`` encoder knows colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures = [np.full((48, 64, 3), RGB[colour], dtype=np.uint8) for colour in colours]

    def paint(time_s: float) -> np.ndarray:
        return pictures[min(len(pictures) - 1, int(time_s / seconds * len(pictures)))]

    write_video(path, seconds=seconds, painter=paint)


def measured(tmp_path: Path, *arguments: str) -> dict[tuple[str, str, str, str], ResultRow]:
    """Rows by task, data, method and metric; the method of the encoder itself is called by what follows its
    version."""
    out = tmp_path / "rows.jsonl"
    result = CliRunner().invoke(
        make_app(),
        ["evaluate", *arguments, "--root", str(tmp_path), "--encoder", "random", "--out", str(out)],
    )
    assert result.exit_code == 0, result.output
    rows = read_rows(out)
    assert not any(row.transductive for row in rows)
    return {
        (row.task, row.data, row.method.removeprefix("random_64_v1").removeprefix(", "), row.metric): row
        for row in rows
    }


def refused(tmp_path: Path, *arguments: str) -> str:
    words = ["evaluate", *arguments, "--root", str(tmp_path), "--encoder", "random"]
    result = CliRunner().invoke(make_app(), words)
    assert result.exit_code == 2
    return result.stderr


def msrvtt(root: Path, colours: Sequence[str] = tuple(RGB)) -> None:
    lines = [f"ret{n},msr{n},video{n},something {colour}" for n, colour in enumerate(colours)]
    text = "\n".join(["key,vid_key,video_id,sentence", *lines]) + "\n"
    (root / "MSRVTT_JSFUSION_test.csv").write_text(text)
    for number, colour in enumerate(colours):
        video(root / "videos" / "all" / f"video{number}.mp4", colour)


def test_msr_vtt_finds_each_video_by_its_sentence_and_back(tmp_path: Path) -> None:
    msrvtt(tmp_path)
    found = measured(tmp_path, "msrvtt")
    for task in (TEXT_TO_VIDEO, VIDEO_TO_TEXT):
        row = found[task, "msrvtt-1k-a", "", "R@1"]
        assert (row.value, row.gallery, row.queries, row.split) == (100.0, 3, 3, "test")
        assert found[task, "msrvtt-1k-a", "chance", "R@1"].value == pytest.approx(100 / 3)


def test_a_video_that_is_not_there_is_named_or_left_out(tmp_path: Path) -> None:
    msrvtt(tmp_path)
    (tmp_path / "videos" / "all" / "video1.mp4").unlink()
    message = refused(tmp_path, "msrvtt")
    assert "video1.mp4: no such file; 1 of 3 are missing" in message.replace("\n", " ")
    assert (
        measured(tmp_path, "msrvtt", "--skip-missing")[TEXT_TO_VIDEO, "msrvtt-1k-a", "", "R@1"].gallery == 2
    )


def test_a_file_that_is_no_video_is_named(tmp_path: Path) -> None:
    msrvtt(tmp_path)
    (tmp_path / "videos" / "all" / "video2.mp4").write_bytes(b"no video")
    assert "video2.mp4" in refused(tmp_path, "msrvtt")


def test_msvd_counts_every_sentence(tmp_path: Path) -> None:
    texts = []
    for name, colour in {"a_1_2": "red", "b_1_2": "blue"}.items():
        video(tmp_path / "YouTubeClips" / f"{name}.avi", colour)
        texts += [f"{name} a {colour} thing", f"{name} it is {colour}"]
    (tmp_path / "test_list.txt").write_text("a_1_2\nb_1_2\n")
    (tmp_path / "AllVideoDescriptions.txt").write_text("\n".join(texts) + "\n")
    found = measured(tmp_path, "msvd")
    assert found[TEXT_TO_VIDEO, "msvd", "", "R@1"].queries == 4
    row = found[VIDEO_TO_TEXT, "msvd", "", "R@1"]
    assert (row.value, row.gallery, row.queries) == (100.0, 4, 2)


def test_didemo_is_measured_as_paragraphs_and_as_moments(tmp_path: Path) -> None:
    items = []
    for number, (name, first, second) in enumerate([("a.mp4", "red", "blue"), ("b.mp4", "green", "red")]):
        video(tmp_path / "videos" / name, first, second, seconds=30.0)
        for half, colour in enumerate((first, second)):
            span = [3 * half, 3 * half + 2]
            items.append(
                {
                    "annotation_id": 2 * number + half,
                    "description": f"{colour} there",
                    "video": name,
                    "times": [span, span],
                    "num_segments": 6,
                }
            )
    (tmp_path / "test_data.json").write_text(json.dumps(items))
    found = measured(tmp_path, "didemo", "--frames", "6")
    assert found[TEXT_TO_VIDEO, "didemo", "", "R@1"].value == 100.0
    moments = found[MOMENTS, "didemo", "windows", "R@1 IoU=0.7"]
    assert (moments.value, moments.queries, moments.gallery) == (100.0, 4, 21)
    assert found[MOMENTS, "didemo", "random window", "R@1 IoU=0.7"].baseline
    # Without the training split's annotations there is no prior to print.
    assert (MOMENTS, "didemo", "prior of training", "mIoU") not in found


def test_qvhighlights_is_measured_on_validation_beside_the_prior_of_training(tmp_path: Path) -> None:
    line = {"qid": 1, "query": "a red wall", "duration": 4, "vid": "v", "relevant_windows": [[0, 2]]}
    for split in ("train", "val"):
        (tmp_path / f"highlight_{split}_release.jsonl").write_text(json.dumps(line) + "\n")
    unpublished = {key: value for key, value in line.items() if key != "relevant_windows"}
    (tmp_path / "highlight_test_release.jsonl").write_text(json.dumps(unpublished) + "\n")
    video(tmp_path / "videos" / "v.mp4", "red", "blue", seconds=4.0)
    found = measured(tmp_path, "qvhighlights", "--frames", "8")
    assert found[MOMENTS, "qvhighlights", "windows", "mIoU"].value == pytest.approx(100, abs=5)
    assert found[MOMENTS, "qvhighlights", "windows", "mIoU"].split == "val"
    assert found[MOMENTS, "qvhighlights", "prior of training", "mIoU"].value == pytest.approx(100)
    refusal = refused(tmp_path, "qvhighlights", "--split", "test")
    assert "those of the test split are not published" in refusal.replace("\n", " ")


def test_tacos_counts_in_frames(tmp_path: Path) -> None:
    annotated = {"timestamps": [[20, 40]], "sentences": ["the blue one"], "fps": 10.0, "num_frames": 40}
    (tmp_path / "test.json").write_text(json.dumps({"s1.avi": annotated}))
    video(tmp_path / "videos" / "s1.avi", "red", "blue", seconds=4.0)
    found = measured(tmp_path, "tacos", "--frames", "8")
    assert found[MOMENTS, "tacos", "windows", "R@1 IoU=0.7"].value == 100.0


def test_webvid_covr_never_answers_with_the_example(tmp_path: Path) -> None:
    lines = ["txt1,txt2,sim_txt,pth1,pth2,edit,scores"]
    lines += ["red,blue,1,1/red,1/blue,make it blue,[]", "blue,red,1,1/blue,1/red,make it red,[]"]
    (tmp_path / "webvid8m-covr_test.csv").write_text("\n".join(lines) + "\n")
    for colour in ("red", "blue"):
        video(tmp_path / "8M" / "train" / "1" / f"{colour}.mp4", colour)
    found = measured(tmp_path, "webvid-covr")
    # Of two videos one is the example: whatever the query is, the other is found.
    for method in ("sum", "video alone"):
        assert found[COMPOSED, "webvid-covr", method, "R@1"].value == 100.0
    assert found[COMPOSED, "webvid-covr", "chance", "R@1"].value == 50.0


def test_adverbs_are_measured_with_the_action_given_and_not(tmp_path: Path) -> None:
    header = "seg_id,clustered_verb,clustered_adverb,start_time,end_time\n"
    (tmp_path / "train.csv").write_text(header + "t,pour,red,0,1\n")
    (tmp_path / "test.csv").write_text(header + "a,pour,red,0,1\nb,pour,blue,0,1\n")
    (tmp_path / "antonyms.csv").write_text("adverb,antonym\nred,blue\nblue,red\n")
    for name, colour in {"a": "red", "b": "blue"}.items():
        video(tmp_path / "videos" / f"{name}.mp4", colour)
    found = measured(tmp_path, "adverbs", "--set", "air", "--frames", "3")
    for given in ("given", "not given"):
        row = found["adverbs", f"air, action {given}", "", "Acc-A"]
        assert (row.value, row.gallery) == (100.0, 2)
    prior = found["adverbs", "air, action given", "prior of training", "Acc-A"]
    assert (prior.value, prior.baseline) == (50.0, True)


def test_an_unknown_set_or_encoder_is_a_usage_error(tmp_path: Path) -> None:
    assert "no data set 'nothing'" in refused(tmp_path, "adverbs", "--set", "nothing")
    words = ["evaluate", "msrvtt", "--root", str(tmp_path), "--encoder", "nothing"]
    result = CliRunner().invoke(make_app(), words)
    assert (result.exit_code, "'nothing' is unknown" in result.stderr) == (2, True)
