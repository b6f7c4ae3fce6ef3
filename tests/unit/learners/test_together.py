"""Who can be trained together, and that others are told so."""

from typing import Any

import pytest

from palestra.engine.together import Together
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.registry import LEARNERS, learner_type
from palestra.learners.together import KINDS, batch_of, learn_together, together_type


def made(name: str, env_id: str = "FrozenLake-v1", seed: int = 0, **settings: Any) -> Any:
    kind = learner_type(name)
    return kind(World(env_id, 2), kind.config_type(**settings), seed=seed)


@pytest.mark.parametrize("name", KINDS)
def test_all_that_are_named_are_there_and_their_settings_are_settings(name: str) -> None:
    kind = together_type(name)
    assert issubclass(kind, Together)
    assert set(kind.vectors) <= set(learner_type(name).config_type.__dataclass_fields__)
    kind.check(made(name, "FrozenLake-v1"))


def test_others_are_told_who_can() -> None:
    assert set(KINDS) < set(LEARNERS)
    with pytest.raises(UsageError, match=r"sac together with others; expected one of ppo, dqn, .*process each"):
        together_type("sac")


def test_a_batch_is_of_one_kind_in_one_world_set_alike_but_for_some() -> None:
    first = made("q-learning")

    def key(learner: Any) -> str:
        return batch_of(learner.name, learner.source, learner.config)

    assert key(first) == key(made("q-learning", seed=1, gamma=0.5, learning_rate=0.1))
    others = (made("sarsa"), made("q-learning", "CliffWalking-v1"), made("q-learning", num_steps=7))
    assert len({key(first), *map(key, others)}) == 4
    for other in others:
        with pytest.raises(UsageError, match="expected learners of one kind, in one world, set alike"):
            learn_together([first, other], 100)
    with pytest.raises(UsageError, match="no learner"):
        learn_together([], 100)
