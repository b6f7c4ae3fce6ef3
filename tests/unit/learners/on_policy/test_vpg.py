"""The vanilla policy gradient: its step is that of eq. 1; its weights agree on average and differ in variance."""

from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from palestra.data.rollout import Rollout
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.vpg import VPG, VPGConfig
from palestra.ops.phi import Phi

PHIS = get_args(Phi)


def make(env_id: str = "CartPole-v1", num_envs: int = 4, **settings: Any) -> VPG:
    defaults = {"num_steps": 32, "hidden_sizes": (8,), "max_grad_norm": 1e6, "value_epochs": 1}
    return VPG(World(env_id, num_envs), VPGConfig(**defaults | settings), seed=3)


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
def test_the_policys_step_is_along_the_gradient_of_equation_1(env_id: str, normalize: bool) -> None:
    agent = make(env_id, normalize_advantage=normalize, entropy_coef=0.1)
    b = agent.weighed(agent.experience.rollout(agent.nets))
    out = agent.nets.actor(b.obs_BF)
    if env_id == "CartPole-v1":
        theirs = torch.distributions.Categorical(logits=out)
    else:
        theirs = torch.distributions.Independent(torch.distributions.Normal(out, agent.nets.head.log_std.exp()), 1)
    phi = b.advantage_B
    if normalize:
        phi = (phi - phi.mean()) / phi.std()
    objective = (phi * theirs.log_prob(b.action_B)).mean() + 0.1 * theirs.entropy().mean()
    parameters = [*agent.nets.actor.parameters(), *agent.nets.head.parameters()]
    expected = torch.cat([g.flatten() for g in torch.autograd.grad(-objective, parameters)])
    agent.update(b)
    torch.testing.assert_close(agent.optimizer.gradient, expected, rtol=1e-4, atol=1e-6)
    assert float(expected.abs().max()) > 1e-3


def gradients(agent: VPG, rollouts: list[Rollout], phi: Phi, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    """(rollouts, parameters): what ``update`` would follow on each, nothing being moved."""
    rows = []
    with monkeypatch.context() as patch:
        patch.setattr(agent, "config", VPGConfig(**{**vars(agent.config), "phi": phi}))
        patch.setattr(agent.optimizer, "_move", lambda: rows.append(agent.optimizer.gradient.double()))
        patch.setattr(agent.value_optimizer, "_move", lambda: None)
        for rollout in rollouts:
            agent.update(agent.weighed(rollout))
    return torch.stack(rows)


def differ(first: Tensor, second: Tensor) -> bool:
    """Whether the means of paired samples (N, K) differ, by the largest of K t statistics with p = 0.001 in all."""
    apart = first - second
    t = apart.mean(0).abs() / (apart.std(0) / len(apart) ** 0.5 + 1e-12)
    level = torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(1 - 0.0005 / apart.shape[1]))
    return bool((t > level).any())


@pytest.fixture(scope="module")
def measured() -> tuple[VPG, list[Rollout]]:
    """An agent whose values are roughly right, and many rollouts of its fixed policy."""
    # Undiscounted, so that past rewards are on average orthogonal to the score whatever their weight.
    agent = make(
        num_envs=8, gamma=1.0, normalize_advantage=False, value_learning_rate=1e-2, value_epochs=5, phi="baseline"
    )
    with torch.no_grad():
        agent.nets.actor.weights[-1] *= 50  # a policy with an opinion
    learning_rate, agent.optimizer.learning_rate = agent.optimizer.learning_rate, 0.0
    for _ in range(45):
        metrics = agent.step()
    assert metrics["train/explained_variance"] > 0.3
    agent.optimizer.learning_rate = learning_rate
    return agent, [agent.experience.rollout(agent.nets) for _ in range(200)]


def test_a_baseline_leaves_the_expected_gradient_and_lowers_its_variance(
    measured: tuple[VPG, list[Rollout]], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, rollouts = measured
    whole, to_go, baseline = (
        gradients(agent, rollouts, phi, monkeypatch) for phi in ("return", "reward_to_go", "baseline")
    )
    assert not differ(to_go, baseline)
    assert not differ(whole, to_go)
    variances = [float(g.var(0).sum()) for g in (whole, to_go, baseline)]
    assert variances[0] > 1.2 * variances[1]
    assert variances[1] > 2 * variances[2]


def test_a_baseline_that_knows_the_action_changes_the_expected_gradient(
    measured: tuple[VPG, list[Rollout]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the test above would see if the baseline were no baseline.
    agent, rollouts = measured
    to_go = gradients(agent, rollouts, "reward_to_go", monkeypatch)
    plain = agent.weighed

    def cheating(rollout: Rollout) -> Any:
        b = plain(rollout)
        return b._replace(advantage_B=b.advantage_B - 2.0 * b.action_B)

    monkeypatch.setattr(agent, "weighed", cheating)
    assert differ(to_go, gradients(agent, rollouts, "baseline", monkeypatch))


@pytest.mark.parametrize("phi", PHIS)
def test_where_an_episode_is_cut_the_value_of_the_cut_state_counts_and_a_terminal_one_nothing(phi: Phi) -> None:
    agent = make(phi=phi, gamma=0.5, num_envs=1, num_steps=3, gae_lambda=1.0)
    rng = torch.Generator().manual_seed(0)
    obs, next_obs = torch.randn(3, 1, 4, generator=rng), torch.randn(3, 1, 4, generator=rng)
    truncated, terminated = (torch.tensor(x)[:, None] for x in ([True, False, False], [False, True, False]))
    reward = torch.tensor([[1.0], [2.0], [3.0]])
    rollout = Rollout(obs, torch.zeros(3, 1, dtype=torch.int64), reward, terminated, truncated, next_obs)
    b = agent.weighed(rollout)
    with torch.no_grad():
        following = agent.nets.value(next_obs[:, 0]).squeeze(1)
    expected = torch.stack((1 + 0.5 * following[0], torch.tensor(2.0), 3 + 0.5 * following[2]))
    torch.testing.assert_close(b.return_B, expected)
    if phi in ("return", "reward_to_go"):
        torch.testing.assert_close(b.advantage_B, expected)
    elif phi in ("baseline", "td_residual", "gae"):
        torch.testing.assert_close(b.advantage_B, expected - b.value_B)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
def test_action_values_see_the_action_and_learn(env_id: str) -> None:
    agent = make(env_id, phi="advantage", value_epochs=30, value_learning_rate=1e-2)
    rollout = agent.experience.rollout(agent.nets)
    # A return that is the action and nothing else: V can know its mean only, Q all of it.
    wanted = rollout.action.float().flatten(2).sum(2) if rollout.action.dim() == 3 else rollout.action.float()
    b = agent.weighed(rollout)._replace(return_B=wanted.flatten())
    for _ in range(10):
        agent.update(b._replace(advantage_B=torch.zeros_like(b.advantage_B)))
    with torch.no_grad():
        q_B = agent.q(agent._state_action(b.obs_BF, b.action_B)).squeeze(1)
    assert float((q_B - b.return_B).square().mean()) < 0.1 * float(b.return_B.var())
    phi_B = agent.weighed(rollout).advantage_B
    torch.testing.assert_close(phi_B, q_B - agent.weighed(rollout).value_B)
    assert float(torch.corrcoef(torch.stack((phi_B, b.return_B)))[0, 1]) > 0.9
    plain = make(env_id, phi="gae")
    assert plain.q is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate=0.0"), ({"value_learning_rate": -1.0}, "value_learning_rate=-1.0"),
        ({"value_epochs": 0}, "value_epochs=0"), ({"value_minibatch_size": 0}, "value_minibatch_size=0"),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        VPGConfig(**settings)
