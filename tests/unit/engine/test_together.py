"""Trainings in lockstep: one call does the steps of all, each is as alone, and whoever ends leaves the rest."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from coin import Coin
from same_state import differing
from torch import Tensor

from palestra.engine.settings import TrainSettings
from palestra.engine.signals import GivenUp
from palestra.engine.together import Lockstep, Together
from palestra.engine.trainer import Trainer
from palestra.engine.training import TrainResult
from palestra.errors import UsageError
from palestra.learners.registry import learner_type
from palestra.learners.together import together_type
from palestra.measure import Evaluation, Measure, Metrics


class Coins(Together):
    """Many coins, one by one, and who was asked for what."""

    asked: list[tuple[str, list[int]]]
    gives_up = False

    @classmethod
    def check(cls, learner: Any) -> None:
        """All can."""

    def step(self) -> list[Metrics]:
        self.asked.append(("step", [member.seed for member in self.members]))
        return [member.step() for member in self.members]

    def actor(self) -> Callable[[Tensor], Tensor]:
        raise NotImplementedError

    def measured(self, measures: Sequence[Measure]) -> list[Evaluation]:
        self.asked.append(("measured", [member.seed for member in self.members]))
        if self.gives_up:
            raise GivenUp
        return [member.measured(measure) for member, measure in zip(self.members, measures, strict=True)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    said: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(Coins, "asked", said, raising=False)
    return said


def trainer(seed: int, budget: int) -> Trainer:
    return Trainer(Coin(seed), TrainSettings(budget, seed=seed, eval_every=16, eval_count=4))


def trained(budgets: Sequence[int]) -> tuple[list[Trainer], dict[int, TrainResult], int]:
    """Coins with these budgets, how they ended, and after how many rounds."""
    trainers = [trainer(seed, budget) for seed, budget in enumerate(budgets)]
    lockstep = Lockstep(Coins, {seed: each.rounds() for seed, each in enumerate(trainers)})
    ended: dict[int, TrainResult] = {}
    rounds = 0
    while not lockstep.over:
        ended |= lockstep.advance()
        rounds += 1
    return trainers, ended, rounds


def test_all_are_stepped_by_one_call_and_end_as_alone(asked: list[tuple[str, list[int]]]) -> None:
    trainers, ended, _ = trained([32, 48, 32])
    for seed, (each, budget) in enumerate(zip(trainers, [32, 48, 32], strict=True)):
        alone = trainer(seed, budget)
        result = alone.run()
        assert (ended[seed].metrics, ended[seed].best_score) == (result.metrics, result.best_score)
        assert ended[seed].steps == budget
        assert differing(each.learner, alone.learner) == []
    steps = [who for what, who in asked if what == "step"]
    assert steps == [[0, 1, 2]] * 4 + [[1]] * 2
    assert [who for what, who in asked if what == "measured"] == [[0, 1, 2]] * 2 + [[1]]


def test_the_last_one_goes_on(asked: list[tuple[str, list[int]]]) -> None:
    _, ended, rounds = trained([8, 40])
    assert (ended[0].steps, ended[1].steps) == (8, 40)
    assert [who for what, who in asked if what == "step"] == [[0, 1], *[[1]] * 4]
    assert rounds == 6


def test_an_evaluation_that_is_given_up_is_each_ones_own(
    asked: list[tuple[str, list[int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Coins, "gives_up", True)
    trainers, ended, _ = trained([16, 16])
    assert [what for what, _ in asked] == ["step", "step", "measured"]
    assert all(result.best_score is not None for result in ended.values())  # a coin does not give up
    assert len(trainers) == 2


def test_nobody_is_no_lockstep_and_closing_leaves_the_rest(asked: list[tuple[str, list[int]]]) -> None:
    with pytest.raises(UsageError, match="no training"):
        Lockstep(Coins, {})
    lockstep = Lockstep(Coins, {0: trainer(0, 80).rounds()})
    lockstep.advance()
    assert lockstep.progress == pytest.approx(0.1)
    lockstep.close()
    assert lockstep.over
    assert asked == [("step", [0])]


@pytest.mark.parametrize("count", [3, 130])
def test_many_are_measured_as_each_alone(count: int) -> None:
    """In several batches of copies too, and where episodes are cut."""
    make = learner_type("q-learning")
    members: list[Any] = [make("FrozenLake-v1", seed=seed) for seed in range(3)]
    for member in members:
        member.learn(3_000)
    measures = [Measure(count, seed=seed + 5, max_steps=7) for seed in range(3)]
    found = together_type("q-learning")(members).measured(measures)
    for member, measure, ours in zip(members, measures, found, strict=True):
        alone = member.measured(measure)
        assert torch.equal(ours.samples, alone.samples)
        assert ours.metrics == alone.metrics
    assert any("eval/cut" in each.metrics for each in found)
    other = [Measure(2, seed=1), Measure(3, seed=1), Measure(2, seed=1)]
    assert [len(each.samples) for each in together_type("q-learning")(members).measured(other)] == [2, 3, 2]
