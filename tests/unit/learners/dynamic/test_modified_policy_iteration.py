"""Modified policy iteration comes to the optimum, and to value iteration with one sweep."""

from typing import Any

import planning_checks
import pytest
import torch

from palestra.errors import UsageError
from palestra.learners.dynamic.modified_policy_iteration import ModifiedPolicyIteration
from palestra.learners.dynamic.value_iteration import ValueIteration

EVERY = pytest.mark.parametrize("method", ["modified", "modified, once"])


@EVERY
def test_published_values(method: str) -> None:
    planning_checks.check_published_values(method)


@EVERY
@planning_checks.WORLDS
def test_the_optimum_is_one_and_no_policy_near_it_is_better(method: str, env: str, kwargs: dict[str, Any]) -> None:
    planning_checks.check_optimum(method, env, kwargs)


@EVERY
def test_no_deterministic_policy_does_better(method: str) -> None:
    planning_checks.check_exhaustive_search(method)


@EVERY
def test_without_discount(method: str) -> None:
    planning_checks.check_without_discount(method)


@EVERY
def test_without_backups_nothing_is_found(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planning_checks.check_without_backups(method, monkeypatch)


def test_with_one_sweep_it_is_value_iteration() -> None:
    config = ModifiedPolicyIteration.config_type(gamma=0.9, evaluation_sweeps=1)
    modified = ModifiedPolicyIteration("FrozenLake-v1", config)
    value_iteration = ValueIteration("FrozenLake-v1", ValueIteration.config_type(gamma=0.9))
    for _ in range(20):
        assert modified.step() == value_iteration.step()
        assert torch.equal(modified.policy.value_X, value_iteration.policy.value_X)
    assert modified.policy.start > 0
    with pytest.raises(UsageError, match="evaluation_sweeps=0; expected at least 1"):
        ModifiedPolicyIteration.config_type(evaluation_sweeps=0)
