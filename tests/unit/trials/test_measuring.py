"""Saved learners are measured the same each time, in their own world or another."""

import json
from pathlib import Path

import torch

import palestra
from palestra.engine import seeding
from palestra.envs.world import World
from palestra.trials.measuring import evaluate


def test_the_claims_value_can_be_had_again(quick_run: Path) -> None:
    claim = json.loads((quick_run / "manifest.json").read_text())["claim"]
    seed = seeding.derive(7, "claim")
    found = evaluate(quick_run, episodes=5, seed=seed)
    assert found.metrics[claim["metric"]] == claim["value"]
    assert torch.equal(evaluate(quick_run, episodes=5, seed=seed).samples, found.samples)


def test_it_is_measured_elsewhere_and_with_samples(tmp_path: Path) -> None:
    folder = palestra.PPO("CartPole-v1").save(tmp_path)
    fallen = World("CartPole-v1", kwargs={"sutton_barto_reward": True})
    assert palestra.evaluate(folder, episodes=3, env=fallen).score == -1.0
    greedy, sampled = (palestra.evaluate(folder, episodes=10, deterministic=d).samples for d in (True, False))
    assert not torch.equal(greedy, sampled)
    assert torch.equal(palestra.evaluate(folder, episodes=10, deterministic=False).samples, sampled)
    assert torch.equal(palestra.evaluate(folder, episodes=10).samples, greedy)
