"""A learned world against least squares: in a linear world with noise the members' mean is what that finds."""

from typing import Any

import numpy as np
import pytest
import torch
from planners import LINE
from recordings import episodes, known_as

from palestra.errors import UsageError
from palestra.learners.models.dynamics_ensemble import DynamicsEnsemble, DynamicsEnsembleConfig

MOVES = np.array([[0.9, 0.3, 0.2], [-0.2, 0.8, 0.5]], np.float32)
"""A and B side by side."""
NOISE = np.array([0.05, 0.2], np.float32)


def linear(monkeypatch: pytest.MonkeyPatch, steps: int = 100, number: int = 20) -> str:
    """Episodes of s' = A s + B u + noise, where numbers are seen as they are; it pays 1 - u."""
    rng = np.random.default_rng(0)
    action = rng.uniform(-1, 1, (number, steps, 1)).astype(np.float32)
    state = np.zeros((number, steps + 1, 2), np.float32)
    state[:, 0] = rng.normal(size=(number, 2))
    for t in range(steps):
        moved = np.concatenate((state[:, t], action[:, t]), 1) @ MOVES.T
        state[:, t + 1] = moved + NOISE * rng.normal(size=(number, 2)).astype(np.float32)
    made = episodes(
        LINE, [steps] * number, observations=state[:, :-1].reshape(-1, 2), actions=action.reshape(-1, 1),
        rewards=1 - action.reshape(-1), final_observations=state[:, -1],
    )  # fmt: skip
    return known_as(monkeypatch, "linear", made)


def make(name: str, seed: int = 0, **settings: Any) -> DynamicsEnsemble:
    config = DynamicsEnsembleConfig(experience=name, hidden_sizes=(), weight_decay=0.0, **settings)
    return DynamicsEnsemble(LINE, config, seed=seed)


def moved(agent: DynamicsEnsemble) -> torch.Tensor:
    """The matrix (2, 3) that the members say together: what a step from each unit changes, beyond that from zero."""
    rows = torch.cat((torch.zeros(1, 3), torch.eye(3)))
    said = agent.net.as_target(agent.net(rows).mean_MBK).mean(0).detach()
    return (said[1:] - said[0])[:, :2].T + torch.eye(2, 3)


def test_in_a_linear_world_it_comes_to_least_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = make(linear(monkeypatch), learning_rate=0.02, batch_size=600)
    rows, targets = agent.fitted.inputs_NF.double(), agent.fitted.targets_NK[:, :2].double()
    known = torch.cat((rows, torch.ones(len(rows), 1)), 1)
    least = torch.linalg.lstsq(known, targets).solution
    spread = (targets - known @ least).std(0)
    error = spread[:, None] * torch.linalg.inv(known.T @ known).diagonal()[:3].sqrt()  # (2, 3) of least squares
    least_squares = least[:3].T + torch.eye(2, 3)
    assert bool(((moved(agent) - least_squares).abs() > 3 * error).any())  # before it has learned
    agent.learn(150 * len(rows))
    # Bootstraps differ from the sample as that does from the world, and five of them are averaged.
    assert bool(((moved(agent) - least_squares).abs() < 2.5 * error).all())
    assert bool(((moved(agent) - torch.from_numpy(MOVES)).abs() < 5 * error).all())
    said = agent.net(rows.float())
    noise = ((0.5 * said.log_var_MBK).exp() / agent.net.scale_K)[..., :2].mean((0, 1))
    torch.testing.assert_close(noise.detach(), torch.from_numpy(NOISE), rtol=0.05, atol=0)


def test_what_is_held_out_is_foretold_better_and_better(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = make(linear(monkeypatch, number=8), learning_rate=0.02)
    curve = [agent.step()["train/held_out_nll"] for _ in range(20)]
    assert curve[0] > curve[4] > curve[-1]


def test_a_resume_goes_on_with_what_was_drawn_for_each_member(monkeypatch: pytest.MonkeyPatch) -> None:
    name = linear(monkeypatch, steps=10)
    agent, other = make(name), make(name, seed=1)
    agent.step()
    other.load_state_dict(agent.state_dict())
    assert torch.equal(other.drawn_MN, agent.drawn_MN)
    assert not torch.equal(agent.drawn_MN[0], agent.drawn_MN[1])
    assert other.step() == agent.step()


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"held_out": 0.0}, "held_out=0.0; expected a share"), ({"random_episodes": 1}, "random_episodes=1; expected")],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        DynamicsEnsembleConfig(**settings)
