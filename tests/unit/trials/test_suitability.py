"""Which learners take a world is what each of them says."""

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
