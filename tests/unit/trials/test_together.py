"""The pool of one batch: each trial an ordinary run, stopped and gone on with as any, and others told who can."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from quick import QUICK
from run_comparison import differences

from palestra.engine.device import threads
from palestra.errors import UsageError
from palestra.recipes.recipe import Claim, Recipe
from palestra.recipes.registry import RECIPES
from palestra.runs.store import Run, run_ids
from palestra.trials.opening import opened
from palestra.trials.pool import NEVER_BEGUN
from palestra.trials.sweep.sweep import sweep
from palestra.trials.together import TogetherPool
from palestra.trials.train import resume
from palestra.trials.trial import Result, Trial, attempt
from palestra.trials.verify import verify

TABLE = Recipe(
    id="toy/table",
    summary="a table of a moment",
    learner="q-learning",
    env="FrozenLake-v1",
    budget=1_200,
    num_envs=4,
    eval_every=400,
    eval_count=6,
    settings={"num_steps": 25},
    claim=Claim(-1.0, "the test", count=5, seeds=2),
)


def trials(count: int, **overrides: Any) -> list[Trial]:
    return [Trial(TABLE, seed, overrides) for seed in range(count)]


def tried(pool: TogetherPool, some: list[Trial], folder: Path) -> dict[int, Result]:
    for trial in some:
        pool.submit(trial, folder)
    results: dict[int, Result] = {}
    while len(results) < len(some):
        results |= {trial.seed: result for trial, result in pool.poll()}
    return results


def test_each_run_is_to_the_bit_that_of_a_process_of_its_own(tmp_path: Path) -> None:
    """Rows, checkpoints, evaluations, the claim, the manifest; in two batches, since three do not fit in one of two."""
    with TogetherPool(2) as pool:
        together = tried(pool, trials(3), tmp_path / "together")
    for trial in trials(3):
        alone, ours = attempt(trial, tmp_path / "alone"), together[trial.seed]
        assert (ours.value, ours.steps, ours.exact, ours.error) == (alone.value, alone.steps, True, None)
        assert alone.run is not None
        assert ours.run is not None
        assert differences(Path(alone.run), Path(ours.run)) == []
        assert Run.open(ours.run, tmp_path).config == Run.open(alone.run, tmp_path).config


def test_what_is_stopped_goes_on_to_the_bit(tmp_path: Path) -> None:
    with TogetherPool(2) as pool:
        for trial in trials(3):
            pool.submit(trial, tmp_path / "stopped")
        pool._begin()
        assert pool._lockstep is not None
        for _ in range(4):
            pool._lockstep.advance()
        assert pool.tell() == ["toy/table seed 0 and 1 more 33%"]
        pool.stop()
        ended: dict[int, str | None] = {}
        while len(ended) < 3:
            ended |= {trial.seed: result.error for trial, result in pool.poll()}
    assert ended == {0: "interrupted", 1: "interrupted", 2: NEVER_BEGUN}
    with TogetherPool(8) as pool:
        together = tried(pool, trials(3), tmp_path / "stopped")
    for trial in trials(3):
        alone, ours = attempt(trial, tmp_path / "whole"), together[trial.seed]
        assert alone.run is not None
        assert ours.run is not None
        assert differences(Path(alone.run), Path(ours.run)) == []
    assert len(run_ids(tmp_path / "stopped")) == 3


def test_one_that_fails_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(trial: Trial, *_: Any) -> Any:
        if trial.seed == 1:
            raise UsageError("seed 1 cannot")
        return real(trial, *_)

    from palestra.trials import together

    real = together.attempting
    monkeypatch.setattr(together, "attempting", failing)
    with TogetherPool(3) as pool:
        results = tried(pool, trials(3), tmp_path)
    assert results[1].error == "seed 1 cannot"
    assert (results[0].error, results[2].error) == (None, None)


def test_a_pool_that_is_closed_midway_leaves_the_number_of_threads_alone(tmp_path: Path) -> None:
    with threads(2):
        pool = TogetherPool(1)
        (trial,) = trials(1, budget=10_000_000)
        pool.submit(trial, tmp_path)
        assert pool.poll() == []
        assert torch.get_num_threads() == 2
        pool.close()
        assert torch.get_num_threads() == 2


def test_it_is_a_pool_by_its_name(tmp_path: Path) -> None:
    with opened("together:8", 8) as pool:
        assert isinstance(pool, TogetherPool)
    (done,) = verify([TABLE], out=tmp_path, pool="together:2")
    assert [trial.seed for trial in done.trials] == [0, 1]
    assert all(trial.value is not None for trial in done.trials)
    with pytest.raises(UsageError, match="jobs=2 with pool=together:2"):
        verify([TABLE], out=tmp_path, pool="together:2", jobs=2)


def test_a_sweep_tries_settings_as_one_batch(tmp_path: Path) -> None:
    recipe = dataclasses.replace(TABLE, claim=None)
    done = sweep(recipe, {"learning_rate": [0.1, 0.5], "gamma": [0.9, 0.99]}, method="grid", confirm=0, out=tmp_path,
                 pool="together")  # fmt: skip
    assert len(done.trials) == 4
    assert all(each.score is not None for each in done.trials)


@pytest.mark.parametrize("recipe", ["cartpole/rainbow", "digits/mlp", "cartpole/ppo-kl", "cliff/dyna-q"])
def test_others_are_told_who_can(recipe: str, tmp_path: Path) -> None:
    with TogetherPool(2) as pool, pytest.raises(UsageError, match="together with others; expected"):
        pool.submit(Trial(RECIPES[recipe]), tmp_path)


def test_networks_go_on_to_the_bit_as_one_batch_and_alone_it_is_said(tmp_path: Path) -> None:
    some = [Trial(QUICK, seed) for seed in range(2)]
    with TogetherPool(2) as pool:
        for trial in some:
            pool.submit(trial, tmp_path / "stopped")
        pool._begin()
        assert pool._lockstep is not None
        pool._lockstep.advance()
        pool.stop()
        ended = [result for _ in range(4) for _, result in pool.poll()]
    assert [result.error for result in ended] == ["interrupted"] * 2
    results = []
    for folder in ("stopped", "whole"):
        with TogetherPool(2) as pool:
            results.append(tried(pool, some, tmp_path / folder))
    for stopped, whole in zip(*(each.values() for each in results), strict=True):
        assert stopped.run is not None
        assert whole.run is not None
        assert differences(Path(whole.run), Path(stopped.run)) == []
        assert stopped.exact
    alone = resume(Path(str(results[0][0].run)), total_timesteps=384)
    assert "not exact: trained with batched products until here, and alone from here on" in " ".join(alone.notes)
