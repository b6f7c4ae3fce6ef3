"""An arm that is driven: in both worlds it is the world's own, to the bit, and it stands where an episode ended."""

from typing import Any

import numpy as np
import pytest

from palestra.envs.arm.catalogue import env_id
from palestra.envs.arm.kinematics import forward
from palestra.envs.registry import make_vec, reference_env
from palestra.errors import UsageError
from palestra.playgrounds.driven import Driven, InPhysics, InTwin
from palestra.recipes.arm import HELD_OUT

STATE: dict[str, Any] = {"view": "state", **HELD_OUT}


@pytest.fixture(params=["reach", "pick-place"])
def task(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def to_the_end(driven: Driven, seed: int) -> list[tuple[float, float]]:
    """Rewards and distances of an episode that the expert plays."""
    driven.begin(seed)
    course = []
    while not driven.ended:
        driven.move(driven.expert())
        course.append((driven.reward, driven.distance))
    assert driven.steps == len(course)
    return course


def test_in_physics_it_is_the_reference_environment(task: str) -> None:
    pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    driven, env = InPhysics(task, STATE), reference_env(env_id(task), None, STATE)
    expected, done = [], False
    env.reset(seed=4)
    while not done:
        _, reward, terminated, truncated, info = env.step(env.get_wrapper_attr("expert")())
        expected.append((float(reward), info["distance"]))
        done = terminated or truncated
    assert to_the_end(driven, 4) == expected
    assert driven.ended == "reached"
    assert driven.seen().shape == (84, 84)
    driven.close()
    env.close()


def test_in_the_twin_it_is_the_batched_world(task: str) -> None:
    driven = InTwin(task, STATE)
    env = make_vec(env_id(task), 1, backend="torch", env_kwargs={"view": "state"})
    env.reset(0)
    state = env.state_dict()
    driven.begin(4)
    course = to_the_end(driven, 4)
    assert driven.ended == "reached"
    assert course[-1][0] == 1.0
    assert course == to_the_end(driven, 4), "an episode is its seed's"
    assert course != to_the_end(driven, 5)
    driven.begin(4)
    env.load_state_dict({**state, "state": driven.state})
    for reward, _ in course:
        assert float(env.step(env.expert()).reward) == reward
    assert driven.seen().shape == (84, 84)


@pytest.mark.parametrize("kind", [InPhysics, InTwin])
def test_episodes_end_outside_and_when_time_is_over(kind: type[Driven]) -> None:
    if kind is InPhysics:
        pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    driven = kind("reach", STATE)  # type: ignore[call-arg]
    driven.begin(0)
    while not driven.ended:
        driven.move(np.array([0, 0, 1], np.float32))
    assert (driven.ended, driven.reward) == ("left", pytest.approx(-0.1))
    driven.begin(0)
    while not driven.ended:
        driven.move(np.zeros(3, np.float32))
    assert (driven.ended, driven.steps, driven.reward) == ("out of time", 40, pytest.approx(-0.1))
    joints, place = driven.arrangement()
    at = forward(driven.robot, joints)[:, -1, :3, 3]
    assert float(driven.task.distance(at, place)) == pytest.approx(driven.distance, abs=1e-4)
    driven.close()


@pytest.mark.parametrize("kind", [InPhysics, InTwin])
def test_the_box_is_around_the_object_which_lies_on_the_table(kind: type[Driven], task: str) -> None:
    if kind is InPhysics:
        pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    driven = kind(task, STATE)  # type: ignore[call-arg]
    for seed in range(3):
        driven.begin(seed)
        low, high = driven.box()
        at = driven.arrangement()[1][0, :3]
        assert (low < at).all()
        assert (at < high).all()
        assert 0.02 < float((high - low).amax()) < 0.2
        if task == "pick-place" or kind is InPhysics:
            assert float(low[2]) == pytest.approx(-0.025, abs=2e-3)
    driven.close()


def test_what_cannot_be_made_is_said_in_a_line() -> None:
    with pytest.raises(UsageError, match="expected 'state', 'pixels' or 'goal'"):
        InTwin("reach", {"view": "pixels+proprio"})
