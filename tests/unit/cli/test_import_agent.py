"""``palestra import``: off by default, and the refusal says why."""

import json
from pathlib import Path

import numpy as np
import pytest
import stable_baselines3 as theirs

import palestra
from palestra.cli.import_agent import Args
from palestra.cli.main import main


def test_a_trusted_zip_becomes_a_folder_of_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = theirs.DQN("MlpPolicy", "CartPole-v1", device="cpu", buffer_size=100, seed=0)
    model.save(tmp_path / "theirs.zip")
    argv = ["import", str(tmp_path / "theirs.zip"), str(tmp_path / "ours"), "--algo", "dqn", "--env-id", "CartPole-v1"]
    assert main(argv) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "it can run any code its maker wanted" in said
    assert "--trust-pickle" in said
    assert not (tmp_path / "ours").exists()
    assert main([*argv, "--trust-pickle", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["folder"] == str(tmp_path / "ours")
    obs = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    np.testing.assert_array_equal(palestra.load(tmp_path / "ours").predict(obs), model.predict(obs)[0])
    assert Args(Path("x"), Path("y"), "ppo", "CartPole-v1").trust_pickle is False
