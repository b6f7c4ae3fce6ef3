"""A reward that chance hardly ever meets is learned from demonstrations, and not without them nor without learning."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from matrix import slow_but
from recordings import episodes, known_as
from torch import Tensor

from palestra.envs import registry
from palestra.envs.dynamics import Dynamics
from palestra.envs.world import World
from palestra.learners.off_policy.sac import SAC
from palestra.learners.off_policy.td3 import TD3

ENV = "probe/Needle"
PLACE = torch.tensor([0.6, -0.5, 0.4, -0.6, 0.5, -0.4])
SETTINGS: dict[str, Any] = {
    "learning_rate": 3e-3, "hidden_sizes": (32, 32), "batch_size": 64, "buffer_size": 2_000, "learning_starts": 64,
    "train_frequency": 16, "gradient_steps": 16, "tau": 0.1, "gamma": 0.0,
}  # fmt: skip
OWN: dict[Any, dict[str, Any]] = {SAC: {"temperature": 0.001}, TD3: {}}
STEPS = 600


class Needle(Dynamics):
    """One step of six numbers, which pays 1 within 0.2 of a place and nothing elsewhere: of 15,625 by chance, one."""

    observation_space = spaces.Box(-1.0, 1.0, (1,))
    action_space = spaces.Box(-1.0, 1.0, (6,))

    def initial_state(self, num: int) -> Tensor:
        return torch.zeros(num, 1)

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return state, ((action - PLACE).abs().amax(1) < 0.2).float(), ~self.never


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch) -> None:
    """The world, and twenty episodes in it that all get the reward."""
    monkeypatch.setitem(registry.PROBES, ENV, Needle)
    around = np.random.default_rng(0).uniform(-0.15, 0.15, (20, 6)).astype(np.float32)
    over, zeros = np.ones(20, bool), np.zeros((20, 1), np.float32)
    shown = episodes(
        ENV, [1] * 20, observations=zeros, actions=PLACE.numpy() + around, rewards=np.ones(20, np.float32),
        terminated=over, truncated=~over, final_observations=zeros,
    )  # fmt: skip
    known_as(monkeypatch, "needle", shown)


def found(learner: Any, **settings: Any) -> float:
    """What its greedy action gets."""
    config = learner.config_type(**{**SETTINGS, **OWN[learner], **settings})
    return float(learner(World(ENV, 16), config, seed=0).learn(STEPS).evaluate(episodes=1).score)


@pytest.mark.parametrize("normed", slow_but([True], [True, False]))
@pytest.mark.parametrize("learner", [SAC, TD3])
def test_what_was_shown_is_found(learner: Any, normed: bool) -> None:
    assert found(learner, demonstrations="needle", normed_critics=normed) == 1.0


@pytest.mark.parametrize("learner", [SAC, TD3])
def test_and_not_without_nor_without_learning(learner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(learner) == 0.0
    monkeypatch.setattr(learner, "update", lambda *_: {})
    assert found(learner, demonstrations="needle") == 0.0
