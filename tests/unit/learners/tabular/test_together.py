"""Tables together are, to the bit, the same tables one by one: what is learned, drawn, recorded and evaluated."""

from typing import Any

import pytest
from same_state import differing

from palestra.engine.settings import TrainSettings
from palestra.engine.trainer import Trainer
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.registry import learner_type
from palestra.learners.tabular.together import TablesTogether
from palestra.learners.together import learn_together

RULES = ("q-learning", "double-q-learning", "sarsa", "expected-sarsa")
FROZEN = World("FrozenLake-v1")
CLIFF = World("CliffWalking-v1", kwargs={"max_episode_steps": 60})
EACH: tuple[dict[str, Any], ...] = (
    {"learning_rate": 0.1, "epsilon_start": 1.0},
    {"gamma": 0.8, "learning_rate_decay": 1.0, "initial_value": 0.5},
    {"gamma": 1.0, "epsilon_end": 0.0, "exploration_fraction": 0.5},
)


def made(name: str, world: World, copies: int, each: Any) -> list[Any]:
    kind = learner_type(name)
    world = World(world.id, copies, kwargs=world.kwargs)
    return [kind(world, kind.config_type(num_steps=30, **more), seed=seed) for seed, more in enumerate(each)]


@pytest.mark.parametrize("each", [({},) * 3, EACH], ids=["alike", "set otherwise"])
@pytest.mark.parametrize(("world", "copies"), [(FROZEN, 1), (CLIFF, 5)], ids=["ice", "cliff"])
@pytest.mark.parametrize("name", RULES)
def test_each_is_to_the_bit_as_alone(name: str, world: World, copies: int, each: Any) -> None:
    words = {"eval_every": 200 * copies, "eval_count": 4}
    together, alone = made(name, world, copies, each), made(name, world, copies, each)
    results = learn_together(together, 320 * copies - 3, **words)
    for one, other, result in zip(together, alone, results, strict=True):
        expected = Trainer(other, TrainSettings(320 * copies - 3, seed=other.seed, **words)).run()
        assert differing(one, other) == []
        assert result.metrics == expected.metrics
        assert (result.best_score, result.best_step) == (expected.best_score, expected.best_step)
    assert differing(together[0], together[1]) != []


def test_whoever_stands_elsewhere_goes_on_as_alone() -> None:
    """After a kill members may stand at different clocks, and the last step of some is shorter."""
    together, alone = made("q-learning", FROZEN, 4, ({},) * 3), made("q-learning", FROZEN, 4, ({},) * 3)
    for learners in (together, alone):
        learners[1].learn(240)
        for learner in learners:
            learner.budget = 700
    batch = TablesTogether(together)
    for _ in range(4):
        batch.step()
        for learner in alone:
            learner.step()
    assert [learner.clock for learner in together] == [480, 700, 480]
    for one, other in zip(together, alone, strict=True):
        assert differing(one, other) == []


@pytest.mark.parametrize("name", ["n-step-sarsa", "dyna-q", "monte-carlo"])
def test_rules_that_keep_something_are_refused(name: str) -> None:
    (learner,) = made(name, FROZEN, 2, ({},))
    with pytest.raises(UsageError, match=f"{name} together with others; expected a rule that keeps nothing"):
        TablesTogether.check(learner)


def test_worlds_that_are_not_of_tensors_are_refused() -> None:
    learner: Any = learner_type("q-learning")(World("FrozenLake-v1", 2, "sync"))
    with pytest.raises(UsageError, match="GymVectorEnv; expected one of tensors"):
        TablesTogether.check(learner)
    learner.close()
