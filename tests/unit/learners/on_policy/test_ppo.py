"""PPO's own rules: what the first minibatch sees, where values come from, normalisation, schedules, bounds."""

from itertools import pairwise
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

from palestra.data.rollout import Rollout
from palestra.envs.vector import Resumed
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy import ppo
from palestra.learners.on_policy.ppo import PPO, PPOConfig


def make(env_id: str = "CartPole-v1", num_envs: int = 4, **settings: Any) -> PPO:
    defaults = {"num_steps": 32, "minibatch_size": 128, "num_epochs": 1, "hidden_sizes": (16,)}
    defaults |= {"normalize_obs": False, "normalize_reward": False}
    return PPO(World(env_id, num_envs), PPOConfig(**defaults | settings), seed=3)


def rollout_of(agent: PPO) -> Rollout:
    return agent.experience.rollout(agent.nets)


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
def test_in_the_first_minibatch_the_ratio_is_one_and_the_kl_zero(
    env_id: str, normalize: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = make(env_id, minibatch_size=64, normalize_obs=normalize, normalize_reward=normalize)
    ratios: list[torch.Tensor] = []
    surrogate = ppo.clipped_surrogate
    monkeypatch.setattr(
        ppo, "clipped_surrogate",
        lambda now, old, *args: (ratios.append((now - old).exp().detach()), surrogate(now, old, *args))[1],
    )  # fmt: skip
    for _ in range(3):  # also once the normalisers have moved
        agent.step()
        batch = agent.samples(agent.experience.collect(agent.nets))
        still = agent._diagnose(batch, clip_range=0.2)
        assert still["train/approx_kl"] == pytest.approx(0, abs=1e-6)
        assert still["train/clip_fraction"] == 0
        ratios.clear()
        agent.update(batch)  # one epoch of two minibatches
        first, second = ratios
        torch.testing.assert_close(first, torch.ones(64), rtol=0, atol=1e-6)
        assert float((first - 1 - first.log()).mean()) == pytest.approx(0, abs=1e-6)
        assert float((second - 1).abs().max()) > 1e-5  # by now the policy has moved


def test_at_ratio_one_normalised_advantages_make_a_policy_loss_of_zero() -> None:
    agent = make()
    metrics = agent.update(agent.samples(agent.experience.collect(agent.nets)))  # one epoch of one minibatch
    assert metrics["train/gradient_steps"] == 1
    assert metrics["train/policy_loss"] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
def test_the_figures_of_an_iteration_are_measured_after_it_on_all_samples(env_id: str) -> None:
    agent = make(env_id, minibatch_size=32, num_epochs=3, learning_rate=3e-2)
    collected = agent.experience.collect(agent.nets)
    batch = agent.samples(collected)
    metrics = agent.update(batch)
    with torch.no_grad():
        out = agent.nets.actor(batch.obs_BF)
        if env_id == "CartPole-v1":
            now = torch.distributions.Categorical(logits=out)
        else:
            now = torch.distributions.Independent(torch.distributions.Normal(out, agent.nets.head.log_std.exp()), 1)
        log_ratio = (now.log_prob(batch.action_B) - batch.log_prob_B).double()
        ratio = log_ratio.exp()
    assert metrics["train/approx_kl"] == pytest.approx(float((ratio - 1 - log_ratio).mean()), abs=1e-6)
    assert metrics["train/clip_fraction"] == pytest.approx(float(((ratio - 1).abs() > 0.2).double().mean()))
    assert metrics["train/entropy"] == pytest.approx(float(now.entropy().mean()), rel=1e-5)
    residual, returns = (batch.return_B - batch.value_B).double(), batch.return_B.double()
    explained = 1 - float(residual.var() / returns.var())
    assert float(collected.explained_variance) == pytest.approx(explained, abs=1e-5)
    assert metrics["train/approx_kl"] > 1e-3
    assert 0 < metrics["train/clip_fraction"] < 1


def test_the_losses_of_an_iteration_are_the_means_over_its_gradient_steps() -> None:
    agent = make(minibatch_size=48, num_epochs=2)
    rows, step = [], agent._gradient_step
    agent._gradient_step = lambda b, clip: rows.append(step(b, clip)) or rows[-1]
    metrics = agent.update(agent.samples(agent.experience.collect(agent.nets)))
    assert len(rows) == metrics["train/gradient_steps"] == 6
    for i, name in enumerate(("policy_loss", "value_loss")):
        assert metrics[f"train/{name}"] == pytest.approx(sum(float(row[i]) for row in rows) / 6, rel=1e-5)
        assert not any(row[i].requires_grad for row in rows)


def test_a_cut_step_is_worth_its_true_successor_and_a_terminal_one_nothing() -> None:
    agent = make(gamma=0.5, gae_lambda=0.0, num_envs=1, num_steps=4)
    rng = torch.Generator().manual_seed(0)
    obs, next_obs = torch.randn(4, 1, 4, generator=rng), torch.randn(4, 1, 4, generator=rng)
    next_obs[0], next_obs[3] = obs[1], torch.randn(1, 4, generator=rng)
    column = torch.zeros(4, 1, dtype=torch.bool)
    terminated, truncated = column.clone(), column.clone()
    truncated[1], terminated[2] = True, True
    reward = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    action = torch.zeros(4, 1, dtype=torch.int64)
    batch = agent.experience.advantages(agent.nets, Rollout(obs, action, reward, terminated, truncated, next_obs))
    with torch.no_grad():
        v, following = agent.nets.value(obs[:, 0]).squeeze(1), agent.nets.value(next_obs[:, 0]).squeeze(1)
    # Going on; cut (the final observation, not the next row's); terminal; the rollout's end.
    expected = torch.stack((1 + 0.5 * v[1], 2 + 0.5 * following[1], torch.tensor(3.0), 4 + 0.5 * following[3]))
    torch.testing.assert_close(batch.return_B, expected)
    torch.testing.assert_close(batch.advantage_B, expected - v)
    assert not any(x.requires_grad for x in batch if x is not None)


class Picture(gym.Env):
    """Gray walls of a random shade."""

    observation_space = gym.spaces.Box(0, 255, (4, 4), np.uint8)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        return np.full((4, 4), 255, np.uint8), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict]:
        picture = np.full((4, 4), int(self.np_random.integers(256)), np.uint8)
        return picture, 1.0, bool(self.np_random.random() < 0.1), False, {}


@pytest.fixture
def picture_id() -> str:
    gym.register("test/Picture-v0", Picture)
    yield "test/Picture-v0"
    del gym.registry["test/Picture-v0"]


def test_the_normaliser_sees_the_features_that_the_networks_see(picture_id: str) -> None:
    agent = make(picture_id, num_envs=2, normalize_obs=True, encoder="flat")
    agent.step()
    assert 0 < float(agent.nets.obs_norm.mean.min()) <= float(agent.nets.obs_norm.mean.max()) <= 1  # not up to 255
    rollout = rollout_of(agent)
    features = agent.nets.encode(agent.nets.to_batch(rollout.obs.flatten(0, 1)))
    assert abs(float(features.mean())) < 0.5
    assert 0.5 < float(features.std()) < 2


def test_rewards_are_divided_by_the_deviation_of_the_discounted_return() -> None:
    agent = make(num_envs=2, num_steps=30, normalize_reward=True, gamma=0.9)
    rollouts = [rollout_of(agent) for _ in range(2)]
    scaled = [agent.experience.reward_scale.scaled(rollout) for rollout in rollouts]
    returns, running = [], np.zeros(2)
    for t, (reward, done) in enumerate((r, d) for rollout in rollouts for r, d in zip(rollout.reward, rollout.done)):
        running = 0.9 * running + reward.numpy()
        returns.append(running)
        running = running * ~done.numpy()
        if t in (29, 59):  # the statistics include the rollout that they scale
            deviation = np.concatenate(returns).std()
            expected = rollouts[t // 30].reward.numpy() / deviation
            np.testing.assert_allclose(scaled[t // 30].numpy(), expected, rtol=1e-5)
    assert any(rollout.done.any() for rollout in rollouts)


def test_an_environment_that_began_anew_takes_no_return_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = make(num_envs=2, normalize_reward=True)
    agent.step()
    state = agent.state_dict()
    assert bool((agent.experience.reward_scale.discounted_return_E > 0).all())
    restarted = torch.tensor([True, False])
    monkeypatch.setattr(agent.env, "load_state_dict", lambda _: Resumed(agent.experience.interaction.obs, restarted))
    (note,) = agent.load_state_dict(state)
    assert "1 of 2 environments" in note
    assert (agent.experience.reward_scale.discounted_return_E > 0).tolist() == [False, True]


def test_the_linear_schedules_end_at_zero() -> None:
    agent = make(learning_rate=0.5, learning_rate_schedule="linear", clip_schedule="linear")
    batch = agent.samples(agent.experience.collect(agent.nets))
    agent.budget = 1_000
    for agent.clock, expected in ((0, 0.5), (250, 0.375), (1_000, 0.0), (1_100, 0.0)):
        before = [p.detach().clone() for p in agent.modules.parameters()]
        agent.update(batch)
        assert agent.optimizer.learning_rate == pytest.approx(expected)
        unmoved = all(torch.equal(p, q) for p, q in zip(agent.modules.parameters(), before, strict=True))
        assert unmoved == (expected == 0)


def test_a_kl_beyond_its_target_stops_the_epochs() -> None:
    settings = {"minibatch_size": 64, "learning_rate": 0.01}
    # The KL after so many epochs, on all samples: the same agent, allowed no more.
    after = {epochs: make(**settings, num_epochs=epochs).step()["train/approx_kl"] for epochs in range(1, 7)}
    assert sorted(after.values()) == list(after.values())
    for last in range(1, 5):
        for bound, expected in ((0.999 * after[last], last), (1.001 * after[last], last + 1)):
            metrics = make(**settings, num_epochs=6, target_kl=bound / 1.5).step()
            assert metrics["train/gradient_steps"] == 2 * expected
            assert metrics["train/approx_kl"] == after[expected]
    assert make(**settings, num_epochs=6).step()["train/gradient_steps"] == 12


def test_every_sample_is_used_once_an_epoch_and_one_left_over_is_none() -> None:
    agent = make(num_envs=3, num_steps=11, minibatch_size=8, num_epochs=2)
    sizes, seen = [], []
    step = agent._gradient_step
    agent._gradient_step = lambda b, clip: (sizes.append(len(b.obs_BF)), seen.append(b.return_B), step(b, clip))[2]
    batch = agent.samples(agent.experience.collect(agent.nets))._replace(return_B=torch.arange(33.0))
    agent.update(batch)
    assert sizes == [8, 8, 8, 8] * 2  # 33 = 4 x 8 + 1, and one sample has no standard deviation
    for epoch in (seen[:4], seen[4:]):
        assert len(set(torch.cat(epoch).tolist())) == 32
    assert not torch.equal(torch.cat(seen[:4]), torch.cat(seen[4:]))


def test_actions_are_inside_the_bounds_on_their_way_out_only() -> None:
    agent = make("Pendulum-v1", log_std_init=3.0)
    rollout = rollout_of(agent)
    assert float(rollout.action.abs().max()) > 2
    actions = agent.act(torch.zeros(100, 3), deterministic=False).detach()
    assert float(actions.abs().max()) == 2.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_steps": 0}, "num_steps=0; expected at least 1"), ({"minibatch_size": 1}, "minibatch_size=1"),
        ({"num_epochs": 0}, "num_epochs=0"), ({"learning_rate": 0.0}, "learning_rate=0.0"),
        ({"gamma": 1.1}, "gamma=1.1; expected 0 <= gamma <= 1"), ({"gae_lambda": -0.1}, "gae_lambda=-0.1"),
        ({"clip_range": 0.0}, "clip_range=0.0"), ({"max_grad_norm": 0.0}, "max_grad_norm=0.0"),
        ({"hidden_sizes": (8, 0)}, r"hidden_sizes=\(8, 0\)"), ({"clip_value": -1.0}, "clip_value=-1.0"),
        ({"target_kl": 0.0}, "target_kl=0.0"),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        PPOConfig(**settings)


def test_one_sample_is_too_few() -> None:
    with pytest.raises(UsageError, match="num_steps=1 with num_envs=1; expected at least 2 samples"):
        make(num_envs=1, num_steps=1)


KL_PENALTY: dict[str, Any] = {"surrogate": "kl_penalty", "num_epochs": 4, "minibatch_size": 64, "learning_rate": 1e-2}


def divergences(agent: PPO, iterations: int) -> tuple[list[float], list[float]]:
    """KL(old || new) by torch.distributions of each iteration, and the price of it in that iteration."""

    def distribution(batch: ppo.Samples) -> torch.distributions.Distribution:
        out = agent.nets.actor(batch.obs_BF)
        if out.shape[1] == 2:
            return torch.distributions.Categorical(logits=out)
        return torch.distributions.Independent(torch.distributions.Normal(out, agent.nets.head.log_std.exp()), 1)

    moved, prices = [], []
    for _ in range(iterations):
        batch = agent.samples(agent.experience.collect(agent.nets))
        with torch.no_grad():
            old = distribution(batch)
        metrics = agent.update(batch)
        with torch.no_grad():
            moved.append(float(torch.distributions.kl_divergence(old, distribution(batch)).mean()))
        assert metrics["train/kl"] == pytest.approx(moved[-1], rel=1e-3, abs=1e-6)
        prices.append(metrics["train/kl_coef"])
    return moved, prices


@pytest.mark.parametrize("kl_coef", [1e-2, 30.0], ids=["too cheap", "too dear"])
@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
def test_the_divergence_tracks_its_target_from_either_side(env_id: str, kl_coef: float) -> None:
    target = 0.01
    # Values of the size of raw rewards would fill the norm that gradients are clipped to.
    agent = make(env_id, **KL_PENALTY, target_kl=target, kl_coef=kl_coef, normalize_reward=True)
    moved, prices = divergences(agent, 40)
    for kl, price, following in zip(moved, prices, [*prices[1:], agent.beta], strict=True):
        factor = 2.0 if kl > 1.5 * target else 0.5 if kl < target / 1.5 else 1.0
        assert following == pytest.approx(price * factor)
    assert any(b > a for a, b in pairwise(prices))
    assert any(b < a for a, b in pairwise(prices))
    first, last = moved[0], sorted(moved[-15:])[7]  # the median of the last fifteen
    assert not target / 1.5 <= first <= 1.5 * target
    assert target / 2 <= last <= 2 * target


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
def test_the_gradient_under_the_penalty_is_that_of_equation_8(env_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {**KL_PENALTY, "num_epochs": 1, "minibatch_size": 128, "normalize_advantage": False}
    settings["max_grad_norm"] = 1e9
    agent = make(env_id, **settings, target_kl=0.01, kl_coef=3.0, value_coef=0.7, entropy_coef=0.02)
    old = agent.samples(agent.experience.collect(agent.nets))
    agent.update(old)  # away from the old policy, where the penalty has a slope
    agent.beta = 3.0
    log_std = getattr(agent.nets.head, "log_std", None)

    def distribution(out: torch.Tensor, scale: torch.Tensor | None) -> torch.distributions.Distribution:
        if scale is None:
            return torch.distributions.Categorical(logits=out)
        return torch.distributions.Independent(torch.distributions.Normal(out, scale), 1)

    assert old.frozen_BK is not None
    width = agent.nets.head.num_outputs
    before = distribution(old.frozen_BK[:, :width], None if log_std is None else old.frozen_BK[:, width:].exp())
    now = distribution(agent.nets.actor(old.obs_BF), None if log_std is None else log_std.exp())
    ratio_B = (now.log_prob(old.action_B) - old.log_prob_B).exp()
    loss = (
        -(ratio_B * old.advantage_B).mean()
        + 3.0 * torch.distributions.kl_divergence(before, now).mean()
        + 0.7 * (agent.nets.value(old.obs_BF).squeeze(1) - old.return_B).square().mean()
        - 0.02 * now.entropy().mean()
    )
    parameters = agent.optimizer.parameters
    expected = torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters)])
    monkeypatch.setattr(agent.optimizer, "_move", lambda: None)
    agent.update(old)
    torch.testing.assert_close(agent.optimizer.gradient, expected, rtol=1e-3, atol=1e-5)


def test_the_price_is_saved_and_goes_on() -> None:
    agent = make(**KL_PENALTY, target_kl=1e-6)
    agent.step()
    assert agent.beta == 2.0
    resumed = make(**KL_PENALTY, target_kl=1e-6)
    resumed.load_state_dict(agent.state_dict())
    assert resumed.beta == 2.0
    assert resumed.step() == agent.step()
    assert resumed.beta == agent.beta == 4.0


def test_clipping_carries_no_old_distributions() -> None:
    agent = make()
    assert agent.samples(agent.experience.collect(agent.nets)).frozen_BK is None


def test_a_penalty_needs_a_target() -> None:
    with pytest.raises(UsageError, match="target_kl=none with surrogate=kl_penalty; expected a target"):
        PPOConfig(surrogate="kl_penalty")
    with pytest.raises(UsageError, match=r"kl_coef=0\.0"):
        PPOConfig(kl_coef=0.0)
