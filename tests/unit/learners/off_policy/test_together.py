"""DQN together: luck and clocks to the bit as alone, parameters but for the rounding of products."""

from typing import Any

import pytest
import torch
from same_state import differing
from torch import Tensor

from palestra.engine.state import capture
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.off_policy.dqn import DQN, DQNConfig
from palestra.learners.off_policy.together import DQNTogether
from palestra.learners.together import learn_together

COPIES, SEEDS, START = 4, 3, 40
SMALL: dict[str, Any] = {
    "learning_starts": START, "buffer_size": 200, "batch_size": 16, "hidden_sizes": (16, 16),
    "target_update_interval": 24, "exploration_fraction": 0.5,
}  # fmt: skip
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "defaults": ("CartPole-v1", {}),
    "double": ("CartPole-v1", {"double": True, "activation": "tanh"}),
    "dueling": ("CartPole-v1", {"dueling": "mean", "double": True}),
    "dueling by the largest, one layer": ("CartPole-v1", {"dueling": "max", "hidden_sizes": (8,)}),
    "three steps": ("CartPole-v1", {"n_step": 3, "loss": "squared"}),
    "rounds": ("CartPole-v1", {"train_frequency": 16, "gradient_steps": 3, "max_grad_norm": 0.1}),
    "moved slowly": ("CartPole-v1", {"tau": 0.1, "gradient_steps": 2, "double": True}),
    "cut episodes": ("palestra/PendulumDiscrete-v1", {"n_step": 2}),
    "one-hot": ("FrozenLake-v1", {"hidden_sizes": ()}),
}
EACH: tuple[dict[str, Any], ...] = (
    {"learning_rate": 2e-3, "gamma": 0.9},
    {"epsilon_start": 0.7, "epsilon_end": 0.0, "exploration_fraction": 0.2},
    {"target_update_interval": 12, "max_grad_norm": 0.05},
)
ALIKE: tuple[dict[str, Any], ...] = ({},) * SEEDS


def made(
    env_id: str, settings: dict[str, Any], each: tuple[dict[str, Any], ...] = ALIKE, copies: int = COPIES
) -> list[DQN]:
    """Agents that have acted for as long as they do not learn."""
    agents = []
    for seed, more in enumerate(each):
        agents.append(DQN(World(env_id, copies), DQNConfig(**{**SMALL, **settings, **more}), seed=seed))
        agents[-1].budget = 400
        env: Any = agents[-1].env
        if env_id == "palestra/PendulumDiscrete-v1":
            env.stand(env.state, torch.arange(COPIES) * 3 + 185)  # soon cut, one after the other
        while agents[-1].clock < START:
            agents[-1].step()
    return agents


def gap(one: Tensor, other: Tensor) -> float:
    """The greatest difference of two parameter vectors."""
    return float((one - other).abs().max())


def luck(agent: DQN) -> dict[str, Any]:
    """What is drawn, counted and done: to be equal to the bit."""
    state = capture(agent)
    return {
        "actions": state["policy"]["generator"],
        "drawn": state["replay_generator"],
        "env": state["interaction"]["env"]["generator"],
        "elapsed": state["interaction"]["env"]["elapsed"],
        "steps": state["optimizer"]["steps"],
        "clock": state["clock"],
        "rows": (state["replay"]["size"], state["replay"]["head"]),
        "done": state["replay"]["fields"]["action"],
        "ended": state["replay"]["fields"]["terminated"] | state["replay"]["fields"]["truncated"],
    }


def check_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, value in one.items():
        assert torch.equal(value, other[name]) if isinstance(value, Tensor) else value == other[name], name


def check_close(one: DQN, other: DQN, most: float) -> None:
    check_same(luck(one), luck(other))
    assert one.interaction.episodes.metrics() == pytest.approx(other.interaction.episodes.metrics(), rel=1e-5)
    torch.testing.assert_close(one.interaction.obs, other.interaction.obs)
    assert gap(one.optimizer.flat, other.optimizer.flat) < most
    assert gap(one.slow, other.slow) < most


@pytest.mark.parametrize("each", [ALIKE, EACH], ids=["alike", "set otherwise"])
@pytest.mark.parametrize("case", CASES)
def test_rounds_are_those_of_each_alone(case: str, each: Any) -> None:
    """Adam's first steps have the size of the learning rate whatever the gradient: rounding does not vanish in them."""
    together, alone = made(*CASES[case], each), made(*CASES[case], each)
    batch, before = DQNTogether(together), [agent.optimizer.flat.clone() for agent in alone]
    for _ in range(4):
        ours, theirs = batch.step(), [agent.step() for agent in alone]
        for mine, its in zip(ours, theirs, strict=True):
            assert mine.keys() == its.keys()
            assert mine == pytest.approx(its, rel=1e-3, abs=1e-5)
    for one, other, was in zip(together, alone, before, strict=True):
        check_close(one, other, 1e-5)
        assert gap(other.optimizer.flat, was) > 1e-3, "it did not learn"
        assert int(other.optimizer.steps) >= 4 * other.config.gradient_steps


def test_nothing_is_learned_before_its_time() -> None:
    together, alone = made("CartPole-v1", {"learning_starts": 400}), made("CartPole-v1", {"learning_starts": 400})
    ours, theirs = DQNTogether(together).step(), [agent.step() for agent in alone]
    assert ours == theirs
    assert [differing(one, other) for one, other in zip(together, alone, strict=True)] == [[]] * SEEDS


@pytest.mark.parametrize("copies", [1, 4])
@pytest.mark.parametrize("place", range(SEEDS))
def test_who_stands_beside_it_changes_nothing(place: int, copies: int) -> None:
    """So a batch that is killed, and goes on with its members at different clocks, is exact."""
    settings = {"dueling": "mean", "hidden_sizes": (17, 15)}  # parameters of an odd number
    few, many = (
        made("CartPole-v1", settings, copies=copies)[place : place + 1],
        made("CartPole-v1", settings, copies=copies),
    )
    for agents in (few, many):
        batch = DQNTogether(agents)
        for _ in range(6):
            batch.step()
    assert differing(few[0], many[place]) == []


def test_members_that_learn_stand_beside_some_that_do_not_yet() -> None:
    """As after a kill: each goes on as in a batch of its own."""
    apart, beside = made("CartPole-v1", {}), made("CartPole-v1", {})
    for agents in (apart, beside):
        for _ in range(3):
            DQNTogether(agents[:1]).step()
        late = DQN(World("CartPole-v1", COPIES), DQNConfig(**SMALL), seed=7)
        late.budget = 400
        agents.append(late)
    for _ in range(START // COPIES + 2):
        DQNTogether(beside).step()
        for agent in apart:
            DQNTogether([agent]).step()
    assert [differing(one, other) for one, other in zip(apart, beside, strict=True)] == [[]] * (SEEDS + 1)
    assert int(beside[-1].optimizer.steps) == 2


def test_members_are_not_mixed() -> None:
    together = made("CartPole-v1", {})
    before = [agent.optimizer.flat.clone() for agent in together]
    DQNTogether(together).step()
    moved = [agent.optimizer.flat - was for agent, was in zip(together, before, strict=True)]
    assert all(float(each.abs().max()) > 1e-4 for each in moved)
    assert not torch.equal(moved[0], moved[1])


def test_several_rounds_stay_close() -> None:
    """While no action is another one: from the first that is, two trainings are two draws of one distribution."""
    together, alone = made("CartPole-v1", {"double": True}), made("CartPole-v1", {"double": True})
    batch = DQNTogether(together)
    for _ in range(40):
        batch.step()
    for agent, other in zip(alone, together, strict=True):
        for _ in range(40):
            agent.step()
        check_close(other, agent, 1e-4)


@pytest.mark.parametrize(("env_id", "features"), [("Acrobot-v1", 6), ("CartPole-v1", 4)])
def test_greedy_actions_are_those_of_each(env_id: str, features: int) -> None:
    agents = made(env_id, {})
    learn_together(agents, 80)
    obs = torch.randn(SEEDS, 9, features, generator=torch.Generator().manual_seed(0))
    acted = DQNTogether(agents).actor()(obs.flatten(0, 1)).unflatten(0, (SEEDS, 9))
    for agent, seen, action in zip(agents, obs, acted, strict=True):
        assert torch.equal(agent.act(seen), action)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"prioritised": True}, "dqn with prioritised=True together"),
        ({"noisy": True}, "dqn with noisy=True together"),
        ({"distributional": "c51"}, "dqn with distributional=c51 together"),
        ({"distributional": "quantile"}, "dqn with distributional=quantile together"),
    ],
)
def test_others_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        DQNTogether.check(DQN(World("CartPole-v1", COPIES), DQNConfig(**{**SMALL, **settings})))
