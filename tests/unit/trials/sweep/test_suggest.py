"""The i-th suggestion is a function of the seed, i, and what was told; TPE is Optuna's, and learns from that."""

import importlib.util
import math
from typing import Any

import pytest
from scipy import stats

from palestra.errors import UsageError
from palestra.trials.sweep import suggest
from palestra.trials.sweep.space import Choices, Numbers
from palestra.trials.sweep.suggest import check_method, grid, suggestion

SPACE = {
    "learner.learning_rate": Numbers(1e-4, 1e-1, "log"),
    "learner.gamma": Numbers(0.9, 1.0),
    "learner.num_epochs": Numbers(1, 10, whole=True),
    "learner.hidden_sizes": Choices(([8], [64, 64], None)),
}
needs_optuna = pytest.mark.skipif(importlib.util.find_spec("optuna") is None, reason="needs the [sweep] extra")


def test_a_grid_is_every_combination_in_order() -> None:
    space = {"a": Choices((1, 2)), "b": Choices(("x", "y", "z"))}
    assert grid(space) == [{"a": a, "b": b} for a in (1, 2) for b in "xyz"]
    assert suggestion("grid", space, 7, 4, [], "up") == {"a": 2, "b": "y"}
    with pytest.raises(UsageError, match="trial 6 of a grid of 6"):
        suggestion("grid", space, 0, 6, [], "up")


def test_what_is_random_is_a_function_of_seed_number_and_name() -> None:
    drawn = [suggestion("random", SPACE, 3, number, [], "up") for number in range(200)]
    assert drawn == [suggestion("asha", SPACE, 3, number, [({}, 1.0)], "down") for number in range(200)]
    assert drawn[5] != suggestion("random", SPACE, 4, 5, [], "up")
    fewer = {name: axis for name, axis in SPACE.items() if name != "learner.gamma"}
    without = suggestion("random", fewer, 3, 5, [], "up")
    assert without == {name: drawn[5][name] for name in fewer}  # what else is tried changes nothing
    logs = [math.log(each["learner.learning_rate"]) for each in drawn]
    assert stats.kstest(logs, stats.uniform(math.log(1e-4), math.log(1e3)).cdf).pvalue > 0.01
    assert stats.kstest([each["learner.gamma"] for each in drawn], stats.uniform(0.9, 0.1).cdf).pvalue > 0.01
    assert {each["learner.num_epochs"] for each in drawn} == set(range(1, 11))


def test_methods_that_cannot_try_a_space_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"a grid with learner.learning_rate=log\(0.0001,0.1\); expected choices"):
        check_method("grid", SPACE)
    check_method("grid", {"a": Choices((1, 2))})
    monkeypatch.setattr(suggest.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"the method tpe needs the \[sweep\] extra: .*pip install"):
        check_method("tpe", SPACE)
    check_method("asha", SPACE)


def bowl(settings: dict[str, Any]) -> float:
    """Best, 0, at a learning rate of 3e-3 and three epochs."""
    return (
        -((math.log10(settings["learner.learning_rate"] / 3e-3)) ** 2) - (settings["learner.num_epochs"] - 3) ** 2 / 50
    )


def history(method: Any, seed: int, trials: int, sign: int = 1) -> list[tuple[dict[str, Any], float]]:
    told: list[tuple[dict[str, Any], float]] = []
    for number in range(trials):
        settings = suggestion(method, SPACE, seed, number, told, "up" if sign > 0 else "down")
        told.append((settings, sign * bowl(settings)))
    return told


@needs_optuna
def test_tpe_is_a_function_of_what_was_told_and_learns_from_it() -> None:
    told = history("tpe", 0, 25)
    assert suggestion("tpe", SPACE, 0, 20, told[:20], "up") == told[20][0]
    assert suggestion("tpe", SPACE, 0, 20, [*told[:19], (told[19][0], None)], "up") != told[20][0]
    assert suggestion("tpe", SPACE, 1, 20, told[:20], "up") != told[20][0]
    assert [-score for _, score in history("tpe", 0, 15, sign=-1)] == [score for _, score in told[:15]]
    late = [sum(score for _, score in history("tpe", seed, 40)[20:]) / 20 for seed in range(3)]
    chance = [sum(score for _, score in history("random", seed, 40)[20:]) / 20 for seed in range(3)]
    assert min(late) > max(chance)


@needs_optuna
def test_tpe_keeps_to_the_space() -> None:
    for settings, _ in history("tpe", 5, 15):
        assert settings["learner.hidden_sizes"] in SPACE["learner.hidden_sizes"].values
        assert type(settings["learner.num_epochs"]) is int
        assert 1e-4 <= settings["learner.learning_rate"] <= 1e-1
