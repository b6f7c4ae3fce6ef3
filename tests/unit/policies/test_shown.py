"""One episode of a planner: what happened, and plans that begin where they were made."""

from pathlib import Path

import numpy as np
from planners import planner

from palestra.engine.agent import Actor
from palestra.envs.registry import make_vec
from palestra.envs.world import World
from palestra.pictures.gallery import draw_exhibits
from palestra.pictures.panels import Panels
from palestra.policies.shown import PLANS, planned_episode


def test_plans_begin_where_they_were_made_and_go_on_for_their_length() -> None:
    policy = planner("ilqr", horizon=7, iterations=1, samples=1)
    (shown,) = planned_episode(policy, make_vec("Pendulum-v1", 1))
    assert isinstance(shown, Panels)
    assert [panel.title for panel in shown.panels] == ["angle", "velocity", "actions", "cost of each step"]
    for panel in shown.panels[:2]:
        steps, path = panel.lines["what happened"]
        assert len(steps) == 200
        plans = {name: way for name, way in panel.lines.items() if name != "what happened"}
        assert len(plans) == PLANS
        for name, (at, way) in plans.items():
            start = int(name.split()[-1])
            assert at.tolist() == list(range(start, start + 8))
            assert way[0] == path[start]
            assert abs(way[1] - path[start + 1]) < 1e-3  # the world is the model's
        assert np.abs(np.diff(path)).max() < 2  # no jump of a turn


def test_a_run_of_a_planner_is_drawn(tmp_path: Path) -> None:
    policy = planner("mppi", horizon=3, samples=4)
    agent = Actor(type(policy), World("palestra/DoubleIntegrator-v0"), policy.config, seed=0)
    (picture,) = draw_exhibits(agent.exhibits(), tmp_path)
    assert picture.read_bytes().startswith(b"\x89PNG")
    agent.close()
