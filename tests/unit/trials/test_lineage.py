"""A new run begins with what another one learned: another world, other copies, settings, seed."""

import dataclasses
import shutil
from pathlib import Path

import pytest
import torch
from quick import QUICK

import palestra
from palestra.engine.trainer import Trainer
from palestra.errors import UsageError
from palestra.runs import checkpoints
from palestra.runs.store import Run
from palestra.trials import lineage
from palestra.trials.plan import Origin
from palestra.trials.train import resume, train


def networks(path: Path, step: int) -> dict[str, torch.Tensor]:
    networks: dict[str, torch.Tensor] = checkpoints.load(checkpoints.find(path / "checkpoints", step)).state["learner"][
        "nets"
    ]["networks"]
    return networks


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    "changed",
    [{}, {"num_envs": 2}, {"seed": 3}, {"learning_rate": 1e-4}, {"world.id": "palestra/Twin-v0"}],
    ids=["nothing", "copies", "seed", "settings", "world"],
)
def test_a_new_run_begins_with_the_parameters_of_another(
    tmp_path: Path, quick_run: Path, changed: dict[str, object]
) -> None:
    import gymnasium as gym

    if "palestra/Twin-v0" not in gym.registry:
        gym.register("palestra/Twin-v0", "gymnasium.envs.classic_control.cartpole:CartPoleEnv", max_episode_steps=99)
    best = Run.open(quick_run, tmp_path).manifest["best_step"]
    outcome = train(None, {"budget": 128, "keep_every": 1, **changed}, start_from=quick_run, out=tmp_path)
    run = Run.open(outcome.run, tmp_path)
    assert run.config["origin"] == {"path": str(quick_run), "step": best}
    assert run.manifest["lineage"] == [{"run": quick_run.name, "path": str(quick_run), "step": best}]
    assert (outcome.steps, outcome.claim, outcome.learned_from) == (128, None, "world")
    assert run.config["training"]["eval_every"] == 12  # of its own budget
    if "world.id" in changed:
        assert (run.config["world"]["id"], run.config["recipe"]) == ("palestra/Twin-v0", "palestra-twin-v0/ppo")
    again = train(None, {"budget": 128, **changed}, start_from=outcome.path, out=tmp_path)
    known = [each["run"] for each in Run.open(again.run, tmp_path).manifest["lineage"]]
    assert known == [outcome.run, quick_run.name]


def test_what_it_begins_with_is_in_its_first_checkpoint_and_nothing_else(
    tmp_path: Path, quick_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trainer, "rounds", lambda trainer: pytest.fail("stopped here"))
    with pytest.raises(pytest.fail.Exception):
        train(None, {"seed": 9}, start_from=quick_run, out=tmp_path)
    (path,) = (path for path in tmp_path.iterdir() if path.is_dir())
    best = Run.open(quick_run, tmp_path).manifest["best_step"]
    assert same(networks(path, 0), networks(quick_run, best))
    state = checkpoints.load_latest(path / "checkpoints").state["learner"]
    assert (state["clock"], state["optimizer"]["steps"]) == (0, 0)


def test_a_run_killed_before_its_first_checkpoint_begins_again_with_the_same(tmp_path: Path, quick_run: Path) -> None:
    first = train(None, {"seed": 9}, start_from=quick_run, out=tmp_path)
    left = networks(Path(first.path), first.steps)
    shutil.rmtree(Path(first.path) / "checkpoints")
    assert resume(first.path).steps == first.steps
    assert same(networks(Path(first.path), first.steps), left)
    fresh = train(QUICK, {"seed": 9}, out=tmp_path)
    assert not same(networks(Path(fresh.path), fresh.steps), left)


def test_a_recipe_can_say_what_is_asked_for_instead(tmp_path: Path, quick_run: Path) -> None:
    outcome = train(dataclasses.replace(QUICK, id="toy/other", budget=128), out=tmp_path, start_from=quick_run)
    assert outcome.run.startswith("toy-other-s0")
    assert outcome.claim is None


def test_what_an_agent_saved_will_do(tmp_path: Path) -> None:
    config = palestra.PPOConfig(num_steps=16, minibatch_size=32, num_epochs=1)
    folder = palestra.PPO("CartPole-v1", config).learn(128).save(tmp_path / "agent")
    with pytest.raises(UsageError, match="saved without a budget; expected --total-timesteps N"):
        train(None, start_from=folder, out=tmp_path)
    outcome = train(None, {"budget": 128}, start_from=folder, out=tmp_path)
    assert outcome.run.startswith("cartpole-v1-ppo-s0")
    assert Run.open(outcome.run, tmp_path).manifest["lineage"] == [{"run": "agent", "path": str(folder), "step": 128}]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hidden_sizes": (9,)}, "does not fit .* networks of the same sizes"),
        ({"world.id": "Acrobot-v1"}, "does not fit .*; expected a world with the same spaces"),
    ],
)
def test_what_does_not_fit_is_refused_before_a_run_is_made(
    tmp_path: Path, quick_run: Path, given: dict[str, object], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        train(None, given, start_from=quick_run, out=tmp_path)
    with pytest.raises(UsageError, match="was made by ppo, and this is a2c; begin with one of the same algorithm"):
        train(dataclasses.replace(QUICK, learner="a2c", settings={}), start_from=quick_run, out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_a_bandit_carries_over(tmp_path: Path) -> None:
    agent = palestra.UCB("bandit/bernoulli")
    agent.learn(10).save(tmp_path / "bandit")
    with pytest.raises(UsageError, match="expected one whose knowledge carries over"):
        lineage.begin(palestra.UCB("bandit/bernoulli"), Origin(str(tmp_path / "bandit"), agent.clock))


def test_nothing_to_train_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to train; expected a recipe, or start_from"):
        train(out=tmp_path)
