from __future__ import annotations

from pathlib import Path

import pytest

from vtr.cli.stack import make_config


def config_env(encoder: str | None, audio: str | None, data_dir: Path) -> dict[str, str]:
    return dict(make_config(data_dir, "lite", None, None, encoder, [], audio).env)


def test_a_checkpoint_is_found_from_where_the_command_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dual").mkdir()
    (tmp_path / "audio").mkdir()
    monkeypatch.chdir(tmp_path)
    env = config_env("trained:dual", "trained-audio:audio", tmp_path / "stack")
    assert env["VTR_ENCODER"] == f"trained:{tmp_path / 'dual'}"
    assert env["VTR_AUDIO_ENCODER"] == f"trained-audio:{tmp_path / 'audio'}"
    assert env["VTR_CUT__AUDIO"] == "true"


@pytest.mark.parametrize(
    "spec", ["offline", "published:trained-dual_384_abc", "hf:openai/clip-vit-base-patch32"]
)
def test_what_is_no_path_here_stays_as_it_is(spec: str, tmp_path: Path) -> None:
    assert config_env(spec, None, tmp_path / "stack") == {"VTR_ENCODER": spec}
