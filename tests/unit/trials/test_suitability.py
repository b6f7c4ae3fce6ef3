"""Which learners take a world is what each of them says."""

from typing import Any

import gymnasium as gym
import pytest

from palestra.errors import UsageError
from palestra.learners.registry import learner_type
from palestra.trials.suitability import suitability


@pytest.mark.parametrize(
    ("env_id", "takes", "refuses"),
    [
        ("CartPole-v1", {"ppo", "dqn", "a2c", "discrete-sac"}, {"sac", "q-learning", "value-iteration", "ucb"}),
        ("CliffWalking-v1", {"ppo", "dqn", "sarsa", "q-learning", "monte-carlo", "value-iteration"}, {"td3", "drq"}),
        ("Pendulum-v1", {"ppo", "sac", "td3", "ddpg"}, {"dqn", "discrete-sac", "dagger"}),
    ],
)
def test_every_learner_is_asked_and_says_why_not(env_id: str, takes: set[str], refuses: set[str]) -> None:
    found = suitability(env_id)
    assert takes <= {name for name, why in found.items() if why is None}
    assert refuses <= {name for name, why in found.items() if why is not None}
    assert not {"random", "expert"} & found.keys()  # which learn nothing
    for name in refuses:
        with pytest.raises(UsageError) as caught:
            learner_type(name)(env_id)
        assert found[name] == " ".join(str(caught.value).split())


def test_arguments_of_the_world_count() -> None:
    assert suitability("FrozenLake-v1", {"is_slippery": False})["q-learning"] is None
    with pytest.raises(UsageError, match="9x9"):
        suitability("FrozenLake-v1", {"map_name": "9x9"})


class Old(gym.Env):
    """Answers a reset as Gym did before 0.26, and never twice alike."""

    observation_space, action_space = gym.spaces.Box(0.0, 1.0, (2,)), gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        return self.observation_space.sample()


def test_a_world_that_nobody_could_learn_in_is_to_be_mended_whoever_asks() -> None:
    gym.register("test/Old-v0", Old)
    try:
        found = suitability("test/Old-v0")
    finally:
        del gym.registry["test/Old-v0"]
    assert {found[name] for name in ("ppo", "dqn", "q-learning")} == {"the environment is to be mended first"}
    assert "has no table P" in str(found["value-iteration"])  # whatever its reset gives
