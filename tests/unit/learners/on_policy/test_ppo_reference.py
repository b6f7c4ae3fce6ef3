"""PPO against Stable-Baselines3's: one update, several in a row, and advantages, on the same data."""

from typing import Any

import numpy as np
import pytest
import torch

from palestra.data.rollout import Rollout
from palestra.envs.world import World
from palestra.learners.on_policy.ppo import PPO, PPOConfig, Samples
from palestra.ops.statistics import explained_variance

pytest.importorskip("stable_baselines3", reason="the independent implementation comes with the [bench] extra")

from sb3_twin import adopt, make_theirs, pairs, random_batch, train_theirs
from stable_baselines3 import PPO as SB3PPO
from stable_baselines3.common.buffers import RolloutBuffer

SAMPLES = 128
SETTINGS: dict[str, Any] = {"learning_rate": 1e-2, "clip_range": 0.2}
PLAIN: dict[str, Any] = {"num_epochs": 1, "normalize_obs": False, "normalize_reward": False}


def make_both(env_id: str, **settings: Any) -> tuple[PPO, SB3PPO]:
    theirs = make_theirs(
        SB3PPO,
        env_id,
        n_steps=SAMPLES,
        batch_size=SAMPLES,
        **SETTINGS,
        n_epochs=settings.get("num_epochs", 1),
        clip_range_vf=settings.get("clip_value"),
        ent_coef=settings.get("entropy_coef", 0.0),
        vf_coef=settings.get("value_coef", 0.5),
        max_grad_norm=settings.get("max_grad_norm", 0.5),
        normalize_advantage=settings.get("normalize_advantage", True),
    )
    config = PPOConfig(num_steps=SAMPLES, minibatch_size=SAMPLES, **PLAIN | SETTINGS | settings)
    ours = PPO(World(env_id, 1), config)
    adopt(ours, theirs)
    return ours, theirs


@torch.no_grad()
def make_batch(ours: PPO, rng: torch.Generator) -> Samples:
    """Data at which the ratio is clipped for some samples on either side.

    Values all lie below their returns and not below the old ones. There the value loss of Baselines (the larger of
    clipped and unclipped, which is ours) and that of Stable-Baselines3 (the clipped one alone) are the same.
    """
    b = random_batch(ours, SAMPLES, rng)
    noise_B = torch.randn(SAMPLES, generator=rng)
    log_prob_B = ours.nets.head.log_prob(ours.nets.actor(b.obs_BF), b.action_B) + 0.3 * noise_B
    value_B = b.value_B - 0.4 * noise_B.abs()
    return Samples(b.obs_BF, b.action_B, log_prob_B, value_B, b.advantage_B, b.return_B)


@torch.no_grad()
def figures_of_theirs(theirs: SB3PPO, batch: Samples) -> dict[str, float]:
    """Their policy now against the one that the data came from, on all samples."""
    _, log_prob_B, entropy_B = theirs.policy.evaluate_actions(batch.obs_BF, batch.action_B)
    log_ratio_B = (log_prob_B - batch.log_prob_B).double().numpy()
    return {
        "approx_kl": float((np.exp(log_ratio_B) - 1 - log_ratio_B).mean()),
        "clip_fraction": float((np.abs(np.exp(log_ratio_B) - 1) > SETTINGS["clip_range"]).mean()),
        "entropy": float(entropy_B.mean()),
    }


CASES = {
    "plain": {},
    "entropy and value coefficients": {"entropy_coef": 0.05, "value_coef": 1.5},
    "gradient never clipped": {"max_grad_norm": 1e6},
    "value clipping": {"clip_value": 0.2},
    "advantages as they are": {"normalize_advantage": False, "entropy_coef": 0.01},
    "three epochs": {"num_epochs": 3, "entropy_coef": 0.01},
}


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_updates_in_a_row_move_every_parameter_as_theirs(env_id: str, settings: dict[str, Any]) -> None:
    ours, theirs = make_both(env_id, **settings)
    before = [p.detach().clone() for p in ours.modules.parameters()]
    rng = torch.Generator().manual_seed(1)
    for _ in range(5):
        batch = make_batch(ours, rng)
        metrics = ours.update(batch)
        train_theirs(
            theirs, batch.obs_BF, batch.action_B, log_probs=batch.log_prob_B, values=batch.value_B,
            advantages=batch.advantage_B, returns=batch.return_B,
        )  # fmt: skip
        for p, q in pairs(ours, theirs):
            torch.testing.assert_close(p, q, rtol=0, atol=1e-5)
        logged = theirs.logger.name_to_value
        # They log what they see before each gradient step, as our losses are; our other figures come afterwards.
        metrics["train/explained_variance"] = float(explained_variance(batch.value_B, batch.return_B))
        for name, their_name in (("policy_loss", "policy_gradient_loss"), ("value_loss", "value_loss"),
                                 ("explained_variance", "explained_variance")):  # fmt: skip
            assert metrics[f"train/{name}"] == pytest.approx(logged[f"train/{their_name}"], abs=1e-4)
        for name, figure in figures_of_theirs(theirs, batch).items():
            assert metrics[f"train/{name}"] == pytest.approx(figure, abs=1e-4)
        assert metrics["train/gradient_steps"] == theirs.n_epochs
        # What the case is about did happen.
        assert logged["train/clip_fraction"] > 0.1
        norm = float(torch.cat([p.grad.flatten() for p in theirs.policy.parameters()]).norm())
        assert (norm == pytest.approx(0.5, abs=1e-3)) == ("max_grad_norm" not in settings)
    moved = [float((p.detach() - q).abs().max()) for p, q in zip(ours.modules.parameters(), before, strict=True)]
    assert min(moved) > 1e-3  # a hundred times the tolerance


def test_advantages_and_returns_are_theirs() -> None:
    # Stable-Baselines3 treats truncation outside of its buffer, so that the episodes here terminate only.
    steps, num_envs, gamma, gae_lambda = 32, 3, 0.97, 0.9
    config = PPOConfig(num_steps=steps, gamma=gamma, gae_lambda=gae_lambda, **PLAIN)
    ours = PPO(World("CartPole-v1", num_envs), config, seed=1)
    rng = torch.Generator().manual_seed(2)
    terminated = torch.rand(steps, num_envs, generator=rng) < 0.15
    terminated[-1] = torch.tensor([True, False, False])
    obs = torch.randn(steps + 1, num_envs, 4, generator=rng)
    rollout = Rollout(
        obs=obs[:-1],
        action=torch.randint(2, (steps, num_envs), generator=rng),
        reward=torch.randn(steps, num_envs, generator=rng),
        terminated=terminated,
        truncated=torch.zeros_like(terminated),
        next_obs=obs[1:],
    )
    batch = ours.experience.advantages(ours.nets, rollout)
    theirs = RolloutBuffer(
        steps, ours.env.observation_space, ours.env.action_space, "cpu", gae_lambda, gamma, num_envs
    )  # fmt: skip
    with torch.no_grad():
        values = ours.nets.value(obs.flatten(0, 1)).view(steps + 1, -1)
    ended = np.zeros(num_envs)
    for t in range(steps):
        action, reward = rollout.action[t].numpy(), rollout.reward[t].numpy()
        theirs.add(obs[t].numpy(), action, reward, ended, values[t], torch.zeros(num_envs))
        ended = terminated[t].numpy()
    theirs.compute_returns_and_advantage(values[-1], ended)
    np.testing.assert_allclose(batch.value_B.view(steps, -1).numpy(), theirs.values, atol=1e-6)
    np.testing.assert_allclose(batch.advantage_B.view(steps, -1).numpy(), theirs.advantages, atol=1e-5)
    np.testing.assert_allclose(batch.return_B.view(steps, -1).numpy(), theirs.returns, atol=1e-5)
