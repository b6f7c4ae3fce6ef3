"""In one environment every method is its textbook's, step for step; in several it learns from them in turn."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import textbook
import worlds

from palestra.envs.world import World
from palestra.learners.registry import learner_type
from palestra.learners.tabular.tabular_learner import TabularLearner

COMMON = {"gamma": 0.9, "learning_rate": 0.3, "epsilon_start": 0.3, "epsilon_end": 0.3, "initial_value": 0.5,
          "num_steps": 50}  # fmt: skip
CASES: list[tuple[str, dict[str, Any]]] = [
    ("sarsa", {}),
    ("expected-sarsa", {}),
    ("q-learning", {}),
    ("double-q-learning", {}),
    ("n-step-sarsa", {"n_step": 1}),
    ("n-step-sarsa", {"n_step": 4}),
    ("n-step-sarsa", {"n_step": 20}),
    ("tree-backup", {"n_step": 1}),
    ("tree-backup", {"n_step": 3, "target_epsilon": 0.2}),
    ("tree-backup", {"n_step": 5, "target_epsilon": 0.0}),
    ("sarsa-lambda", {"trace_decay": 0.8}),
    ("sarsa-lambda", {"trace_decay": 0.8, "traces": "accumulating"}),
    ("monte-carlo", {"learning_rate": 1.0}),
    ("monte-carlo", {"first_visit": False, "learning_rate_decay": 0.0}),
    ("dyna-q", {"planning_steps": 5}),
    ("prioritised-sweeping", {"planning_steps": 5}),
]
NAMES = sorted({name for name, _ in CASES})
LAKE = ("FrozenLake-v1", {"is_slippery": False, "max_episode_steps": 15})
CLIFF = ("CliffWalking-v1", {"max_episode_steps": 15})


@pytest.fixture(scope="module", autouse=True)
def _worlds() -> Iterator[None]:
    worlds.register()
    yield
    worlds.unregister()


def make(
    name: str, env_id: str, kwargs: dict[str, Any], num_envs: int = 1, seed: int = 0, **settings: Any
) -> TabularLearner:
    cls = learner_type(name)
    learner = cls(World(env_id, num_envs, kwargs=kwargs), cls.config_type(**{**COMMON, **settings}), seed=seed)
    assert isinstance(learner, TabularLearner)
    return learner


def run(learner: TabularLearner, steps: int) -> TabularLearner:
    while learner.clock < steps * learner.env.num_envs:
        learner.step()
    return learner


@pytest.mark.parametrize(("name", "settings"), CASES, ids=[f"{n}-{'-'.join(map(str, s.values()))}" for n, s in CASES])
@pytest.mark.parametrize("world", [(worlds.RANDOM, {}), LAKE, CLIFF], ids=["random", "lake", "cliff"])
def test_one_environment_is_the_textbook(
    name: str, settings: dict[str, Any], world: tuple[str, dict[str, Any]]
) -> None:
    if world != (worlds.RANDOM, {}) and name in ("tree-backup", "n-step-sarsa", "monte-carlo"):
        # Their sums are added up in another order here and there, and where values are alike the last bit of a sum
        # decides which action is greedy. Powers of two make the sums exact; the random world has no values alike.
        settings = {**settings, "gamma": 1.0, "learning_rate": 0.5}
    learner = make(name, *world, **settings)
    steps = 250
    twin = textbook.table_of(
        getattr(textbook, name.replace("-", "_")), *world, 0, steps, learner.rule.draws_per_step, learner.config,
        learner.rule.num_tables,
    )  # fmt: skip
    run(learner, steps)
    assert learner.clock == steps
    assert learner.interaction.episodes.finished > 10
    np.testing.assert_allclose(learner.q.table, twin, rtol=1e-9, atol=1e-9)
    assert (twin != learner.config.initial_value).sum() > 5


@pytest.mark.parametrize("name", ["sarsa", "q-learning", "expected-sarsa", "double-q-learning", "dyna-q"])
def test_one_environment_is_the_textbook_to_the_last_bit(name: str) -> None:
    learner = run(make(name, *CLIFF), 800)
    method = getattr(textbook, name.replace("-", "_"))
    twin = textbook.table_of(
        method, *CLIFF, 0, 800, learner.rule.draws_per_step, learner.config, learner.rule.num_tables
    )
    np.testing.assert_array_equal(learner.q.table, twin)


@pytest.mark.parametrize("num_envs", [1, 8])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("n-step-sarsa", {"n_step": 1}), ("sarsa", {})),
        (("sarsa-lambda", {"trace_decay": 0.0}), ("sarsa", {})),
        (("sarsa-lambda", {"trace_decay": 0.0, "traces": "accumulating"}), ("sarsa", {})),
        (("tree-backup", {"n_step": 1, "target_epsilon": 0.0}), ("q-learning", {})),
        (("tree-backup", {"n_step": 1, "target_epsilon": None}), ("expected-sarsa", {})),
        (("tree-backup", {"n_step": 1, "target_epsilon": 0.7}), ("expected-sarsa", {"target_epsilon": 0.7})),
        (("expected-sarsa", {"target_epsilon": 0.0}), ("q-learning", {})),
        (("dyna-q", {"planning_steps": 0}), ("q-learning", {})),
    ],
)
def test_special_cases_are_the_simpler_method(one: Any, other: Any, num_envs: int) -> None:
    first, second = (run(make(name, worlds.RANDOM, {}, num_envs, **s), 200) for name, s in (one, other))
    close = {"rtol": 1e-10, "atol": 1e-10} if one[0] == "sarsa-lambda" and num_envs > 1 else {"rtol": 0, "atol": 0}
    np.testing.assert_allclose(first.q.table, second.q.table, **close)
    assert np.ptp(first.q.table) > 1


@pytest.mark.parametrize(
    ("name", "settings"),
    [("n-step-sarsa", {"n_step": 50}), ("sarsa-lambda", {"trace_decay": 1.0, "traces": "accumulating"})],
)
def test_looking_to_the_end_of_the_episode_is_monte_carlo(name: str, settings: dict[str, Any]) -> None:
    learner = make(name, worlds.CHAIN, {}, gamma=0.8, num_steps=1, **settings)
    monte_carlo = make(
        "monte-carlo", worlds.CHAIN, {}, gamma=0.8, num_steps=1, learning_rate_decay=0.0, first_visit=False
    )
    for method in (learner, monte_carlo):
        while method.interaction.episodes.finished < 100:  # the two agree where an episode ends
            method.step()
    np.testing.assert_allclose(learner.q.table, monte_carlo.q.table, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_reports_may_be_cut_anywhere(name: str) -> None:
    whole, pieces = (run(make(name, worlds.RANDOM, {}, 3, num_steps=n), 60) for n in (60, 4))
    np.testing.assert_array_equal(whole.q.table, pieces.q.table)
    np.testing.assert_array_equal(whole.action_E, pieces.action_E)


@pytest.mark.parametrize("name", ["sarsa", "q-learning", "expected-sarsa"])
def test_several_environments_are_learned_from_in_turn(name: str) -> None:
    learner = make(name, *CLIFF, num_envs=16, num_steps=1)
    for _ in range(200):
        q, epsilon = learner.q.table[0].copy(), learner.q.epsilon
        state_E, action_E = learner.state_E.copy(), learner.action_E.copy()
        seen = []
        learner._read = watch(learner._read, seen)  # type: ignore[method-assign]
        learner.step()
        del learner._read
        (s,) = seen
        next_action_E = learner.action_E
        targets = []
        for e in range(16):
            row = q[s.next_state_E[e]]
            if name == "sarsa":
                if s.done_E[e] and s.discount_E[e]:
                    break  # cut: the action in the state it was cut in is not kept
                value = row[next_action_E[e]] if not s.done_E[e] else 0.0
            else:
                value = textbook.expectation(row.tolist(), 0.0 if name == "q-learning" else epsilon)
            targets.append(s.reward_E[e] + s.discount_E[e] * value)
        if len(targets) < 16:
            continue
        for e in range(16):
            q[state_E[e], action_E[e]] += 0.3 * (targets[e] - q[state_E[e], action_E[e]])
        np.testing.assert_allclose(learner.q.table[0], q, rtol=1e-12, atol=1e-12)


def watch(function: Any, seen: list[Any]) -> Any:
    def watched(*args: Any) -> Any:
        seen.append(function(*args))
        return seen[-1]

    return watched


@pytest.mark.parametrize("traces", ["replacing", "accumulating"])
def test_several_environments_with_traces_are_learned_from_in_turn(traces: str) -> None:
    learner = make("sarsa-lambda", worlds.RANDOM, {}, 4, traces=traces)
    rng = np.random.default_rng(0)
    learner.q.table[...] = rng.normal(size=learner.q.table.shape)
    learner.rule.trace_EP[...] = rng.random(learner.rule.trace_EP.shape)
    error_E, q = rng.normal(size=4), learner.q.table.reshape(-1).copy()
    target_EP = q + error_E[:, None]
    for e in range(4):
        q += 0.3 * learner.rule.trace_EP[e] * (target_EP[e] - q)
    learner.rule.spread(np.arange(4), error_E)
    np.testing.assert_allclose(learner.q.table.reshape(-1), q, rtol=1e-12)


def test_monte_carlo_of_several_environments_is_the_mean_of_first_visit_returns() -> None:
    learner = make("monte-carlo", worlds.RANDOM, {"max_episode_steps": -1}, 6, learning_rate=1.0, num_steps=1)
    returns: dict[int, list[float]] = {}
    episodes: list[list[tuple[int, float]]] = [[] for _ in range(6)]
    steps: list[Any] = []
    learner._read = watch(learner._read, steps)  # type: ignore[method-assign]
    for t in range(300):
        learner.step()
        s = steps[t]
        for e, episode in enumerate(episodes):
            episode.append((int(s.entry_E[e]), float(s.reward_E[e])))
            if s.done_E[e]:
                total, entries = 0.0, [entry for entry, _ in episode]
                for i in range(len(episode) - 1, -1, -1):
                    total = episode[i][1] + 0.9 * total
                    if entries[i] not in entries[:i]:
                        returns.setdefault(entries[i], []).append(total)
                episode.clear()
    assert max(sum(s.done_E) for s in steps) > 1  # episodes of different lengths have ended together
    table, visits = learner.q.table.reshape(-1), learner.q.visits.reshape(-1)
    for entry in range(table.size):
        assert visits[entry] == len(returns.get(entry, []))
        expected = np.mean(returns[entry]) if entry in returns else learner.config.initial_value
        assert table[entry] == pytest.approx(expected, abs=1e-12)


def test_the_model_of_several_environments_is_the_world_as_far_as_it_was_seen() -> None:
    learner = run(make("dyna-q", *LAKE, num_envs=8), 100)
    model, mdp = learner.rule.model, learner.env.dynamics.mdp
    tried_P = model.tried_SA.reshape(-1)
    assert 10 < tried_P.sum() < tried_P.size
    np.testing.assert_array_equal(model.next_state_P[tried_P], mdp.next_state.numpy()[tried_P])
    np.testing.assert_array_equal(model.reward_P[tried_P], mdp.reward.numpy()[tried_P])
    np.testing.assert_array_equal(model.discount_P[tried_P], 0.9 * ~mdp.terminated.numpy()[tried_P])
    assert sorted(model.seen_N) == np.flatnonzero(model.tried_SA.any(1)).tolist()


def test_any_number_of_copies_does_not_overshoot() -> None:
    # 256 copies begin in one state with a rate of 0.5: a plain sum of their moves would be 128 times too long.
    learner = run(make("q-learning", *CLIFF, num_envs=256, learning_rate=0.5, gamma=1.0, initial_value=0.0), 100)
    assert np.isfinite(learner.q.table).all()
    assert learner.q.table.max() <= 0
    assert learner.q.table.min() >= -150  # a fall and a way home; overshooting, it is beyond -1e9
