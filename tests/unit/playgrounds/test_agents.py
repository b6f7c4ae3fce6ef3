"""Runs whose agents can be watched: those of the world, and no others, whatever else lies in the folder."""

from pathlib import Path

import pytest
from made_runs import make_run

from palestra.engine.agent import Agent
from palestra.envs.world import World
from palestra.errors import PalestraError
from palestra.playgrounds.agents import load_agent, runs_in, world_of

REACH = "palestra/ArmReach-v0"


def test_only_runs_of_the_world_that_left_a_checkpoint_are_listed(tmp_path: Path) -> None:
    world = {"world": World(REACH).to_json()}
    assert runs_in(None, REACH) == runs_in(tmp_path / "none", REACH) == {}
    make_run(tmp_path)
    make_run(tmp_path, task="arm-reach-state", method="dagger", config=world)  # no checkpoint
    damaged = make_run(tmp_path, seed=1, task="arm-reach-state", method="dagger", config=world)
    (tmp_path / damaged / "config.json").write_text(f'{{"world": "{REACH}"')
    assert runs_in(tmp_path, REACH) == {}


def test_they_are_found_the_latest_first_and_act_in_a_world_like_their_own(arm_runs: Path) -> None:
    found = runs_in(arm_runs, REACH)
    assert [run_id.rpartition("-s")[0] for run_id in found] == ["arm-reach-pixels-dagger", "arm-reach-state-dagger"]
    assert runs_in(arm_runs, "palestra/ArmPush-v0") == {}
    for path in found.values():
        world = world_of(path)
        agent = load_agent(path, World(world.id, 1, kwargs=world.kwargs))
        assert isinstance(agent, Agent)
        assert agent.world.num_envs == 1
        assert agent.act(agent.env.reset(0)).shape == (1, 3)
        agent.close()


def test_what_does_not_fit_is_said(arm_runs: Path) -> None:
    (path,) = (path for run_id, path in runs_in(arm_runs, REACH).items() if "state" in run_id)
    with pytest.raises(PalestraError, match="does not fit"):
        load_agent(path, World(REACH, 1, kwargs={"view": "pixels"}))
