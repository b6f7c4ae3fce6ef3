"""``palestra check-env`` prints what was found, and its status says whether something is to be mended."""

import json
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from palestra.cli.check_env import command
from palestra.cli.main import main
from palestra.envs import inspection


class Spoilt(gym.Env[Any, Any]):
    """Observes NaN in its third step."""

    observation_space, action_space = spaces.Box(-1.0, 1.0, (2,), np.float32), spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(2, np.float32), {}

    def step(self, action: Any) -> Any:
        self.steps += 1
        return np.full(2, np.nan if self.steps == 3 else 0.0, np.float32), 0.0, False, False, {}


gym.register("test/Spoilt-v0", entry_point=Spoilt)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "SECONDS", 0.1)


def test_a_good_environment(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["CartPole-v1"]) == 0
    out = capsys.readouterr().out
    for said in (
        "500 steps",
        "same seed",
        "exact, by a snapshot",
        "learn in it  ",
        "palestra train --algo ppo --env-id",
    ):
        assert said in out


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-env", "FrozenLake-v1", "--env-kwargs", '{"is_slippery": false}', "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["env"], found["ok"], found["learners"]["q-learning"]) == ("FrozenLake-v1", True, None)
    assert {finding["status"] for finding in found["findings"]} <= {"ok", "note"}
    assert "Discrete" in found["learners"]["sac"]


def test_what_is_to_be_mended_is_counted_and_is_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-env", "test/Spoilt-v0"]) == 1
    out = capsys.readouterr().out
    assert "observation nan at [0]" in out
    assert "to mend" in out
    assert main(["check-env", "test/Spoilt-v0", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_what_is_not_there_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-env", "no/Such-v0"]) == 2
    assert "unknown environment 'no/Such-v0'" in capsys.readouterr().err
