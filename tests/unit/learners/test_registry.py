"""Which learners there are: each is what its line says, and comes from the room that it says."""

import pytest

from palestra.engine.agent import Actor
from palestra.engine.learner import Learner
from palestra.errors import UsageError
from palestra.learners import registry
from palestra.learners.bandits.bandit_learner import BanditLearner
from palestra.learners.registry import LEARNERS, LearnerType, learner_type
from palestra.learners.tabular.tabular_learner import TabularLearner


@pytest.mark.parametrize("name", LEARNERS)
def test_each_is_registered_under_its_own_name(name: str) -> None:
    registered = learner_type(name)
    assert (registered.kind.name, registered.kind.__module__) == (name, LEARNERS[name][0])
    assert issubclass(registered.learner, Learner)
    family = {"tabular": TabularLearner, "bandits": BanditLearner, "policies": Actor}
    room = LEARNERS[name][0].split(".")[-2]
    assert registered.learner is family.get(room, registered.kind)
    assert registered.is_learner == (room not in family)


def test_calling_one_makes_a_learner_that_knows_its_name() -> None:
    learner = learner_type("sarsa")("CliffWalking-v1", seed=3)
    assert isinstance(learner, TabularLearner)
    assert (learner.name, learner.seed, type(learner.config)) == ("sarsa", 3, learner_type("sarsa").config_type)


def test_an_unknown_one_is_told_and_nothing_but_what_stands_there_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.importlib, "import_module", lambda name: pytest.fail(f"{name} was imported"))
    with pytest.raises(UsageError, match="unknown algorithm 'saras'; nearest: sarsa"):
        learner_type("saras")
    with pytest.raises(UsageError, match="unknown algorithm 'os'"):
        learner_type("os")


def test_what_is_neither_a_learner_nor_held_by_one_is_our_own_fault() -> None:
    with pytest.raises(TypeError, match="expected a Learner, or a rule of one of the families"):
        LearnerType("nothing", dict)("CliffWalking-v1")
