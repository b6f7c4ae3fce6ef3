"""PPO over several ranks: gradients of shares of a minibatch, statistics and stops of all, and a checkpoint of all."""

from pathlib import Path
from typing import Any

import pytest
import torch
from same_state import differing
from torch import Tensor

from palestra.engine.settings import TrainSettings
from palestra.engine.state import capture
from palestra.engine.trainer import Trainer
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.experience import Samples
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.runs import checkpoints
from palestra.runs.store import Run
from together import Threads, side_by_side

TINY: dict[str, Any] = {"num_steps": 16, "minibatch_size": 64, "num_epochs": 1, "hidden_sizes": (8,)}


def make(ranks: Threads | None = None, env_id: str = "CartPole-v1", **settings: Any) -> PPO:
    size = 1 if ranks is None else ranks.size
    agent = PPO(World(env_id, 4 // size), PPOConfig(**TINY | settings), seed=3)
    if ranks is not None:
        agent.join(ranks)
    return agent


@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize(
    ("env_id", "settings"),
    [
        ("CartPole-v1", {"max_grad_norm": 0.1, "entropy_coef": 0.01}),
        ("Pendulum-v1", {"surrogate": "kl_penalty", "target_kl": 0.01, "clip_value": 0.2}),
        ("CartPole-v1", {"normalize_advantage": False}),
    ],
    ids=["clipped", "penalty", "advantages as they are"],
)
def test_shares_of_a_minibatch_have_the_gradient_of_the_minibatch(
    env_id: str, settings: dict[str, Any], size: int
) -> None:
    alone = make(env_id=env_id, **settings)
    batch = alone.samples(alone.experience.collect(alone.nets))
    alone.update(batch)  # one epoch of one minibatch

    def work(ranks: Threads) -> tuple[Tensor, float]:
        agent, mine = make(ranks, env_id, **settings), ranks.share(len(batch.obs_BF))
        agent.update(Samples(*(x if x is None else x[mine.start : mine.stop] for x in batch)))
        return agent.optimizer.gradient, agent.beta

    for gradient, beta in side_by_side(size, work):
        assert float((gradient - alone.optimizer.gradient).abs().max()) <= 1e-6
        assert beta == pytest.approx(alone.beta)


def test_all_stop_where_the_mean_has_gone_too_far() -> None:
    def work(ranks: Threads) -> float:
        agent = make(ranks, minibatch_size=16, num_epochs=20, learning_rate=3e-2, target_kl=1e-4)
        return agent.step()["train/gradient_steps"]

    first, second = side_by_side(2, work)
    assert first == second
    assert first < 80


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
def test_ranks_learn_the_same_from_luck_of_their_own(env_id: str) -> None:
    def work(ranks: Threads) -> tuple[PPO, Tensor]:
        agent = make(ranks, env_id, minibatch_size=16)
        first = agent.experience.interaction.obs.clone()
        for _ in range(2):
            agent.step()
        return agent, first

    (one, seen), (other, others) = side_by_side(2, work)
    assert one.clock == other.clock == 2 * 16 * 4
    assert not torch.equal(seen, others)
    assert not torch.equal(one.nets.sampling.get_state(), other.nets.sampling.get_state())
    assert differing(capture(one.nets.networks), capture(other.nets.networks)) == []
    assert differing(capture(one.optimizer), capture(other.optimizer)) == []
    assert one.nets.obs_norm is not None
    assert int(one.nets.obs_norm.count) == 2 * 16 * 4  # of all
    assert one.experience.reward_scale is not None
    assert other.experience.reward_scale is not None
    assert int(one.experience.reward_scale.norm.count) == 2 * 16 * 4
    assert differing(capture(one.experience.reward_scale.norm), capture(other.experience.reward_scale.norm)) == []


def test_a_minibatch_that_does_not_part_is_refused() -> None:
    with pytest.raises(UsageError, match="minibatch_size=15 over 2 processes; expected a multiple of 2"):
        side_by_side(2, lambda ranks: make(ranks, minibatch_size=15))


def trained(root: Path, budget: int, again: bool, ranks: Threads) -> PPO:
    agent = make(ranks, minibatch_size=16)
    settings = TrainSettings(budget=budget, eval_every=128, eval_count=2, tensorboard=False, log_every=64)
    run = None
    if ranks.rank == 0:
        run = Run.open(next(root.iterdir()), root, write=True) if again else Run.create(root, "a", "ppo", 0, {})
    try:
        trainer = Trainer(agent, settings, run)
        if again:
            assert trainer.resume() == []
        result = trainer.run()
    finally:
        if run is not None:
            run.close()
    assert result.steps == budget
    return agent


def test_a_training_of_two_that_is_gone_on_with_is_the_one_that_never_stopped(tmp_path: Path) -> None:
    for name in ("parts", "whole"):
        (tmp_path / name).mkdir()
    side_by_side(2, lambda ranks: trained(tmp_path / "parts", 128, False, ranks))
    parts = side_by_side(2, lambda ranks: trained(tmp_path / "parts", 256, True, ranks))
    whole = side_by_side(2, lambda ranks: trained(tmp_path / "whole", 256, False, ranks))
    for one, other in zip(parts, whole, strict=True):
        assert differing(capture(one), capture(other)) == []
    states = [checkpoints.load_latest(next((tmp_path / name).iterdir()) / "checkpoints").state for name in
              ("parts", "whole")]  # fmt: skip
    assert len(states[0]["ranks"]) == 1
    assert differing(states[0]["ranks"], states[1]["ranks"]) == []
    own = states[0]["ranks"][0]
    assert sorted(own) == sorted(PPO.apart)
