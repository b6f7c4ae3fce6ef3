"""The arm: whoever drives, it is the world's own; the student is DAgger as its recipe trains it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from same_state import differing

from palestra.engine.seeding import derive
from palestra.engine.settings import TrainSettings
from palestra.engine.trainer import Trainer
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.imitation.dagger import DAgger, DAggerConfig
from palestra.playgrounds.catalogue import find_offer, make_playground
from palestra.playgrounds.driven import InTwin
from palestra.playgrounds.offers.arm import EXPERT, RANDOM, STUDENT, ArmAsked
from palestra.playgrounds.played import arm
from palestra.playgrounds.played.arm import AGENT, ANEW, ArmPlayground
from palestra.playgrounds.session import Session
from palestra.playgrounds.timeline import Timeline
from palestra.recipes.registry import get_recipe

TWIN = ArmAsked(world="twin")


@pytest.mark.parametrize("task", ["reach", pytest.param("pick-place", marks=pytest.mark.slow)])
def test_the_student_is_dagger_stepped_by_the_trainer(task: Any) -> None:
    recipe = get_recipe(f"arm-{task}-state/dagger")
    playground = ArmPlayground(ArmAsked(task=task, world="twin", seed=3))
    world = World(recipe.env, recipe.num_envs or 1, kwargs=recipe.env_kwargs)
    other = DAgger(world, DAggerConfig(**recipe.settings), seed=3, device="cpu")

    def once(trainer: Trainer) -> bool:
        return trainer.learner.clock < 8 * (recipe.num_envs or 1)

    Trainer(other, TrainSettings(budget=recipe.budget, seed=3), callbacks=[once]).run()
    timeline = Timeline(playground)
    timeline.forward(2)
    timeline.back(1)
    assert differing(playground.learner, other) == []
    assert playground.frame()["practised"] == other.clock == 8 * (recipe.num_envs or 1)


@pytest.mark.parametrize("task", ["reach", "pick-place"])
def test_by_hand_it_is_the_worlds_own(task: Any) -> None:
    playground = ArmPlayground(ArmAsked(task=task, world="twin", seed=5))
    driven = InTwin(task, {"view": "state"})
    driven.begin(derive(5, "driven", 0) % 2**31)
    for action in ([0.5, 0, -0.2, 1][: driven.task.action_size], [0, -1, 0, -1][: driven.task.action_size]):
        playground.act(action)
        driven.move(np.array(action, np.float32))
        shown = playground.frame()
        assert torch.equal(playground.driven.arrangement()[0], driven.arrangement()[0])
        assert (shown["distance"], shown["reward"], shown["steps"]) == (driven.distance, driven.reward, driven.steps)
    assert shown["driver"] == "you"
    assert shown["jaws"] == (-1 if task == "pick-place" else 1)
    playground.act(ANEW)
    assert playground.frame()["jaws"] == 1, "a new attempt begins with open jaws"


def test_after_an_end_the_next_step_is_that_of_another_object() -> None:
    playground = ArmPlayground(TWIN)
    first = playground.driven.arrangement()[1]
    while not playground.driven.ended:
        assert "left after" in playground.see().en or playground.driven.steps == 0
        playground.act([0, 0, 1])
    assert playground.score == {"you": [0, 1], AGENT: [0, 0]}
    assert "reward is -0.1" in playground.see().en
    assert "You arrived in 0 of 1" in playground.see().en
    assert torch.equal(playground.driven.arrangement()[1], first), "it stands where it ended"
    playground.act([0, 0, 0])
    assert playground.driven.steps == 1
    assert not torch.equal(playground.driven.arrangement()[1], first)
    playground.act(ANEW)
    assert playground.driven.steps == 0
    again = ArmPlayground(TWIN)
    again.act(ANEW)
    again.act(ANEW)
    assert torch.equal(again.driven.arrangement()[1], playground.driven.arrangement()[1]), "the seed says which"


def test_whoever_is_watched_acts() -> None:
    playground = ArmPlayground(TWIN)
    distance = playground.driven.distance
    playground.act(AGENT)
    assert playground.driven.distance == pytest.approx(distance, abs=0.02), "who knows nothing stands about"
    playground.edit({"agent": EXPERT})
    assert playground.driven.steps == 1, "the arm stays where it is"
    while not playground.driven.ended:
        playground.act(AGENT)
    assert playground.score[AGENT] == [1, 1]
    assert "Arrived after" in playground.see().en
    playground.edit({"agent": RANDOM})
    playground.act(AGENT)
    assert playground.frame()["driver"] == AGENT
    assert playground.asked.agent == RANDOM


def test_trained_agents_are_watched_in_the_world_that_they_see(arm_runs: Path) -> None:
    playground = ArmPlayground(TWIN, arm_runs)
    pixels, state = (agent["value"] for agent in playground.ground()["agents"][3:])
    playground.edit({"agent": state})
    for _ in range(3):
        while not playground.driven.ended:
            playground.act(AGENT)
        playground.act(ANEW)
    assert playground.score[AGENT][0] >= 2, "it has learned"
    practised = playground.learner
    playground.edit({"agent": pixels})
    assert playground.driven.steps == 0
    playground.act(AGENT)
    assert playground.kwargs["view"] == "pixels"
    assert playground.kwargs["randomisation"] == "none"
    assert playground.learner is practised
    playground.edit({"agent": STUDENT})
    assert playground.kwargs["view"] == "state"
    playground.act(AGENT)


def test_an_agent_stands_in_the_address(arm_runs: Path) -> None:
    (run_id,) = (path.name for path in arm_runs.iterdir() if "state" in path.name and path.is_dir())
    session = Session("arm", arm_runs)
    frame = json.loads(session.answer(json.dumps({"do": "start", "settings": {"world": "twin", "agent": run_id}})))
    assert frame["settings"]["agent"] == run_id
    assert {"value": run_id, "en": run_id, "zh": run_id} in frame["ground"]["agents"]
    for gone in ("arm-reach-state-dagger-s9", "../" + run_id, str(arm_runs / run_id), ""):
        answer = json.loads(session.answer(json.dumps({"do": "set", "agent": gone})))
        assert "unknown agent" in answer["error"]
    assert json.loads(session.answer('{"do": "act", "action": "agent"}'))["steps"] == 1


@pytest.mark.parametrize(
    "wrong", [2, True, "left", None, [0, 0], [0, 0, 2], [0, 0, True], [0, 0, "1"], [0, 0, 0, 0], {"x": 1}]
)
def test_no_movement_is_refused(wrong: Any) -> None:
    playground = ArmPlayground(TWIN)
    with pytest.raises(UsageError, match="action="):
        playground.act(wrong)
    assert playground.frame()["steps"] == 0


@pytest.mark.parametrize("wrong", [{}, {"agent": 3}, {"agent": "x" * 999}, {"agent": EXPERT, "seed": 1}])
def test_no_choice_is_refused(wrong: dict[str, Any]) -> None:
    playground = ArmPlayground(TWIN)
    with pytest.raises(UsageError):
        playground.edit(wrong)
    assert playground.asked.agent == STUDENT


def test_without_pybullet_it_is_the_twin_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise UsageError("no PyBullet")

    monkeypatch.setattr(arm, "import_pybullet", missing)
    playground = ArmPlayground(ArmAsked(world="pybullet"))
    assert playground.asked.world == "twin"
    told = playground.ground()["missing"]
    assert "pip install" in told["en"]
    assert "arm" in told["zh"].rpartition("pip install")[2]
    assert "\n" not in told["en"]
    playground.act([0, 0, 1])
    assert ArmPlayground(TWIN).ground()["missing"] is None


def arrived(tries: int, practised: int = 0, **settings: Any) -> int:
    """In how many tries whoever is watched arrives, after so many steps of practice."""
    playground = make_playground("arm", settings)
    assert isinstance(playground, ArmPlayground)
    while playground.learner.clock < practised:
        playground.step()
    while playground.score[AGENT][1] < tries:
        playground.act(AGENT)
    return playground.score[AGENT][0]


@pytest.mark.slow
def test_it_learns_and_presets_fail() -> None:
    pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    presets = {each.name: dict(each.settings) for each in find_offer("arm").presets}
    twin = {"world": "twin"}
    assert arrived(10) == 0
    assert arrived(20, 1_024) > 15
    assert arrived(20, 2_048, **presets["too-fast"], **twin) == 0
    assert arrived(20, **presets["at-random"], **twin) == 0
    assert arrived(20, **presets["too-near"]) < 10
    assert arrived(20, **presets["too-near"], **twin) == 20
    assert arrived(5, **presets["grip"], agent=EXPERT) == 5
