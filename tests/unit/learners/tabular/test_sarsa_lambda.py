"""SARSA(lambda) is its textbook's, and between SARSA and Monte Carlo."""

from typing import Any

import numpy as np
import pytest
import tabular
import worlds

from palestra.errors import UsageError
from palestra.learners.tabular.sarsa_lambda import SarsaLambda, SarsaLambdaConfig

NAME = SarsaLambda.name


@pytest.mark.parametrize(
    "settings",
    [{"trace_decay": 0.8}, {"trace_decay": 0.8, "traces": "accumulating"}],
    ids=["replacing", "accumulating"],
)
@tabular.WORLDS
def test_one_environment_is_the_textbook(world: Any, settings: dict[str, Any]) -> None:
    tabular.check_textbook(NAME, world, **settings)


def test_reports_may_be_cut_anywhere() -> None:
    tabular.check_cut_anywhere(NAME)


@pytest.mark.parametrize("settings", [{}, {"traces": "accumulating"}], ids=["replacing", "accumulating"])
@tabular.SEVERAL
def test_without_lambda_it_is_sarsa(settings: dict[str, Any], num_envs: int) -> None:
    tabular.check_same((NAME, {"trace_decay": 0.0, **settings}), ("sarsa", {}), num_envs)


def test_looking_to_the_end_of_the_episode_is_monte_carlo() -> None:
    tabular.check_is_monte_carlo(NAME, trace_decay=1.0, traces="accumulating")


@pytest.mark.parametrize("traces", ["replacing", "accumulating"])
def test_several_environments_with_traces_are_learned_from_in_turn(traces: str) -> None:
    learner = tabular.make(NAME, worlds.RANDOM, {}, 4, traces=traces)
    rng = np.random.default_rng(0)
    learner.q.table[...] = rng.normal(size=learner.q.table.shape)
    learner.rule.trace_EP[...] = rng.random(learner.rule.trace_EP.shape)
    error_E, q = rng.normal(size=4), learner.q.table.reshape(-1).copy()
    target_EP = q + error_E[:, None]
    for e in range(4):
        q += 0.3 * learner.rule.trace_EP[e] * (target_EP[e] - q)
    learner.rule.spread(np.arange(4), error_E)
    np.testing.assert_allclose(learner.q.table.reshape(-1), q, rtol=1e-12)


def test_copies_that_begin_anew_take_nothing_of_the_old_episode_with_them() -> None:
    learner = tabular.make(NAME, "CliffWalking-v1", {}, 2, num_steps=2)
    learner.step()
    learner.rule.forget(np.array([True, False]))
    assert [bool(z.any()) for z in learner.rule.trace_EP] == [False, True]


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="trace_decay"):
        SarsaLambdaConfig(trace_decay=1.1)
