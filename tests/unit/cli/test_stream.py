"""``palestra stream``: a saved agent moves a robot in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import planar
import pytest
from gymnasium import spaces

import palestra
from palestra.cli.main import main
from palestra.cli.stream import TOKEN

ROBOT = Path(planar.__file__).with_name("robot_process.py")


class Reach(gym.Env[Any, Any]):
    """What the robot shows, and a speed of each joint."""

    observation_space = spaces.Box(-1e3, 1e3, (3,), np.float32)
    action_space = spaces.Box(-1.0, 1.0, (2,), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return np.zeros(3, np.float32), {}

    def step(self, action: Any) -> Any:
        return np.zeros(3, np.float32), 0.0, False, False, {}


def test_an_agent_moves_a_robot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gym.register("streaming/Cli-v0", Reach, max_episode_steps=10)
    try:
        agent = palestra.PPO("streaming/Cli-v0", palestra.PPOConfig(hidden_sizes=(8,)), seed=0)
        agent.save(tmp_path / "agent")
        agent.close()
        (tmp_path / "planar.urdf").write_text(planar.URDF)
        argv = ["stream", str(tmp_path / "agent"), "--robot", str(tmp_path / "planar.urdf"), "--acceleration", "5"]
        monkeypatch.delenv(TOKEN, raising=False)
        assert main([*argv, "--to", "127.0.0.1:1"]) == 2
        assert f"no {TOKEN}; expected the token" in capsys.readouterr().err
        monkeypatch.setenv(TOKEN, "guessed")
        assert main([*argv, "--to", "127.0.0.1:1", "--box", "1", "2"]) == 2
        assert "--box of 2 numbers; expected six" in capsys.readouterr().err
        started = [sys.executable, str(ROBOT), "0", "{}", str(tmp_path / "told")]
        with subprocess.Popen(started, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                said = json.loads(process.stdout.readline())
                monkeypatch.setenv(TOKEN, said["token"])
                words = ["--to", f"127.0.0.1:{said['port']}", "--seconds", "0.4", "--tracking", "2", "--json"]
                assert main([*argv, *words]) == 0
                process.wait(20)
            finally:
                process.kill()
        ended = json.loads(capsys.readouterr().out)
    finally:
        del gym.registry["streaming/Cli-v0"]
    assert ended["why"] == "done"
    assert ended["commands"] == len((tmp_path / "told").read_text().splitlines())
