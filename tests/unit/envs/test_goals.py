"""Goals of environments of the usual form: where they lie, and what the environment's own function says of them."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from goal_point import EndingGoalPoint, GoalPoint
from gymnasium import spaces

from palestra.envs.given import given_world
from palestra.envs.goals import GoalReward, goal_layout
from palestra.envs.spaces import AdaptedObservation, adapted_observation_space
from palestra.errors import PalestraError

ACHIEVED = torch.tensor([[0.0, 0.0], [0.5, 0.5], [0.0, 0.0]])
DESIRED = torch.tensor([[0.0, 0.05], [0.5, 0.7], [0.0, -0.2]])
WORTH = [0.0, -1.0, -1.0]


def adapted(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    space, convert = adapted_observation_space(env.observation_space, "test")
    return env if convert is None else AdaptedObservation(env, space, convert)


@pytest.mark.parametrize("backend", ["sync", "async"])
def test_a_vector_environment_has_the_goals_of_its_copies(backend: str) -> None:
    kind = {"sync": gym.vector.SyncVectorEnv, "async": gym.vector.AsyncVectorEnv}[backend]
    given = kind([EndingGoalPoint] * 2)
    env = given_world(given, 2).make()
    given.close()
    goal = env.goal
    assert goal is not None
    obs = env.reset(0)
    result = env.step(torch.tensor([[1.0, -1.0], [0.5, 0.0]]))
    moved = result.final_obs[:, goal.achieved] - obs[:, goal.achieved]
    assert moved.tolist() == [pytest.approx([0.2, -0.2], abs=1e-6), pytest.approx([0.1, 0.0], abs=1e-6)]
    assert torch.equal(result.final_obs[:, goal.desired], obs[:, goal.desired])
    reward, terminated = goal.reward(result.final_obs[:, goal.achieved], result.final_obs[:, goal.desired])
    assert torch.equal(reward, result.reward)
    assert terminated is not None
    assert terminated.tolist() == [False, False]
    env.close()


class Telling(GoalPoint):
    """Says at each step how far the goal is."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """As before."""
        *said, _ = super().step(action)
        return *said, {"distance": float(np.linalg.norm(self.place - self.goal))}


def test_observations_and_reports_are_the_environments_own_too() -> None:
    env = given_world(Telling, 2).make()
    assert env.goal is not None
    own, _ = Telling().reset(seed=3)
    rows, single = env.observed.read(own)
    assert (rows.shape, single) == ((1, 7), True)
    assert rows[0, env.goal.desired].tolist() == own["desired_goal"].astype(np.float32).tolist()
    env.reset(0)
    for _ in range(19):
        env.step(torch.zeros(2, 2))
        assert env.reports == ()
    final_obs = env.step(torch.zeros(2, 2)).final_obs
    distance = (final_obs[:, env.goal.achieved] - final_obs[:, env.goal.desired]).norm(dim=1).tolist()
    assert env.reports == tuple((copy, {"distance": pytest.approx(distance[copy])}) for copy in (0, 1))
    env.close()


@pytest.mark.parametrize("one", [False, True], ids=["of a batch", "one at a time"])
def test_rewards_are_the_environments_own(one: bool) -> None:
    layout = goal_layout(adapted(GoalPoint(one)))
    assert layout is not None
    reward = GoalReward(lambda: GoalPoint(one), layout.goal)
    found, terminated = reward(ACHIEVED, DESIRED)
    assert (found.tolist(), found.dtype, terminated) == (WORTH, torch.float32, None)
    found, terminated = GoalReward(lambda: EndingGoalPoint(one), layout.goal)(ACHIEVED, DESIRED)
    assert terminated is not None
    assert (found.tolist(), terminated.tolist()) == (WORTH, [True, False, False])


def test_goals_get_back_their_own_shape_and_type() -> None:
    seen: list[Any] = []

    class Bits(GoalPoint):
        def compute_reward(self, achieved: Any, desired: Any, info: Any) -> Any:
            seen.append((achieved.shape[-2:], achieved.dtype))
            return (achieved == desired).all((-1, -2)).astype(np.float32)

    reward = GoalReward(Bits, spaces.MultiBinary((2, 2)))
    found, _ = reward(torch.tensor([[0.0, 1, 1, 0], [1, 1, 1, 1]]), torch.tensor([[0.0, 1, 1, 0], [1, 0, 1, 1]]))
    assert found.tolist() == [1.0, 0.0]
    assert set(seen) == {((2, 2), np.dtype(np.int8))}


def test_where_goals_lie_follows_the_order_of_the_dict() -> None:
    env = GoalPoint()
    for order, places in (
        (("observation", "desired_goal", "achieved_goal"), (slice(5, 7), slice(3, 5))),
        (("achieved_goal", "desired_goal", "observation"), (slice(0, 2), slice(2, 4))),
    ):
        env.observation_space = spaces.Dict([(name, GoalPoint().observation_space[name]) for name in order])
        layout = goal_layout(adapted(env))
        assert layout is not None
        assert (layout.achieved, layout.desired) == places


class Bare(gym.ObservationWrapper[Any, Any, Any]):
    """Shows the achieved goal alone."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.observation_space = GoalPoint().observation_space["achieved_goal"]


def test_what_has_no_goals_has_none() -> None:
    assert goal_layout(gym.make("CartPole-v1")) is None
    assert goal_layout(adapted(Bare(GoalPoint()))) is None
    odd = GoalPoint()
    odd.observation_space = spaces.Dict({**odd.observation_space, "desired_goal": spaces.Box(-1, 1, (3,))})
    assert goal_layout(adapted(odd)) is None
    pictures = GoalPoint()
    picture = spaces.Box(0, 255, (3, 8, 8), np.uint8)
    pictures.observation_space = spaces.Dict({**pictures.observation_space, "observation": picture})
    assert goal_layout(adapted(pictures)) is None


def test_a_reward_that_fails_or_is_no_number_is_named() -> None:
    class Failing(GoalPoint):
        def compute_reward(self, achieved: Any, desired: Any, info: Any) -> Any:
            return info["is_success"]

    class Never(GoalPoint):
        def compute_reward(self, achieved: Any, desired: Any, info: Any) -> Any:
            return super().compute_reward(achieved, desired, info) * np.nan

    class Wordy(GoalPoint):
        def compute_reward(self, achieved: Any, desired: Any, info: Any) -> Any:
            return "near"

    goal = spaces.Box(-1.0, 1.0, (2,))
    with pytest.raises(
        PalestraError, match=r"compute_reward of <Wordy instance> failed: ValueError: could not convert"
    ):
        GoalReward(Wordy, goal)(ACHIEVED, DESIRED)
    with pytest.raises(PalestraError, match=r"compute_reward of <Failing instance> failed: KeyError: 'is_success'"):
        GoalReward(Failing, goal)(ACHIEVED, DESIRED)
    with pytest.raises(PalestraError, match=r"compute_reward of <Never instance> gave nan for achieved=\[0. 0.\]"):
        GoalReward(Never, goal)(ACHIEVED, DESIRED)
