"""DrQ learns from pixels what cannot be known without seeing, and not with its update off or its images blank."""

from typing import Any

import pytest
import torch
from matrix import slow_but
from torch import Tensor

from palestra.envs.world import World
from palestra.learners.off_policy.drq import DrQ, DrQConfig
from palestra.nets.encoders import ConvEncoder

SETTINGS: dict[str, Any] = {
    "learning_starts": 256, "batch_size": 64, "train_frequency": 32, "gradient_steps": 8, "buffer_size": 4096,
    "hidden_sizes": (64,), "encoder_channels": 16, "encoder_features": 32, "shift_pixels": 2,
}  # fmt: skip
BLIND = 1 - 2 * 22 / 60
"""The most that can be had without seeing: by action 0, with the mean square of 21 places from -1 to 1 twice."""
SEEN = 0.9


def score(**settings: Any) -> float:
    agent = DrQ(World("probe/PixelTarget", 32), DrQConfig(**{**SETTINGS, **settings}), seed=0)
    return agent.learn(2_816).evaluate(episodes=500, seed=1).score


@pytest.mark.parametrize("augment", slow_but(["shift"], ["shift", "none"]))
def test_pixels_are_understood(augment: str) -> None:
    assert score(augment=augment) > SEEN


def test_without_the_update_they_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DrQ, "update", lambda *_: {})
    assert score() < SEEN


@pytest.mark.slow
def test_whoever_does_not_see_stays_below_what_the_blind_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    see = ConvEncoder.to_batch

    def blank(self: ConvEncoder, obs_BF: Tensor) -> Tensor:
        return torch.zeros_like(see(self, obs_BF))

    monkeypatch.setattr(ConvEncoder, "to_batch", blank)
    assert score() < BLIND + 0.05
