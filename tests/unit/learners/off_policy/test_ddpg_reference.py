"""DDPG's updates against those of Stable-Baselines3, on the same batches, noise and parameters."""

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

from palestra.envs.world import World
from palestra.learners.off_policy.ddpg import DDPG, DDPGConfig
from palestra.learners.off_policy.seeing import seen_slowly

sb3 = pytest.importorskip("stable_baselines3", reason="the independent implementation comes with the [bench] extra")


def test_updates_are_theirs() -> None:
    theirs, ours = make_theirs(sb3.DDPG), DDPG(World(ENV, 1), DDPGConfig(**SETTINGS))
    before = copy(deterministic_pairs, ours, theirs)
    theirs.train(UPDATES, BATCH)
    given = [seen_slowly(b, ours.encoder, ours.target_encoder) for b in batches()]
    with torch.no_grad():
        for b in given:
            ours.loop.gradient_steps_done += 1
            ours.gradient_step(b)
    assert_as_theirs(ours, theirs, deterministic_pairs, before)
