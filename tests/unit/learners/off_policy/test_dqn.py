"""DQN's own rules: targets, target networks, exploration, and when it learns."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from palestra.data.replay import Transitions
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.off_policy.dqn import DQN, DQNConfig


def make(env_id: str = "CartPole-v1", num_envs: int = 1, **settings: Any) -> DQN:
    defaults = {"buffer_size": 1_000, "learning_starts": 16, "batch_size": 8, "hidden_sizes": (16,)}
    return DQN(World(env_id, num_envs), DQNConfig(**defaults | settings), seed=3)


def make_transitions(num: int = 32) -> Transitions:
    rng = torch.Generator().manual_seed(0)
    obs, next_obs = torch.randn(2, num, 4, generator=rng)
    action = torch.randint(2, (num,), generator=rng)
    discount = 0.9 * (torch.rand(num, generator=rng) > 0.3)
    return Transitions(obs, action, torch.randn(num, generator=rng), discount, next_obs)


def shake_target(agent: DQN) -> None:
    agent.slow.add_(0.5 * torch.randn(agent.slow.shape, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("loss", ["huber", "squared"])
@pytest.mark.parametrize("double", [False, True])
def test_the_loss_is_that_of_the_targets_formula(double: bool, loss: str) -> None:
    agent, b = make(double=double, loss=loss), make_transitions()
    shake_target(agent)
    target = []
    with torch.no_grad():
        for i in range(len(b.obs_BF)):
            theirs, own = (net(b.next_obs_BF[i : i + 1])[0].tolist() for net in (agent.target, agent.q))
            chosen = own.index(max(own)) if double else theirs.index(max(theirs))
            target.append(float(b.return_B[i]) + float(b.discount_B[i]) * theirs[chosen])
        q_B = agent.q(b.obs_BF)[torch.arange(32), b.action_B]
    twin = make(double=double, loss=loss)
    target_B = agent.targets(b, agent.target(b.next_obs_BF))
    moved_B = agent.gradient_step(b.obs_BF, b.action_B, target_B)
    torch.testing.assert_close(moved_B, q_B)
    torch.testing.assert_close(target_B, torch.tensor(target))
    # The step is the one that autograd finds on the loss written out.
    function = F.smooth_l1_loss if loss == "huber" else F.mse_loss
    q_B = twin.q(b.obs_BF)[torch.arange(32), b.action_B]
    twin.optimizer.descend(function(q_B, torch.tensor(target)))
    torch.testing.assert_close(agent.optimizer.flat, twin.optimizer.flat, rtol=1e-5, atol=1e-6)


def test_double_and_plain_targets_differ_where_the_networks_disagree() -> None:
    targets = set()
    for double in (False, True):
        agent = make(double=double)
        shake_target(agent)
        b = make_transitions()
        targets.add(tuple(agent.targets(b, agent.target(b.next_obs_BF)).tolist()))
    assert len(targets) == 2


@pytest.mark.parametrize("tau", [1.0, 0.1])
def test_a_round_is_its_gradient_steps_one_after_the_other(tau: float) -> None:
    together, apart = make(gradient_steps=4, tau=tau), make(tau=tau)
    drawn = make_transitions()
    for agent in (together, apart):
        shake_target(agent)
        agent.replay.sample = lambda num, *_, **__: drawn if num == 32 else next(parts)
    parts = iter([Transitions(*(x[i : i + 8] for x in drawn)) for i in range(0, 32, 8)])
    metrics = together.update()
    alone = [apart.update() for _ in range(4)]
    for name in ("train/loss", "train/q_mean"):
        assert metrics[name] == pytest.approx(sum(row[name] for row in alone) / 4, rel=1e-5)
    for p, q in zip(together.modules.parameters(), apart.modules.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("prioritised", [False, True])
def test_nothing_that_an_update_made_without_autograd_is_kept(prioritised: bool) -> None:
    agent = make(prioritised=prioritised, train_frequency=4)
    for _ in range(8):
        agent.step()
    held = [x for x in torch.utils._pytree.tree_leaves(agent.state_dict()) if isinstance(x, torch.Tensor)]
    assert len(held) > 10
    assert not any(x.is_inference() for x in held)


def test_a_soft_target_moves_by_its_share_after_each_gradient_step() -> None:
    agent = make(tau=0.25)
    shake_target(agent)
    before = agent.slow.clone()
    agent.replay.sample = lambda *_, **__: make_transitions(8)
    agent.update()
    online = torch.cat([p.detach().flatten() for p in agent.q.parameters()])
    torch.testing.assert_close(agent.slow, before + 0.25 * (online - before))
    assert torch.equal(torch.cat([p.flatten() for p in agent.target.parameters()]), agent.slow)


def test_a_hard_target_is_copied_when_the_clock_passes_its_interval() -> None:
    agent = make(num_envs=2, train_frequency=4, target_update_interval=10, learning_starts=0, buffer_size=100)
    copied = []
    for _ in range(10):
        shake_target(agent)
        online = torch.cat([p.detach().flatten() for p in agent.q.parameters()])
        agent.step()
        if torch.equal(agent.slow, online):
            copied.append(agent.clock)
    assert agent.clock == 40
    assert copied == [12, 20, 32, 40]  # steps end at multiples of 4: the first at or beyond 10, 20, 30, 40


def test_it_learns_from_the_first_round_beyond_its_start() -> None:
    agent = make(train_frequency=4, learning_starts=16)
    learned = ["train/loss" in agent.step() for _ in range(6)]
    assert learned == [False] * 4 + [True] * 2


def test_epsilon_falls_linearly_over_its_share_of_the_budget() -> None:
    agent = make(epsilon_start=0.9, epsilon_end=0.1, exploration_fraction=0.5, learning_starts=100)
    agent.budget = 1_000
    clocks = {0: 1.0, 99: 1.0, 100: 0.9 - 0.8 * 100 / 500, 250: 0.5, 500: 0.1, 1_000: 0.1}
    for clock, expected in clocks.items():
        assert agent.epsilon(clock) == pytest.approx(expected)
    assert make(exploration_fraction=0.0, learning_starts=0).epsilon(0) == pytest.approx(0.05)


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0])
def test_exploration_replaces_so_many_actions_by_uniform_ones(epsilon: float) -> None:
    # Three actions, of which 0 is greedy: shares within four standard errors.
    agent, num = make("Acrobot-v1"), 60_000
    actions = agent.policy.randomised(torch.zeros(num, dtype=torch.int64), epsilon)
    share = torch.bincount(actions, minlength=3) / num
    expected = torch.tensor([1 - epsilon * 2 / 3, epsilon / 3, epsilon / 3])
    assert bool(((share - expected).abs() <= 4 * (expected * (1 - expected) / num).sqrt()).all())


def test_before_learning_starts_every_action_is_random_and_greedy_ones_never_are() -> None:
    agent = make()
    obs = np.tile(np.float32([0.1, 0.2, 0.3, 0.4]), (400, 1))
    assert set(agent.predict(obs, deterministic=False).tolist()) == {0, 1}
    assert len(set(agent.predict(obs).tolist())) == 1


def test_it_acts_on_the_observation_and_remembers_what_happened() -> None:
    agent = make("probe/Counting", num_envs=3, train_frequency=30, learning_starts=1_000)
    agent.step()
    drawn = agent.replay.sample(200, torch.Generator(), gamma=0.9)
    assert torch.equal(drawn.next_obs_BF[:, 0], drawn.obs_BF[:, 0])
    assert torch.equal(drawn.next_obs_BF[:, 1], drawn.obs_BF[:, 1] + 1)
    assert torch.equal(drawn.return_B, drawn.next_obs_BF[:, 1])


def test_a_continuous_action_space_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"dqn cannot act in Box\(-2\.0, 2\.0.*expected a Discrete"):
        DQN("Pendulum-v1")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"buffer_size": 0}, "buffer_size=0; expected at least 1"), ({"batch_size": 0}, "batch_size=0"),
        ({"train_frequency": 0}, "train_frequency=0"), ({"gradient_steps": 0}, "gradient_steps=0"),
        ({"n_step": 0}, "n_step=0"), ({"learning_starts": -1}, "learning_starts=-1"), ({"tau": 0.0}, "tau=0.0"),
        ({"gamma": 1.5}, "gamma=1.5"), ({"epsilon_end": -0.1}, "epsilon_end=-0.1; expected 0 <= epsilon_end <= 1"),
        ({"target_update_interval": 0}, "target_update_interval=0"), ({"learning_rate": 0}, "learning_rate=0"),
        ({"max_grad_norm": 0}, "max_grad_norm=0"), ({"hidden_sizes": (0,)}, "hidden_sizes"),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        DQNConfig(**settings)
