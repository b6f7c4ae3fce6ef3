"""Stable-Baselines3 trains on the arm: its PPO on pixels through our encoder, its hindsight replay on goals."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

import palestra
from palestra.engine.seeding import generator
from palestra.nets.encoders import ARCHITECTURES, ConvEncoder

assert palestra  # registers the ids
sb3 = pytest.importorskip("stable_baselines3", reason="the [bench] extra is not installed")
pytest.importorskip("pybullet", reason="the [arm] extra is not installed")


class Extractor(sb3.common.torch_layers.BaseFeaturesExtractor):  # type: ignore[misc, name-defined]
    """Our encoder in the place of the CustomCNN of the notes."""

    def __init__(self, space: spaces.Box) -> None:
        super().__init__(space, ARCHITECTURES["fast"].num_features)
        self.encoder = ConvEncoder(space, generator(0, "sb3"), ARCHITECTURES["fast"])

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """Bytes, which Stable-Baselines3 has made floats, to features."""
        features: torch.Tensor = self.encoder(obs.to(torch.uint8))
        return features


def test_its_ppo_trains_our_encoder_on_the_camera() -> None:
    torch.set_num_threads(1)
    env = gym.make("palestra/ArmReach-v0", view="pixels")
    policy_kwargs = {"features_extractor_class": Extractor, "normalize_images": False}
    model = sb3.PPO("CnnPolicy", env, n_steps=64, batch_size=32, n_epochs=1, seed=0, policy_kwargs=policy_kwargs)
    before = [weight.clone() for weight in model.policy.features_extractor.parameters()]
    assert len(before) == 8
    model.learn(64)
    assert model.num_timesteps == 64
    for old, new in zip(before, model.policy.features_extractor.parameters(), strict=True):
        assert new.isfinite().all()
        assert not torch.equal(old, new)
    env.close()


@pytest.mark.slow
def test_its_hindsight_replay_finds_successes_in_failures() -> None:
    """Episodes of the end effector alone are never rewarded; the relabelled batches are, as compute_reward says."""
    torch.set_num_threads(1)
    env = gym.make("palestra/ArmReach-v0", view="goal", max_episode_steps=6)
    buffer: dict[str, Any] = {"n_sampled_goal": 4, "goal_selection_strategy": "future"}
    model = sb3.SAC(
        "MultiInputPolicy", env, replay_buffer_class=sb3.HerReplayBuffer, replay_buffer_kwargs=buffer,
        learning_starts=60, batch_size=64, seed=0,
    )  # fmt: skip
    model.learn(120)
    batch = model.replay_buffer.sample(500)
    achieved, desired = (batch.next_observations[key].numpy() for key in ("achieved_goal", "desired_goal"))
    near = np.linalg.norm(achieved - desired, axis=1) < 0.1
    rewards = batch.rewards.numpy().ravel()
    assert (rewards == 1.0).sum() > 50
    assert near[rewards == 1.0].all()
    env.close()
