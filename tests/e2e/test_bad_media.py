"""Thirty-odd damaged or odd files through the whole pipeline: each is accounted for, nothing else suffers."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.bad_media import CASES, SEARCHABLE
from support.media import write_video
from support.pipeline import Pipeline, new_id
from support.services import eventually
from vtr.kafka.deadletters import list_dead_letters


@pytest.fixture(scope="module")
def outcomes(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Case name -> ``searchable`` or the failure's code, all submitted at once between two good videos."""
    folder = tmp_path_factory.mktemp("bad")
    run = new_id("bad")
    submissions: dict[str, Path | str] = {}
    for case in CASES:
        home = folder / case.name
        home.mkdir()
        submissions[f"{run}-{case.name}"] = case.build(home)
    good = {f"{run}-good-{n}": write_video(folder / f"good-{n}.mp4") for n in range(12)}
    pipeline.publish(submissions)
    pipeline.publish(good)
    statuses = pipeline.wait_for([*submissions, *good], 300)
    assert {statuses[video_id].stage for video_id in good} == {"searchable"}
    return {
        video_id.removeprefix(f"{run}-"): status.failure.code if status.failure else status.stage
        for video_id, status in statuses.items()
        if video_id in submissions
    }


def test_there_are_thirty_of_them() -> None:
    assert len(CASES) >= 30


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_bad_file_ends_as_expected(case: object, outcomes: dict[str, str]) -> None:
    from support.bad_media import BadMedia

    assert isinstance(case, BadMedia)
    assert outcomes[case.name] in case.outcomes


def test_the_failed_ones_are_in_the_dead_letters(pipeline: Pipeline, outcomes: dict[str, str]) -> None:
    failed = sum(outcome != SEARCHABLE for outcome in outcomes.values())
    assert failed > 10

    def buried() -> int:
        return sum(
            summary.count
            for summary in list_dead_letters(pipeline.kafka)
            if summary.topic.startswith("vtr.video.submitted.v1.")
        )

    eventually(lambda: buried() >= failed, f"{failed} dead letters", wait_s=30)


def test_the_service_went_on(pipeline: Pipeline, outcomes: dict[str, str], tmp_path: Path) -> None:
    after = new_id("after")
    pipeline.publish({after: write_video(tmp_path / "after.mp4")})
    assert pipeline.wait_for([after], 60)[after].stage == "searchable"
    restarts = {process.name: process.restarts for process in pipeline.stack.state().processes}
    assert restarts["video_ingest"] == 0
