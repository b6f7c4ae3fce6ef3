"""``palestra import``: off by default, and the refusal says why."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
import stable_baselines3 as theirs
from sklearn.naive_bayes import GaussianNB

import palestra
from palestra.cli.import_agent import Args
from palestra.cli.main import main
from palestra.datasets.dataset import Dataset


def loaded(folder: Path) -> Any:
    return palestra.load(folder)


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
    np.testing.assert_array_equal(loaded(tmp_path / "ours").predict(obs), model.predict(obs)[0])
    assert Args(Path("x"), Path("y"), "ppo", "CartPole-v1").trust_pickle is False


def test_an_estimator_becomes_a_folder_of_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs, targets = Dataset("iris").load()["train"]
    estimator = GaussianNB().fit(inputs.double(), targets)
    skops.io.dump(estimator, tmp_path / "theirs.skops")
    argv = ["import", str(tmp_path / "theirs.skops"), str(tmp_path / "ours"), "--data", "iris"]
    assert main([*argv, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["algo"] == "library-classifier"
    rows = inputs[:20].double().numpy()
    np.testing.assert_array_equal(loaded(tmp_path / "ours").predict(rows), estimator.predict(rows))
    assert main(["eval", str(tmp_path / "ours")]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "with neither; expected --algo and --env-id for a zip of Stable-Baselines3, or --data"),
        (["--algo", "ppo"], "with --algo; expected"),
        (["--data", "iris", "--env-id", "CartPole-v1"], "with --env-id and --data; expected"),
        (["--data", "iris", "--trust-pickle"], "--trust-pickle with --data; expected it alone"),
    ],
)
def test_what_the_file_is_has_to_be_said(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(tmp_path / "theirs"), str(tmp_path / "ours"), *words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
