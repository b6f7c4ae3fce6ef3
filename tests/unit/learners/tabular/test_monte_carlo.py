"""Monte Carlo control is its textbook's: a mean of the returns that followed first visits."""

from typing import Any

import numpy as np
import pytest
import tabular
import worlds

from palestra.learners.tabular.monte_carlo import MonteCarlo

NAME = MonteCarlo.name


@pytest.mark.parametrize(
    "settings",
    [{"learning_rate": 1.0}, {"first_visit": False, "learning_rate_decay": 0.0}],
    ids=["first-visit", "every-visit"],
)
@tabular.WORLDS
def test_one_environment_is_the_textbook(world: Any, settings: dict[str, Any]) -> None:
    tabular.check_textbook(NAME, world, exact=False, **settings)


def test_reports_may_be_cut_anywhere() -> None:
    tabular.check_cut_anywhere(NAME)


def test_of_several_environments_it_is_the_mean_of_first_visit_returns() -> None:
    learner = tabular.make(NAME, worlds.RANDOM, {"max_episode_steps": -1}, 6, learning_rate=1.0, num_steps=1)
    returns: dict[int, list[float]] = {}
    episodes: list[list[tuple[int, float]]] = [[] for _ in range(6)]
    steps: list[Any] = []
    for t in range(300):
        with tabular.watched_steps(steps):
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


def test_unfinished_episodes_of_any_length_are_kept() -> None:
    learner = tabular.make(NAME, "FrozenLake-v1", {}, 3, num_steps=1)
    seen: list[list[int]] = [[], [], []]
    for _ in range(500):
        entry_E = learner.q.entry(learner.state_E, learner.action_E)
        finished = learner.interaction.episodes.finished
        learner.step()
        begin_E, length = learner.rule.begin_E, learner.rule.length
        for e in range(3):
            seen[e].append(int(entry_E[e]))
            if begin_E[e] == length:
                seen[e] = []
            kept = learner.rule.entry_TE[begin_E[e] : length, e].tolist()
            assert kept == seen[e]
    assert finished > 50
    assert len(learner.rule.entry_TE) < 1_000


def test_copies_that_begin_anew_take_nothing_of_the_old_episode_with_them() -> None:
    learner = tabular.make(NAME, "CliffWalking-v1", {}, 2, num_steps=2)
    learner.step()
    learner.rule.forget(np.array([True, False]))
    assert learner.rule.begin_E.tolist() == [2, 0]
