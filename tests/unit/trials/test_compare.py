"""Comparisons of runs whose values are known: a winner where the intervals support one, and only there."""

import dataclasses
from pathlib import Path

import pytest
from quick import QUICK

from palestra.errors import UsageError
from palestra.recipes.recipe import Recipe
from palestra.runs.store import Run
from palestra.trials.compare import compare, draw
from palestra.trials.plan import resolve


def side(folder: Path, values: list[float], recipe: Recipe = QUICK) -> str:
    """Finished runs, one for each seed, that were measured at these values."""
    for seed, value in enumerate(values):
        plan = resolve(recipe, {"seed": seed})
        with Run.create(folder, "toy", "quick", seed, plan.to_json()) as run:
            run.metrics.add(256, {"eval/return_mean": value})
            claim = {"metric": "eval/return_mean", "count": 5, "value": value}
            run.update_manifest(status="finished", steps=256, claim=claim)
    return str(folder)


def test_the_better_one_wins(tmp_path: Path) -> None:
    good, bad = (
        side(tmp_path / "good", [9.0, 10.0, 10.0, 10.0, 11.0]),
        side(tmp_path / "bad", [1.0, 2.0, 2.0, 2.0, 3.0]),
    )
    found = compare([bad, good])
    assert found.winner == good
    assert found.why.endswith("provisionally: " + bad + " has only 5 seeds")
    (pair,) = found.pairs
    assert (pair.improvement, pair.difference, pair.better) == (0.0, -8.0, good)
    assert pair.difference_interval[1] < 0
    assert found.measured == "eval/return_mean over 5 episodes, of the best checkpoint in the reference environment"
    assert draw(found, tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")


def test_four_seeds_have_no_winner_and_a_tie_has_none(tmp_path: Path) -> None:
    few, many = side(tmp_path / "few", [9.0] * 4), side(tmp_path / "many", [1.0] * 5)
    found = compare([few, many])
    assert found.winner is None
    assert f"too few seeds: {few} has 4" in found.why
    tie = compare([many, side(tmp_path / "same", [1.0] * 5)])
    assert (tie.winner, tie.pairs[0].improvement) == (None, 0.5)
    assert "the intervals do not support one" in tie.why


def test_budgets_that_differ_are_told(tmp_path: Path) -> None:
    longer = dataclasses.replace(QUICK, budget=512)
    one, other = side(tmp_path / "a", [1.0]), side(tmp_path / "b", [1.0], longer)
    assert compare([one, other]).notes == (f"budgets differ: {one} 256, {other} 512 env steps",)


def test_episodes_that_were_cut_are_told(tmp_path: Path) -> None:
    one, other = side(tmp_path / "a", [1.0, 2.0]), side(tmp_path / "b", [1.0])
    (first,) = (tmp_path / "a").glob("toy-quick-s1-*")
    with Run.open(first, tmp_path, write=True) as run:
        run.update_manifest(claim={**run.manifest["claim"], "cut": 4})
    assert compare([one, other]).notes == (f"{one}: 4 episodes were cut in what was measured",)
    plan = resolve(QUICK, {"seed": 7})
    with Run.create(tmp_path / "c", "toy", "quick", 7, plan.to_json()) as run:  # with its periodic evaluations alone
        run.metrics.add(128, {"eval/return_mean": 1.0, "eval/cut": 9.0})
        run.metrics.add(256, {"eval/return_mean": 2.0, "eval/cut": 3.0})
        run.update_manifest(status="finished", steps=256)
    third = str(tmp_path / "c")
    assert f"{third}: 3 episodes were cut in what was measured" in compare([other, third]).notes


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    one = side(tmp_path / "one", [1.0, 2.0])
    elsewhere = side(tmp_path / "elsewhere", [1.0], dataclasses.replace(QUICK, env="Acrobot-v1"))
    mixed = side(tmp_path / "mixed", [1.0])
    with Run.create(tmp_path / "mixed", "toy", "quick", 1, resolve(QUICK, {"gamma": 0.5}).to_json()) as run:
        run.update_manifest(status="finished")
    for names, said in (
        ([], "0 different sides; expected one or more, each of them once"),
        ([one, one], "1 different sides; expected one or more, each of them once"),
        ([one, elsewhere], r"sides of different worlds \(Acrobot-v1; CartPole-v1\)"),
        ([one, mixed], "mixes trainings: settings of .* differ"),
        ([one, str(tmp_path)], "without a finished run"),
        ([one, "nothing"], "unknown run 'nothing'"),
    ):
        with pytest.raises(UsageError, match=said):
            compare(names, out=tmp_path)


def test_one_side_has_its_table_and_its_plot(tmp_path: Path) -> None:
    one = side(tmp_path / "one", [1.0, 2.0, 6.0])
    found = compare([one])
    (group,) = found.groups
    assert (group.values.tolist(), found.pairs, found.winner) == ([1.0, 2.0, 6.0], (), None)
    assert found.why == "there is one side, and nothing beside it"
    assert draw(found, tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_alone_is_compared_in_itself(tmp_path: Path) -> None:
    mixed = side(tmp_path / "runs", [9.0, 10.0, 10.0, 10.0, 11.0])
    side(
        tmp_path / "runs",
        [1.0, 2.0, 2.0, 2.0, 3.0],
        dataclasses.replace(QUICK, settings={**QUICK.settings, "gamma": 0.5}),
    )
    found = compare([mixed])
    assert [group.name for group in found.groups] == ["toy/quick gamma=0.99", "toy/quick gamma=0.5"]
    assert found.winner == "toy/quick gamma=0.99"
    side(tmp_path / "runs", [1.0], dataclasses.replace(QUICK, id="toy/far", env="Acrobot-v1"))
    with pytest.raises(
        UsageError, match=r"mixes trainings in different worlds \(Acrobot-v1; CartPole-v1\), of the kinds"
    ):
        compare([mixed])


def test_another_training_of_the_same_seed_is_not_passed_over(tmp_path: Path) -> None:
    mixed = side(tmp_path / "mixed", [1.0])
    side(tmp_path / "mixed", [1.0], dataclasses.replace(QUICK, learner="a2c", settings={}))  # of seed 0 too
    other = side(tmp_path / "other", [2.0])
    with pytest.raises(UsageError, match=r"mixes trainings: learner of .*; alone, palestra compare .* its kinds are"):
        compare([other, mixed])


def test_whatever_does_not_count_is_told(tmp_path: Path) -> None:
    one = side(tmp_path / "one", [1.0, 2.0])
    old = sorted(path.name for path in (tmp_path / "one").iterdir())
    side(tmp_path / "one", [5.0])
    with Run.create(tmp_path / "one", "toy", "quick", 7, resolve(QUICK, {"seed": 7}).to_json()) as run:
        pass
    (group,) = compare([one]).groups
    assert group.values.tolist() == [5.0, 2.0]
    assert compare([one]).notes == (
        f"{one}: of each seed the newest run counts, and not {old[0]}",
        f"{one}: not finished, and left out: {run.id}",
    )


def test_a_run_beside_them_that_cannot_be_followed_is_no_obstacle(tmp_path: Path) -> None:
    one = side(tmp_path / "one", [1.0, 2.0])
    with Run.create(tmp_path / "one", "toy", "quick", 7, {"training": {"seed": 7}}):
        pass
    (group,) = compare([one]).groups
    assert group.values.tolist() == [1.0, 2.0]
