"""What a learner keeps, whatever it learns from: two that fit data and a policy that learns nothing, twenty lines each.

Nothing is written for them beyond what stands in ``tests/toys``: they state what they save.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cast
import numpy as np
import pytest
import torch
from driver import Driver
from matrix import slow_but
from run_comparison import differences
from states import hash_of, lines_of_two_processes, saved

import palestra
from palestra.engine.callbacks import Callback
from palestra.engine.learner import Learner
from palestra.engine.predictor import BatchConfig
from palestra.engine.state import undeclared
from palestra.engine.trainer import Trainer, TrainSettings
from palestra.errors import UsageError
from palestra.learners.estimators.library_learner import LibraryConfig
from palestra.learners.registry import LEARNERS, learner_type
from palestra.measure import Evaluation, Measure
from palestra.recipes.registry import RECIPES
from palestra.runs import checkpoints
from palestra.runs.series import read_series
from palestra.runs.store import Run
from palestra.trials.plan import resolve

AT_HAND = ("digits", "iris", "diabetes", "toy/baskets", "toy/outliers", "toy/ratings")
"""Data sets that are made, or come with a package which the tests need anyway: nothing is fetched for these."""
_FITTING = sorted((r for r in RECIPES.values() if r.dataset), key=lambda recipe: recipe.dataset in AT_HAND)
OURS = {recipe.learner: recipe for recipe in _FITTING}
"""What is registered and fits data, by the names of the learners: a recipe of each, on data at hand if there is one."""
IN_BATCHES = [
    name
    for name, recipe in OURS.items()
    if recipe.dataset in AT_HAND and issubclass(learner_type(name).config_type, BatchConfig | LibraryConfig)
]
"""Of these, those that learn batch by batch, or round by round: a training has a middle."""
QUICK = ("softmax-regression", "library-regressor", "autoencoder", "two-towers")
"""Of each room of these, the one that is killed in every run of the tests; the others are in the slow ones."""
SMALL = {
    name: {"width": 16, "heads": 2, "blocks": 1, "batch_size": 16, "batches_per_step": 2}
    for name in ("character-model", "translator")
}
"""Settings of those whose networks are large: what they keep does not depend on their size."""
each = pytest.mark.parametrize("name", [*cast.TOYS, *OURS])
each_on_data = pytest.mark.parametrize("name", ["logistic-regression", "naive-bayes"])


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, place in cast.TOYS.items():
        monkeypatch.setitem(LEARNERS, name, place)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with Run.create(tmp_path, "toy", "toy", 0, {}) as run:
        yield run


def make(name: str, seed: int = 0) -> Learner:
    return resolve((cast.RECIPES | OURS)[name], {"seed": seed, **SMALL.get(name, {})}).make_learner()


def stepped(learner: Learner, steps: int = 3) -> Learner:
    """After some steps; three of logistic regression are 96 of the 200 samples of an epoch."""
    for _ in range(steps):
        if not learner.finished:
            learner.step()
    return learner


@each
def test_a_restored_learner_goes_on_bit_for_bit(name: str) -> None:
    whole, resumed = stepped(make(name)), stepped(make(name, seed=0), steps=1)
    assert resumed.load_state_dict(saved(whole)) == []
    assert (hash_of(resumed), resumed.finished) == (hash_of(whole), whole.finished)
    assert hash_of(stepped(resumed, 7)) == hash_of(stepped(whole, 7))  # over the end of an epoch
    for learner in (whole, resumed):
        learner.close()


@each
def test_all_that_a_step_may_depend_on_is_declared(name: str) -> None:
    learner = make(name)
    assert undeclared(learner) == []
    stepped(learner).evaluate()
    assert undeclared(learner) == []
    learner.close()


@each
def test_evaluation_changes_nothing_and_draws_from_nobody(name: str) -> None:
    before = torch.random.get_rng_state(), str(np.random.get_state())  # noqa: NPY002 - what must not move
    learner, untouched = stepped(make(name)), stepped(make(name))
    few = {"count": 64} if learner.source.key == "dataset" else {}
    first = learner.evaluate(seed=1, **few)
    assert learner.headline in first.metrics
    assert torch.equal(learner.evaluate(seed=1, **few).samples, first.samples)
    assert hash_of(learner) == hash_of(untouched)
    assert hash_of(stepped(learner)) == hash_of(stepped(untouched))
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert str(np.random.get_state()) == before[1]  # noqa: NPY002
    for each_one in (learner, untouched):
        each_one.close()


def test_the_seed_alone_decides() -> None:
    hashes = [hash_of(stepped(make("logistic-regression", seed))) for seed in (0, 0, 1)]
    assert hashes[0] == hashes[1] != hashes[2]


@each
def test_a_saved_learner_loads_and_predicts_the_same(name: str, tmp_path: Path) -> None:
    learner = stepped(make(name))
    loaded = palestra.load(learner.save(tmp_path / "saved"))
    assert type(loaded) is type(learner)
    assert (loaded.clock, loaded.config, loaded.source) == (learner.clock, learner.config, learner.source)
    assert hash_of(loaded) == hash_of(learner)
    like = torch.zeros(1, 4) if name == "lean" else learner.train.inputs
    rng, shape = np.random.default_rng(0), (20, *like.shape[1:])
    rows = rng.normal(size=shape) if like.is_floating_point() else rng.integers(0, 16, shape)
    np.testing.assert_array_equal(loaded.predict(rows), learner.predict(rows))
    for each_one in (learner, loaded):
        each_one.close()


@pytest.mark.parametrize("name", cast.TOYS)
def test_killed_and_resumed_it_is_the_same_training(name: str, driver: Driver) -> None:
    asked = {"toy": name, "checkpoint_every": 0.0, "tensorboard": False}
    plans: list[dict[str, Any]] = [{"seconds": 0.0}, {"save": 1, "into": 0.4}, {"save": 1, "into": 0.0}]
    if name == "logistic-regression":
        plans += [{"save": 4, "by_itself": True}, {"save": 2, "into": 0.5}]
    chain = driver.chain(asked, plans=plans)
    assert chain.error is None
    assert chain.kills >= len(plans) - 1
    assert set(chain.notes) <= {"no checkpoint yet: starting from the beginning"}
    assert differences(driver.whole(asked).run, chain.run) == []
    if name == "logistic-regression":
        assert any(step > 0 and step % 200 for step in chain.steps), "never killed within an epoch"


@pytest.mark.parametrize("name", slow_but(QUICK, IN_BATCHES))
def test_ours_is_killed_within_an_epoch_and_goes_on_as_the_same_training(name: str, driver: Driver) -> None:
    by_rounds = hasattr(make(name).config, "rounds_per_step")
    small = {"budget": 16, "rounds_per_step": 2} if by_rounds else {"batch_size": 64, "batches_per_step": 2}
    asked = {"toy": OURS[name].id, "budget": 1_500, "checkpoint_every": 0.0, "tensorboard": False, **small}
    chain = driver.chain(asked, plans=[{"save": 2, "into": 0.4}, {"save": 1, "by_itself": True}])
    assert chain.error is None
    assert chain.kills == 2
    rows = len(make(name).train.inputs)
    assert any(step % rows for step in chain.steps), "never killed within an epoch"
    assert differences(driver.whole(asked).run, chain.run) == []


@pytest.mark.parametrize("name", ["k-means", "association-rules", "bayesian-factorisation"])
def test_what_learns_from_all_rows_at_once_is_killed_between_two_passes(name: str, driver: Driver) -> None:
    asked = {"toy": OURS[name].id, "checkpoint_every": 0.0, "tensorboard": False}
    chain = driver.chain(asked, plans=[{"save": 2, "into": 0.4}, {"save": 1, "by_itself": True}])
    assert chain.error is None
    assert chain.kills == 2
    assert any(0 < step < 1_000_000 for step in chain.steps), "never killed before its end"
    assert differences(driver.whole(asked).run, chain.run) == []


def test_control_where_the_place_in_the_data_is_forgotten(driver: Driver) -> None:
    asked = {"toy": "logistic-regression", "checkpoint_every": 0.0, "tensorboard": False}
    chain = driver.chain(asked, plans=[{"save": 4, "by_itself": True}], broken="position")
    assert chain.error is not None or differences(driver.whole(asked).run, chain.run) != []


def test_a_damaged_checkpoint_is_passed_over(driver: Driver) -> None:
    asked = {"toy": "logistic-regression", "checkpoint_every": 0.0, "tensorboard": False}
    chain = driver.chain(asked, plans=[{"save": 5, "by_itself": True}], to_the_end=False)
    before, newest = checkpoints.steps(chain.run / "checkpoints")[-2:]
    path = checkpoints.find(chain.run / "checkpoints", newest) / "tensors.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 4
    path.write_bytes(data)
    (note,) = palestra.resume(chain.run).notes
    assert f"checkpoint step-{newest:012d} is damaged" in note
    assert f"using step-{before:012d}" in note
    assert differences(driver.whole(asked).run, chain.run) == []


def print_hashes() -> None:
    """Of every toy after nine steps; run in processes of their own by the test below."""
    LEARNERS.update(cast.TOYS)
    for name in cast.TOYS:
        learner = stepped(make(name), 9)
        print(name, hash_of(learner), learner.evaluate().score)


def test_the_result_is_the_same_in_every_process() -> None:
    assert [line.split()[0] for line in lines_of_two_processes(__file__)] == list(cast.TOYS)


def test_less_is_better_where_the_learner_says_so(run: Run) -> None:
    learner = make("logistic-regression")
    settings = TrainSettings(4_000, eval_every=200, eval_count=0, target=0.35)
    result = Trainer(learner, settings, run).run()
    steps, losses = read_series(run.metrics_path, "eval/log_loss")
    assert (learner.direction, result.ending) == ("down", "target")
    assert result.best_score == losses.min() <= 0.35 < losses[:-1].min()
    assert result.best_step == steps[-1] == learner.clock < 4_000


@each_on_data
def test_what_is_told_of_an_evaluation_may_stop_it(name: str) -> None:
    told: list[tuple[int, float]] = []

    class Watch(Callback):
        def on_evaluation(self, trainer: Trainer, evaluation: Evaluation) -> bool:
            told.append((trainer.learner.clock, evaluation.score))
            return len(told) < 3

    learner = make(name)
    settings = TrainSettings(4_000, eval_every=100, eval_count=0)
    result = Trainer(learner, settings, callbacks=Watch()).run()
    if name == "naive-bayes":  # it was finished before anybody could
        assert (result.ending, len(told), learner.clock) == ("finished", 1, 200)
    else:
        assert (result.ending, len(told), learner.clock) == ("stopped", 3, told[-1][0])


def test_an_epoch_reports_and_no_step_goes_beyond_it() -> None:
    learner = make("logistic-regression")
    reports = [(learner.step(), learner.clock) for _ in range(14)]
    assert [clock for _, clock in reports] == [
        *(32 * i for i in range(1, 7)),
        200,
        *(200 + 32 * i for i in range(1, 7)),
        400,
    ]
    assert [report.get("train/epoch") for report, _ in reports] == [*[None] * 6, 1.0, *[None] * 6, 2.0]


@each_on_data
def test_it_is_measured_on_the_split_that_is_asked_for(name: str) -> None:
    learner = stepped(make(name), 20)
    validation, test = learner.evaluate(), learner.evaluate(split="test")
    assert torch.equal(learner.measured(Measure(0)).samples, validation.samples)
    assert validation.samples.shape == test.samples.shape == (100,)
    assert not torch.equal(validation.samples, test.samples)
    some = learner.evaluate(count=30, seed=1)
    assert some.samples.shape == (30,)
    assert not torch.equal(some.samples, learner.evaluate(count=30, seed=2).samples)
    assert learner.evaluate(split="test").metrics["eval/accuracy"] > 0.8
    with pytest.raises(UsageError, match=r"unknown split of 'toy/blobs' 'tset'; nearest: test"):
        learner.evaluate(split="tset")
    with pytest.raises(UsageError, match=r"inputs of shape \(5, 3\); expected rows \(n, 2\)"):
        learner.predict(np.zeros((5, 3)))


def test_a_policy_that_learns_nothing_goes_straight_to_its_evaluation(tmp_path: Path) -> None:
    outcome = palestra.train(cast.RECIPES["lean"], out=tmp_path, tensorboard=False)
    assert (outcome.ending, outcome.steps) == ("finished", 0)
    assert outcome.metrics["eval/return_mean"] > 400


@each_on_data
def test_a_world_is_nothing_to_fit(name: str) -> None:
    recipe = dataclasses.replace(cast.RECIPES[name], dataset="", env="CartPole-v1")
    with pytest.raises(UsageError, match=r"CartPole-v1.*; expected a Dataset, or the id of one"):
        resolve(recipe).make_learner()
