"""``palestra compare``: a winner where the intervals support one, and only there."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import matplotlib.image
import pytest

import palestra
from palestra.cli.main import main
from palestra.errors import UsageError
from palestra.ops.evidence import iqm
from palestra.recipes.recipe import Claim
from palestra.recipes.registry import RECIPES
from palestra.trials import records
from palestra.trials.compare import compare
from palestra.trials.verify import verify, write_record

CLAIM = Claim(475.0, "the test", count=10)
RANDOM = dataclasses.replace(RECIPES["cartpole/random"], id="cartpole/weak", budget=1024, claim=CLAIM)
AGAIN = dataclasses.replace(RANDOM, id="cartpole/weak-too", num_envs=4)
PPO = dataclasses.replace(RECIPES["cartpole/ppo-sprint"], id="cartpole/strong", budget=4096, target=100, claim=CLAIM)
SEEDS = 5


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three verified recipes of five seeds each."""
    folder = tmp_path_factory.mktemp("verify")
    for recipe in (RANDOM, AGAIN, PPO):
        for seed in range(SEEDS):
            palestra.train(recipe, seed=seed, out=folder / recipe.id.replace("/", "-"))
    return folder


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for recipe in (RANDOM, AGAIN, PPO):
        monkeypatch.setitem(RECIPES, recipe.id, recipe)
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    monkeypatch.setattr(records, "TABLE", tmp_path / "verified.json")


def printed(text: str) -> dict[str, Any]:
    return dict(json.loads(text.splitlines()[-1]))


def values_of(out: Path, name: str) -> list[float]:
    manifests = [json.loads(path.read_text()) for path in out.glob(f"cartpole-{name}/*/manifest.json")]
    return [each["claim"]["value"] for each in sorted(manifests, key=lambda each: each["seed"])]


def test_the_better_one_wins(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["compare", PPO.id, RANDOM.id, "--verified", str(out), "--plot", str(tmp_path / "drawn" / "it.png")]
    assert main([*argv, "--json"]) == 0
    found = printed(capsys.readouterr().out)
    ours, theirs = values_of(out, "strong"), values_of(out, "weak")
    assert [side["values"] for side in found["sides"]] == [ours, theirs]
    (pair,) = found["pairs"]
    assert min(ours) > max(theirs)  # else the next lines have to be others
    assert (pair["improvement"], pair["improvement_interval"], pair["better"]) == (1.0, [1.0, 1.0], PPO.id)
    assert pair["difference"] == pytest.approx(iqm(ours) - iqm(theirs))
    assert pair["difference_interval"][0] > 0
    assert found["winner"] == PPO.id
    assert "provisionally" in found["why"]
    assert "10 episodes" in found["measured"]
    assert matplotlib.image.imread(found["plot"]).shape == (900, 1600, 4)
    assert main(argv) == 0
    assert f"winner  {PPO.id}" in capsys.readouterr().out


def test_of_equals_none_wins(out: Path) -> None:
    found = compare([RANDOM.id, AGAIN.id], verified=out)
    assert found.winner is None
    assert "do not support" in found.why
    (pair,) = found.pairs
    assert pair.improvement_interval[0] < 0.5 < pair.improvement_interval[1]
    assert pair.better is None


def test_of_three_the_winner_beats_both(out: Path) -> None:
    found = compare([RANDOM.id, PPO.id, AGAIN.id], verified=out)
    assert (found.winner, len(found.pairs)) == (PPO.id, 3)
    assert found.level == pytest.approx(1 - 0.05 / 3)
    swapped = compare([PPO.id, RANDOM.id], verified=out).pairs[0]
    pair = compare([RANDOM.id, PPO.id], verified=out).pairs[0]
    assert pair.improvement == 1 - swapped.improvement
    assert (pair.difference, pair.better) == (-swapped.difference, swapped.better)


def test_single_runs_are_too_few(out: Path) -> None:
    runs = [str(next((out / f"cartpole-{name}").glob("*-s0-*"))) for name in ("strong", "weak")]
    found = compare(runs)
    assert found.winner is None
    assert "too few seeds" in found.why
    assert found.pairs[0].improvement == 1.0


def test_folders_and_records_do_as_well(out: Path, tmp_path: Path) -> None:
    by_recipe = compare([PPO.id, RANDOM.id], verified=out)
    by_folder = compare([str(out / "cartpole-strong"), str(out / "cartpole-weak")])
    assert by_folder.pairs[0].improvement_interval == by_recipe.pairs[0].improvement_interval
    (done,) = verify([PPO], seeds=SEEDS, out=out)
    write_record(done, command="")
    by_record = compare([PPO.id, str(out / "cartpole-weak")], verified=tmp_path / "nothing here")
    assert by_record.groups[0].runs == ()
    assert by_record.pairs[0].difference_interval == by_recipe.pairs[0].difference_interval


def test_without_a_final_measurement_the_last_evaluations_count(tmp_path: Path) -> None:
    recipes = [dataclasses.replace(RANDOM, id=f"cartpole/plain{i}", claim=None, num_envs=i) for i in (2, 4)]
    last = []
    for recipe in recipes:
        outcomes = [palestra.train(recipe, seed=seed, out=tmp_path / recipe.method) for seed in range(2)]
        last.append([outcome.metrics["eval/return_mean"] for outcome in outcomes])
    found = compare([str(tmp_path / recipe.method) for recipe in recipes])
    assert "last periodic evaluation" in found.measured
    assert [group.values.tolist() for group in found.groups] == last


def test_what_cannot_be_compared(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*sides: str) -> str:
        with pytest.raises(UsageError) as caught:
            compare(sides, verified=out)
        return str(caught.value)

    assert "expected one or more" in refused()
    assert "1 different sides" in refused(PPO.id, PPO.id)
    assert "palestra verify cartpole/dqn" in refused(PPO.id, "cartpole/dqn")
    assert "without a finished run" in refused(PPO.id, str(tmp_path))
    other = dataclasses.replace(RANDOM, id="cartpole/short", env_kwargs={"max_episode_steps": 9})
    path = palestra.train(other, out=tmp_path / "other").path
    assert "different worlds (CartPole-v1; CartPole-v1 max_episode_steps=9)" in refused(PPO.id, path)
    palestra.train(PPO, out=tmp_path / "mixed", num_steps=16)
    palestra.train(PPO, out=tmp_path / "mixed", seed=1)
    assert "mixes trainings: settings" in refused(PPO.id, str(tmp_path / "mixed"))
    assert main(["compare", PPO.id, PPO.id, "--json"]) == 2
    assert main(["compare", PPO.id, RANDOM.id, "--plot", "x.pdf"]) == 2
