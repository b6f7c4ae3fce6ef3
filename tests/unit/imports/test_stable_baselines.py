"""Agents of Stable-Baselines3 as ours: only where somebody trusts the file, and then they act alike."""

import contextlib
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stable_baselines3 as theirs
import torch
from torch import nn

import palestra
from palestra.envs.world import World
from palestra.errors import PalestraError, UsageError
from palestra.imports import stable_baselines
from palestra.imports.stable_baselines import Algorithm, import_agent

WRITTEN: list[tuple[Algorithm, str, dict[str, Any]]] = [
    ("ppo", "CartPole-v1", {"policy_kwargs": {"net_arch": {"pi": [16, 8], "vf": [12]}}}),
    ("a2c", "Pendulum-v1", {"policy_kwargs": {"activation_fn": nn.ReLU, "net_arch": [16]}}),
    ("dqn", "CartPole-v1", {"policy_kwargs": {"net_arch": [16, 8]}, "buffer_size": 100}),
    ("sac", "Pendulum-v1", {"policy_kwargs": {"net_arch": [16, 8]}, "buffer_size": 100}),
    ("td3", "Pendulum-v1", {"policy_kwargs": {"net_arch": [16, 8]}, "buffer_size": 100}),
    ("ddpg", "Pendulum-v1", {"policy_kwargs": {"net_arch": {"pi": [16], "qf": [8]}}, "buffer_size": 100}),
]


def written(folder: Path, algo: str, env_id: str, **settings: Any) -> tuple[Any, Path]:
    """One of theirs, with weights that do something, and its zip."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = getattr(theirs, algo.upper())("MlpPolicy", env_id, device="cpu", gamma=0.97, **settings)
        with torch.no_grad():
            for weight in (each for each in model.policy.parameters() if each.dim() == 2):
                weight.add_(0.5 * torch.randn_like(weight))
    model.save(folder / "theirs.zip")
    return model, folder / "theirs.zip"


QUICK = ("ppo", "dqn", "sac")
EACH = [pytest.param(*each, id=each[0], marks=[] if each[0] in QUICK else pytest.mark.slow) for each in WRITTEN]


@pytest.mark.parametrize(("algo", "env_id", "settings"), EACH)
def test_ours_acts_as_theirs(tmp_path: Path, algo: Algorithm, env_id: str, settings: dict[str, Any]) -> None:
    model, file = written(tmp_path, algo, env_id, **settings)
    agent: Any = import_agent(file, algo, World(env_id, 2), trust_pickle=True)
    obs = np.random.default_rng(0).normal(size=(200, model.observation_space.shape[0])).astype(np.float32)
    found, wanted = agent.predict(obs), model.predict(obs, deterministic=True)[0]
    np.testing.assert_allclose(found, wanted.reshape(found.shape), rtol=1e-5, atol=1e-6)
    assert (agent.config.gamma, agent.name) == (0.97, algo)
    assert len(np.unique(found)) > 1
    agent.save(tmp_path / "ours")
    np.testing.assert_array_equal(palestra.load(tmp_path / "ours").predict(obs), found)
    agent.step()  # it goes on learning
    agent.close()


def test_values_are_taken_too(tmp_path: Path) -> None:
    model, file = written(tmp_path, "sac", "Pendulum-v1", policy_kwargs={"net_arch": [16, 8]}, buffer_size=100)
    agent: Any = import_agent(file, "sac", "Pendulum-v1", trust_pickle=True)
    rng = torch.Generator().manual_seed(0)
    obs_BF, action_BA = torch.randn(20, 3, generator=rng), torch.rand(20, 1, generator=rng) * 2 - 1
    with torch.no_grad():
        for ours, critic in ((agent.critics, model.critic), (agent.target, model.critic_target)):
            torch.testing.assert_close(ours(torch.cat((obs_BF, action_BA), 1)), torch.stack(critic(obs_BF, action_BA)))
        torch.testing.assert_close(agent.temperature.log, model.log_ent_coef.squeeze())
    agent.close()


class Canary:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_nothing_of_a_file_runs_until_it_is_trusted(tmp_path: Path) -> None:
    import base64
    import json

    _, good = written(tmp_path, "ppo", "CartPole-v1")
    bad, sung = tmp_path / "bad.zip", tmp_path / "sung"
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "data":
                told = json.loads(data)
                song = base64.b64encode(pickle.dumps(Canary(sung))).decode()
                told["lr_schedule"] = {":type:": "x", ":serialized:": song}
                data = json.dumps(told).encode()
            new.writestr(name, data)
    with pytest.raises(UsageError, match=r"unpickles what is in it: it can run any code.*expected --trust-pickle"):
        import_agent(bad, "ppo", "CartPole-v1")
    assert not sung.exists()
    with contextlib.suppress(PalestraError):
        import_agent(bad, "ppo", "CartPole-v1", trust_pickle=True).close()
    assert sung.exists()  # so the flag is what stands between


def test_what_ours_has_no_place_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, file = written(tmp_path, "ppo", "CartPole-v1", policy_kwargs={"activation_fn": nn.ELU})
    with pytest.raises(UsageError, match="activation ELU; expected Tanh or ReLU"):
        import_agent(file, "ppo", "CartPole-v1", trust_pickle=True)
    _, file = written(tmp_path, "ppo", "CartPole-v1")
    with pytest.raises(UsageError, match="as the zip has"):
        import_agent(file, "ppo", "MountainCar-v0", trust_pickle=True)
    with pytest.raises(UsageError, match="cannot be read as DQN"):
        import_agent(file, "dqn", "CartPole-v1", trust_pickle=True)
    with pytest.raises(UsageError, match="which is no file"):
        import_agent(tmp_path / "none.zip", "dqn", "CartPole-v1", trust_pickle=True)
    monkeypatch.setattr(stable_baselines, "_pairs", lambda *given: iter(()))
    with pytest.raises(PalestraError, match=r"acts otherwise than the zip, .* of 1,000 times, on observations met"):
        import_agent(file, "ppo", "CartPole-v1", trust_pickle=True)
