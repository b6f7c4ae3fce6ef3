"""Inputs by a seed: met in the world, drawn from its space, or rows of the data."""

import warnings
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

import palestra
from palestra.exports.drawn import LARGE, draw


def test_observations_are_met_and_come_from_the_seed_alone() -> None:
    agent = palestra.QLearning("FrozenLake-v1").learn(2_000)
    first, where = draw(agent, seed=1, count=80)
    again, _ = draw(agent, seed=1, count=80)
    other, _ = draw(agent, seed=2, count=80)
    assert where == "met in FrozenLake-v1, half of the actions at random"
    assert first["observation"].shape == (80,)
    np.testing.assert_array_equal(first["observation"], again["observation"])
    assert (first["observation"] != other["observation"]).any()
    assert first["observation"][0] == 0  # an episode begins at the start
    agent.close()


def test_where_the_world_is_not_they_are_drawn_from_its_space(tmp_path: Path) -> None:
    env_id = "exports/Vast-v0"
    box = gym.spaces.Box(np.array([-1.0, -3e38, -np.inf], np.float32), np.array([1.0, 3e38, np.inf], np.float32))
    kind = type(
        "Vast", (gym.Env,),
        {
            "observation_space": gym.spaces.Dict({"x": box, "n": gym.spaces.Discrete(3, start=1)}),
            "action_space": gym.spaces.Discrete(2),
            "reset": lambda self, *, seed=None, options=None: ({"x": np.zeros(3, np.float32), "n": 1}, {}),
            "step": lambda self, action: ({"x": np.zeros(3, np.float32), "n": 1}, 0.0, True, False, {}),
        },
    )  # fmt: skip
    gym.register(env_id, kind)
    folder = palestra.PPO(env_id).save(tmp_path)
    del gym.registry[env_id]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agent = palestra.load(folder)
    given, where = draw(agent, count=200)
    assert "drawn from the space" in where
    assert set(np.unique(given["observation.n"])) == {1, 2, 3}
    assert np.abs(given["observation.x"]).max() < LARGE
    assert given["observation.x"].std(0).min() > 0.3


@pytest.mark.parametrize(("name", "made"), [("iris", True), ("digits", False)])
def test_rows_are_those_of_the_test_split_and_more_where_these_are_few(name: str, made: bool) -> None:
    learner = palestra.KMeans(name, palestra.KMeansConfig(groups=2))
    rows = learner.splits["test"].inputs.numpy()
    count = len(rows) + 50 if made else len(rows) - 10
    given, where = draw(learner, seed=5, count=count)
    found = given["rows"]
    assert (len(found), found.dtype, found.shape[1:]) == (count, rows.dtype, rows.shape[1:])
    assert name in where
    known = {tuple(row) for row in rows.reshape(len(rows), -1)}
    assert sum(tuple(row) in known for row in found.reshape(count, -1)) >= min(count, len(rows))
    if made:
        flat, more = rows.reshape(len(rows), -1), found[len(rows) :].reshape(50, -1)
        assert all(np.isin(more[:, j], flat[:, j]).all() for j in range(flat.shape[1]))
        assert len(np.unique(more, axis=0)) > 25
