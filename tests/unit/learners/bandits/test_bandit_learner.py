"""What every bandit learner keeps: exact state, seeds, honest sums, pictures, files."""

import dataclasses
import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import palestra
from palestra.engine.trainer import Trainer, TrainSettings
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.bandits.bandit_learner import BanditLearner, recorded_times
from palestra.learners.registry import learner_type
from palestra.ops.statistics import mean_interval
from palestra.pictures.gallery import draw_exhibits
from palestra.recipes.registry import RECIPES
from palestra.runs.codec import decode, encode
from palestra.runs.store import Run

NAMES = ("epsilon-greedy", "ucb", "thompson", "gradient-bandit")
EVERY = pytest.mark.parametrize("name", NAMES)
KINDS = pytest.mark.parametrize("kind", ["bandit/bernoulli", "bandit/gaussian", "bandit/drifting"])


def make(name: str, kind: str = "bandit/bernoulli", seed: int = 0, num: int = 40, **settings: Any) -> BanditLearner:
    cls = learner_type(name)
    config = cls.config_type(**{"pulls_per_step": 20, **settings})
    learner = cls(World(kind, num), config, seed=seed, device="cpu")
    assert isinstance(learner, BanditLearner)
    return learner


def frozen(learner: BanditLearner) -> dict[str, bytes]:
    """A learner's whole state as bytes."""
    tensors, tree = encode(learner.state_dict())
    return {"": json.dumps(tree).encode(), **{name: tensor.numpy().tobytes() for name, tensor in tensors.items()}}


def saved(learner: BanditLearner) -> Any:
    """A learner's state as a file would give it back."""
    tensors, tree = encode(learner.state_dict())
    return decode({name: tensor.clone() for name, tensor in tensors.items()}, json.loads(json.dumps(tree)))


@KINDS
@EVERY
def test_a_restored_learner_goes_on_bit_for_bit(name: str, kind: str) -> None:
    learner, resumed = make(name, kind), make(name, kind, seed=1)
    for _ in range(3):
        learner.step()
    resumed.step()
    assert resumed.load_state_dict(saved(learner)) == []
    assert resumed.evaluate().metrics == learner.evaluate().metrics
    for _ in range(3):
        assert frozen(resumed) == frozen(learner)
        assert resumed.step() == learner.step()
    assert frozen(resumed) == frozen(learner)
    assert resumed.evaluate().metrics == learner.evaluate().metrics


@KINDS
@EVERY
def test_the_seed_alone_decides(name: str, kind: str) -> None:
    torch.rand(1)  # what others draw from the global generator does not matter
    states = []
    for seed in (0, 0, 1):
        learner = make(name, kind, seed)
        learner.step()
        states.append(frozen(learner))
    assert states[0] == states[1] != states[2]


@EVERY
def test_the_global_generator_and_evaluation_change_nothing(name: str) -> None:
    before = torch.random.get_rng_state()
    learner, untouched = make(name), make(name)
    learner.step()
    untouched.step()
    assert torch.equal(learner.evaluate(episodes=3, seed=1).samples, learner.evaluate(seed=2, reference=True).samples)
    assert frozen(learner) == frozen(untouched)
    assert learner.step() == untouched.step()
    assert torch.equal(torch.random.get_rng_state(), before)


@EVERY
def test_the_same_arms_for_every_policy(name: str) -> None:
    assert torch.equal(make(name).arms.mean_AB, make("ucb").arms.mean_AB)


@KINDS
def test_regret_is_the_sum_of_the_gaps_of_the_arms_pulled(kind: str) -> None:
    learner = make("epsilon-greedy", kind, epsilon=0.5)
    regrets, optimal, paid, update = [], [], [], learner.rule.update
    gap_AB = learner.arms.gap_AB.clone()

    def watched(index_B: torch.Tensor, reward_B: torch.Tensor, t: int) -> None:
        gap_B = gap_AB.flatten()[index_B].double()
        regrets.append(gap_B)
        optimal.append((gap_B == 0).double())
        paid.append(reward_B.astype(float).sum())
        gap_AB.copy_(learner.arms.gap_AB)  # as it is for the next pull
        update(index_B, reward_B, t)

    learner.rule.update = watched  # type: ignore[method-assign]
    last = [learner.step() for _ in range(3)][-1]
    regret_TB = torch.stack(regrets).cumsum(0)
    assert learner.clock == len(regret_TB) == 60
    torch.testing.assert_close(learner.regret_B, regret_TB[-1])
    torch.testing.assert_close(learner.optimal_B, torch.stack(optimal).sum(0))
    torch.testing.assert_close(learner.recent_B, torch.stack(optimal)[40:].mean(0))
    curve = learner.curve()
    for t, mean, low, high, tenth, ninetieth in zip(
        curve.pulls, curve.mean, curve.low, curve.high, curve.tenth, curve.ninetieth
    ):
        regret_B = regret_TB[int(t) - 1]
        assert (mean, low, high) == pytest.approx(mean_interval(regret_B))
        assert (tenth, ninetieth) == pytest.approx(np.quantile(regret_B.numpy(), [0.1, 0.9]))
    metrics = learner.evaluate().metrics
    assert metrics["eval/regret_mean"] == last["train/regret_mean"] == pytest.approx(float(regret_TB[-1].mean()))
    assert metrics["eval/reward_mean"] == pytest.approx(float(sum(paid)) / (60 * 40))
    assert metrics["eval/optimal_share_so_far"] == pytest.approx(float(torch.stack(optimal).mean()))
    assert metrics["eval/optimal_share"] == last["train/optimal_share"]
    half = float(regret_TB[29].mean() / regret_TB[-1].mean())
    assert metrics["eval/regret_first_half"] == pytest.approx(half, rel=0.02)  # between two recorded times


def test_regret_is_recorded_evenly_on_a_logarithmic_clock() -> None:
    times = recorded_times(1, 10_000)
    assert times[:6] == [1, 2, 3, 4, 5, 6]
    assert times == sorted(set(times))
    assert all(b - a <= 0.05 * a + 1 for a, b in pairwise(times))
    assert 130 < len(times) < 180
    blocks = [t for first in range(1, 10_000, 7) for t in recorded_times(first, min(first + 6, 10_000))]
    assert blocks == times  # wherever blocks begin


def test_lai_robbins_is_known_for_arms_of_given_means_alone() -> None:
    ucb = learner_type("ucb")
    given = World("bandit/gaussian", 5, kwargs={"means": [1.0, 0.5, 0.0], "noise_std": 2.0})
    learner = ucb(given, seed=0, device="cpu")
    assert learner.lai_robbins() == pytest.approx(8 / 0.5 + 8 / 1.0)
    learner.step()
    metrics = learner.evaluate().metrics
    assert metrics["eval/lai_robbins_share"] == pytest.approx(24 * math.log(100) / metrics["eval/regret_mean"])
    drifting = World("bandit/drifting", 5, kwargs={"means": [1.0, 0.5]})
    for env in (drifting, World("bandit/gaussian", 5)):
        other = ucb(env, seed=0, device="cpu")
        other.step()
        assert other.lai_robbins() is None
        assert "eval/lai_robbins_share" not in other.evaluate().metrics


@EVERY
def test_one_bandit_and_no_pull_can_be_measured_too(name: str, tmp_path: Path) -> None:
    learner = make(name, num=1)
    assert learner.evaluate().score == 0.0
    assert draw_exhibits(learner.exhibits(), tmp_path) == []
    learner.step()
    assert all(math.isfinite(value) for value in learner.evaluate().metrics.values())
    assert draw_exhibits(learner.exhibits(), tmp_path) == [tmp_path / "regret.png"]


@EVERY
def test_a_saved_learner_loads_and_goes_on_the_same(name: str, tmp_path: Path) -> None:
    learner = make(name)
    learner.step()
    loaded = palestra.load(learner.save(tmp_path / "bandits"))
    assert isinstance(loaded, BanditLearner)
    assert type(loaded) is type(learner)
    assert (loaded.config, loaded.world, frozen(loaded)) == (learner.config, learner.world, frozen(learner))
    assert loaded.step() == learner.step()


def test_a_run_interrupted_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    def trained(*budgets: int) -> dict[str, bytes]:
        run = Run.create(tmp_path / str(budgets), "bandit", "thompson", 0, {})
        for budget in budgets:
            learner = make("thompson")
            trainer = Trainer(learner, TrainSettings(budget=budget, eval_every=40, tensorboard=False), run)
            if budget != budgets[0]:
                assert trainer.resume() == []
            trainer.run()
        run.close()
        return frozen(learner)

    assert trained(60, 200) == trained(200)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        (World("CartPole-v1", 2), "unknown kind of bandit 'CartPole-v1'; nearest: bandit/"),
        (
            World("bandit/bernoulli", 2, backend="sync"),
            "backend='sync' for bandit/bernoulli; expected auto or torch",
        ),
        (World("bandit/bernoulli", 0), "num_envs=0; expected at least 1 bandit"),
    ],
)
def test_what_is_no_bandit_is_refused(env: World, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        learner_type("ucb")(env)


@pytest.mark.parametrize("recipe", [r for r in RECIPES.values() if r.task.startswith("bandit")], ids=lambda r: r.id)
def test_every_recipe_trains_and_measures_what_it_claims(recipe: Any, tmp_path: Path) -> None:
    small = dataclasses.replace(recipe, num_envs=20, budget=2_000, eval_every=2_000)
    outcome = palestra.train(small, out=tmp_path, tensorboard=False)
    assert outcome.steps == 2_000
    assert outcome.headline in outcome.metrics
    assert (outcome.claim is None) == (recipe.claim is None)
