"""PPO together: luck, clocks and first rollouts to the bit as alone, parameters but for the rounding of products."""

from typing import Any

import pytest
import torch
from same_state import differing
from torch import Tensor

from palestra.engine.state import capture
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.learners.on_policy.together import PPOTogether
from palestra.learners.together import learn_together

COPIES, STEPS, SEEDS = 4, 32, 3
SMALL: dict[str, Any] = {"num_steps": STEPS, "minibatch_size": 48, "num_epochs": 2, "hidden_sizes": (16, 16)}
PLAIN = {"normalize_obs": False, "normalize_reward": False}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "defaults": ("CartPole-v1", {}),
    "plain": ("CartPole-v1", {**PLAIN, "normalize_advantage": False, "activation": "relu"}),
    "schedules": (
        "CartPole-v1",
        {"learning_rate_schedule": "linear", "clip_schedule": "linear", "learning_rate": 3e-3, "entropy_coef": 0.01},
    ),
    "cut episodes": ("palestra/PendulumDiscrete-v1", {"value_hidden_sizes": (8,), "gae_lambda": 0.9}),
    "one-hot": ("FrozenLake-v1", {"hidden_sizes": (8,), "minibatch_size": 127}),
    "a Box": ("Pendulum-v1", {"entropy_coef": 0.01}),
    "a Box as it is": ("palestra/DoubleIntegrator-v0", {**PLAIN, "scale_actions": False, "minibatch_size": 128}),
}
EACH: tuple[dict[str, Any], ...] = (
    {"learning_rate": 1e-3, "gamma": 0.9},
    {"entropy_coef": 0.05, "clip_range": 0.1, "gae_lambda": 0.8},
    {"value_coef": 1.0, "max_grad_norm": 0.05},
)


def made(env_id: str, settings: dict[str, Any], each: Any = ({},) * SEEDS) -> list[PPO]:
    agents = []
    for seed, more in enumerate(each):
        agents.append(PPO(World(env_id, COPIES), PPOConfig(**{**SMALL, **settings, **more}), seed=seed))
        agents[-1].budget = 10 * COPIES * STEPS
        env: Any = agents[-1].env
        if env_id == "palestra/PendulumDiscrete-v1":
            env.stand(env.state, torch.arange(COPIES) * 7 + 160)  # soon cut, one after the other
    return agents


def gap(one: Any, other: Any) -> float:
    """The greatest difference of two parameter vectors."""
    return float((one - other).abs().max())


def luck(agent: PPO) -> dict[str, Any]:
    """What is drawn, counted and stood at: to be equal to the bit."""
    state = capture(agent)
    return {
        "sampling": state["nets"]["sampling"],
        "shuffling": state["shuffling"],
        "env": state["experience"]["interaction"]["env"]["generator"],
        "steps": state["optimizer"]["steps"],
        "clock": state["clock"],
        "learning_rate": state["optimizer"]["learning_rate"],
    }


def check_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, value in one.items():
        assert torch.equal(value, other[name]) if isinstance(value, Tensor) else value == other[name], name


@pytest.mark.parametrize("each", [({},) * SEEDS, EACH], ids=["alike", "set otherwise"])
@pytest.mark.parametrize("case", CASES)
def test_an_iteration_is_that_of_each_alone(case: str, each: Any) -> None:
    """Adam's first steps have the size of the learning rate whatever the gradient: rounding does not vanish in them."""
    together, alone = made(*CASES[case], each), made(*CASES[case], each)
    ours, theirs = PPOTogether(together).step(), [agent.step() for agent in alone]
    for one, other, mine, its in zip(together, alone, ours, theirs, strict=True):
        check_same(luck(one), luck(other))
        assert one.experience.interaction.episodes.metrics() == other.experience.interaction.episodes.metrics()
        torch.testing.assert_close(one.experience.interaction.obs, other.experience.interaction.obs)
        assert gap(one.optimizer.flat, other.optimizer.flat) < 2e-6
        assert gap(one.optimizer.mean, other.optimizer.mean) < 2e-6
        assert mine.keys() == its.keys()
        for name, value in its.items():
            assert mine[name] == pytest.approx(value, rel=1e-3, abs=1e-5), name
        for name in ("obs_norm", "reward"):
            a, b = (
                agent.nets.obs_norm if name == "obs_norm" else getattr(agent.experience.reward_scale, "norm", None)
                for agent in (one, other)
            )
            if a is not None and b is not None:
                torch.testing.assert_close(a.state_dict(), b.state_dict())


@pytest.mark.parametrize("place", range(SEEDS))
def test_who_stands_beside_it_changes_nothing(place: int) -> None:
    """So a batch that is killed, and goes on with its members at different clocks, is exact."""
    settings = {"hidden_sizes": (17, 15)}  # parameters of an odd number
    few, many = made("CartPole-v1", settings)[place : place + 1], made("CartPole-v1", settings)
    for agents in (few, many):
        batch = PPOTogether(agents)
        for _ in range(3):
            batch.step()
    assert differing(few[0], many[place]) == []


def test_members_are_not_mixed() -> None:
    together, before = made("CartPole-v1", {}), made("CartPole-v1", {})
    PPOTogether(together).step()
    moved = [one.optimizer.flat - other.optimizer.flat for one, other in zip(together, before, strict=True)]
    assert all(float(each.abs().max()) > 1e-4 for each in moved)
    assert not torch.equal(moved[0], moved[1])


def test_several_iterations_stay_close() -> None:
    """While no action is another one: from the first that is, two trainings are two draws of one distribution."""
    together, alone = made("CartPole-v1", {}), made("CartPole-v1", {})
    batch = PPOTogether(together)
    for _ in range(5):
        batch.step()
    for agent, other in zip(alone, together, strict=True):
        for _ in range(5):
            agent.step()
        check_same(luck(other), luck(agent))
        assert gap(agent.optimizer.flat, other.optimizer.flat) < 1e-5


@pytest.mark.parametrize(("env_id", "features"), [("Acrobot-v1", 6), ("Pendulum-v1", 3)])
def test_greedy_actions_are_those_of_each(env_id: str, features: int) -> None:
    agents = made(env_id, {})
    learn_together(agents, 2 * COPIES * STEPS)
    obs = torch.randn(SEEDS, 9, features, generator=torch.Generator().manual_seed(0))
    acted = PPOTogether(agents).actor()(obs.flatten(0, 1)).unflatten(0, (SEEDS, 9))
    for agent, seen, action in zip(agents, obs, acted, strict=True):
        torch.testing.assert_close(agent.act(seen), action)


@pytest.mark.parametrize(
    ("env_id", "settings", "said"),
    [
        ("CartPole-v1", {"target_kl": 0.01}, "ppo with target_kl=0.01 together"),
        ("CartPole-v1", {"clip_value": 0.2}, "ppo with clip_value=0.2 together"),
        ("CartPole-v1", {"surrogate": "kl_penalty", "target_kl": 0.1}, "ppo with surrogate=kl_penalty together"),
    ],
)
def test_others_are_refused(env_id: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        PPOTogether.check(made(env_id, settings, ({},))[0])
