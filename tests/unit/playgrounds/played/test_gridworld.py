"""The gridworld: what is shown is the learner's own, stepped by the Trainer; what is drawn holds; presets fail."""

from typing import Any

import numpy as np
import pytest
from same_state import differing

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.dynamic.value_iteration import ValueIteration, ValueIterationConfig
from palestra.learners.registry import learner_type
from palestra.playgrounds.catalogue import find_offer
from palestra.playgrounds.offers.gridworld import GridworldAsked
from palestra.playgrounds.played.gridworld import GridworldPlayground
from palestra.playgrounds.timeline import Timeline

BOARD = ("S..#", ".X..", "...G")


@pytest.mark.parametrize("method", ["value-iteration", "q-learning", "sarsa"])
def test_it_is_the_learner_stepped_by_the_trainer(method: Any) -> None:
    drawn = {"slip": 0.2, "goal_reward": 5.0, "pit_reward": -9.0}
    asked = GridworldAsked(method, BOARD, (0, 1, 0, 0), gamma=0.9, walkers=3, limit=12, seed=4, **drawn)
    playground = GridworldPlayground(asked)
    kwargs = {"desc": list(BOARD), "wind": [0, 1, 0, 0], **drawn}
    if method == "value-iteration":
        planner = ValueIteration(World("palestra/GridWorld-v0", kwargs=kwargs), ValueIterationConfig(gamma=0.9), seed=4)
        other: Any = planner.learn(25)
    else:
        kind = learner_type(method)
        config = kind.config_type(num_steps=1, gamma=0.9)  # type: ignore[call-arg]
        world = World("palestra/GridWorld-v0", 3, kwargs={**kwargs, "max_episode_steps": 12})
        other = kind(world, config, seed=4, device="cpu").learn(25 * 3)
    timeline = Timeline(playground)
    timeline.forward(25)
    assert differing(playground.learner, other) == []
    timeline.forward(10)
    timeline.back(10)
    assert differing(playground.learner, other) == []


def finished(**settings: Any) -> GridworldPlayground:
    playground = GridworldPlayground(GridworldAsked(**settings))
    while not playground.finished:
        playground.step()
    return playground


def test_values_and_moves_are_those_of_the_shortest_way() -> None:
    playground = finished(board=BOARD, gamma=1.0)
    shown = playground.frame()
    assert np.reshape(shown["values"], (3, 4)).tolist() == [[-5, -4, -3, 0], [-4, 0, -2, -1], [-3, -2, -1, 0]]
    assert shown["best"][0] == 2 + 4  # right or down: up, right, down, left are 1, 2, 4, 8
    assert shown["best"][3] == shown["best"][5] == shown["best"][11] == 0  # wall, pit and goal
    assert shown["start"] == -5
    assert "-5.0" in playground.see().en


def test_what_is_drawn_holds_and_what_was_learned_stays() -> None:
    playground = finished(board=("S..G",), gamma=1.0)
    playground.edit({"row": 0, "column": 3, "tile": "X"} | {"tile": "G"})
    assert playground.frame()["start"] == -3  # nothing was forgotten
    playground.edit({"row": 0, "column": 1, "tile": "G"})
    while not playground.finished:
        playground.step()
    assert playground.frame()["start"] == -1
    playground.edit({"row": 0, "column": 2, "tile": "S"})
    assert playground.asked.board == (".GSG",)
    playground.edit({"column": 2, "wind": 2})
    assert playground.asked.wind == (0, 0, 2, 0)
    playground.edit({"column": 2, "wind": 0})
    assert playground.asked.wind == ()


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"row": 0, "column": 1, "tile": "#"}, "no way from start to goal"),
        ({"row": 0, "column": 0, "tile": "."}, "without a start"),
        ({"row": 0, "column": 2, "tile": "."}, "without a goal"),
        ({"row": 0, "column": 1, "tile": "?"}, "one of S, G, X"),
        ({"row": 1, "column": 1, "tile": "#"}, "row=1"),
        ({"column": 1, "wind": 9}, "wind=9"),
        ({"row": 0, "column": 1, "wind": 1}, "unknown edit 'row'"),
        ({"cell": 1}, "unknown edit 'cell'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_changes_nothing(edit: dict[str, Any], said: str) -> None:
    playground = GridworldPlayground(GridworldAsked(board=("S.G",)))
    learner = playground.learner
    with pytest.raises(UsageError, match=said):
        playground.edit(edit)
    assert playground.learner is learner
    assert playground.asked.board == ("S.G",)


def after(steps: int, **settings: Any) -> GridworldPlayground:
    playground = GridworldPlayground(find_offer("gridworld").settings(settings))  # type: ignore[arg-type]
    for _ in range(steps):
        if not playground.finished:
            playground.step()
    return playground


def test_a_limit_that_is_taken_for_an_end_leaves_values_too_high_and_one_that_is_not_does_not() -> None:
    (preset,) = (each for each in find_offer("gridworld").presets if each.name == "limit-as-end")
    wrong, right = after(800, **preset.settings), after(800, **{**preset.settings, "limit_is_end": False})
    true = [[-19, -18, -17, -16, -15, -14], [-7, -8, -9, -10, -11, -12], [-5, -4, -3, -2, -1]]  # every other row
    values = np.reshape(right.frame()["values"], (5, 6))
    for row, wanted in zip(values[::2], true, strict=True):
        assert row[: len(wanted)].tolist() == pytest.approx(wanted, abs=0.01)
    assert wrong.frame()["values"][0] > -12
    assert wrong.frame()["start"] > -7
    assert wrong.ground()["true_start"] == pytest.approx(-10)
    assert "told" in wrong.see().en


@pytest.mark.slow
def test_other_presets_show_what_they_say() -> None:
    presets = {each.name: dict(each.settings) for each in find_offer("gridworld").presets}
    windy = after(200, **presets["windy"])
    assert windy.frame()["start"] == pytest.approx(-15)
    blind = after(200, **presets["short-sighted"]).frame()
    assert blind["values"][22] > 0 > blind["start"]
    cliff = presets["cliff"]
    edge, around = (after(6_000, **{**cliff, "method": method, "walkers": 8}) for method in ("q-learning", "sarsa"))
    beside = [2 * 12 + column for column in range(1, 11)]
    assert sum(edge.frame()["best"][cell] & 2 > 0 for cell in beside) >= 9  # on along the edge
    assert sum(around.frame()["best"][cell] & 2 > 0 for cell in beside) <= 5
    slippery = after(2_000, **presets["slippery"]).frame()
    assert sum(slippery["best"][cell] == 1 for cell in beside[:-1]) >= 7  # away from it
