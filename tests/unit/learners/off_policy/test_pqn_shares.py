"""PQN over several ranks: gradients of shares of a minibatch, one clock, and a checkpoint of all."""

from pathlib import Path
from typing import Any

import pytest
import torch
from same_state import differing
from torch import Tensor

from palestra.data.rollout import Rollout
from palestra.engine.settings import TrainSettings
from palestra.engine.state import capture
from palestra.engine.trainer import Trainer
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.off_policy.pqn import PQN, PQNConfig
from palestra.runs.store import Run
from together import Threads, side_by_side

TINY: dict[str, Any] = {"num_steps": 16, "minibatch_size": 64, "num_epochs": 1, "hidden_sizes": (8,)}


def make(ranks: Threads | None = None, **settings: Any) -> PQN:
    size = 1 if ranks is None else ranks.size
    agent = PQN(World("CartPole-v1", 4 // size), PQNConfig(**TINY | settings), seed=3)
    if ranks is not None:
        agent.join(ranks)
    return agent


@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("optimizer", ["radam", "adam"])
def test_shares_of_a_minibatch_have_the_gradient_of_the_minibatch(size: int, optimizer: str) -> None:
    alone = make(max_grad_norm=0.1, optimizer=optimizer)
    rollout = alone.interaction.collect(alone.explore, 16)
    alone.update(rollout)  # one epoch of one minibatch

    def work(ranks: Threads) -> Tensor:
        agent, mine = make(ranks, max_grad_norm=0.1, optimizer=optimizer), ranks.share(4)
        agent.update(Rollout._make(x[:, mine.start : mine.stop] for x in rollout))
        return agent.optimizer.gradient

    for gradient in side_by_side(size, work):
        assert float((gradient - alone.optimizer.gradient).abs().max()) <= 1e-6


def test_ranks_learn_the_same_from_luck_of_their_own() -> None:
    def work(ranks: Threads) -> tuple[PQN, Tensor]:
        agent = make(ranks, minibatch_size=16)
        first = agent.interaction.obs.clone()
        for _ in range(2):
            agent.step()
        return agent, first

    (one, seen), (other, others) = side_by_side(2, work)
    assert one.clock == other.clock == 2 * 16 * 4
    assert not torch.equal(seen, others)
    for ours, theirs in ((one.policy.generator, other.policy.generator), (one.shuffling, other.shuffling)):
        assert not torch.equal(ours.get_state(), theirs.get_state())
    assert differing(capture(one.modules), capture(other.modules)) == []
    assert differing(capture(one.optimizer), capture(other.optimizer)) == []


def test_a_minibatch_that_does_not_part_is_refused() -> None:
    with pytest.raises(UsageError, match="minibatch_size=15 over 2 processes; expected a multiple of 2"):
        side_by_side(2, lambda ranks: make(ranks, minibatch_size=15))


def trained(root: Path, budget: int, again: bool, ranks: Threads) -> PQN:
    agent = make(ranks, minibatch_size=16, epsilon_start=0.3, epsilon_end=0.3)  # whatever the budget is
    settings = TrainSettings(budget=budget, eval_every=128, eval_count=2, tensorboard=False, log_every=64)
    run = None
    if ranks.rank == 0:
        run = Run.open(next(root.iterdir()), root, write=True) if again else Run.create(root, "a", "pqn", 0, {})
    try:
        trainer = Trainer(agent, settings, run)
        if again:
            assert trainer.resume() == []
        trainer.run()
    finally:
        if run is not None:
            run.close()
    return agent


def test_a_training_of_two_that_is_gone_on_with_is_the_one_that_never_stopped(tmp_path: Path) -> None:
    for name in ("parts", "whole"):
        (tmp_path / name).mkdir()
    side_by_side(2, lambda ranks: trained(tmp_path / "parts", 128, False, ranks))
    parts = side_by_side(2, lambda ranks: trained(tmp_path / "parts", 256, True, ranks))
    whole = side_by_side(2, lambda ranks: trained(tmp_path / "whole", 256, False, ranks))
    for one, other in zip(parts, whole, strict=True):
        assert differing(capture(one), capture(other)) == []
