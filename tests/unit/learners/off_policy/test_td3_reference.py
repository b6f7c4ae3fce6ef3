"""TD3's updates against those of Stable-Baselines3, on the same batches, noise and parameters."""

import pytest
import torch
from sb3_off_policy import (
    BATCH,
    ENV,
    SETTINGS,
    UPDATES,
    assert_as_theirs,
    batches,
    copy,
    deterministic_pairs,
    make_theirs,
)
from torch import Tensor

from palestra.envs.world import World
from palestra.learners.off_policy.seeing import seen_slowly
from palestra.learners.off_policy.td3 import TD3, TD3Config

sb3 = pytest.importorskip("stable_baselines3", reason="the independent implementation comes with the [bench] extra")


def test_updates_are_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = make_theirs(sb3.TD3), TD3(World(ENV, 1), TD3Config(**SETTINGS))
    before = copy(deterministic_pairs, ours, theirs)
    rng = torch.Generator().manual_seed(2)
    noises = [torch.randn(BATCH, 6, generator=rng) for _ in range(UPDATES)]
    drawn, ours_drawn = iter(noises), iter(noises)
    monkeypatch.setattr(Tensor, "normal_", lambda self, mean, std: self.copy_(next(drawn) * std + mean))
    theirs.train(UPDATES, BATCH)
    given = [seen_slowly(b, ours.encoder, ours.target_encoder) for b in batches()]
    monkeypatch.setattr(torch, "randn", lambda *_, **__: next(ours_drawn))
    with torch.no_grad():
        for b in given:
            ours.loop.gradient_steps_done += 1
            ours.gradient_step(b)
    assert_as_theirs(ours, theirs, deterministic_pairs, before)
