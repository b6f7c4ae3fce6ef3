"""What all tabular methods share: which worlds they serve, schedules, pictures, and starting anew."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from palestra.envs.vector import Resumed
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.registry import LEARNERS, learner_type
from palestra.learners.tabular.rule import Step, TabularConfig
from palestra.learners.tabular.tabular_learner import MAX_EVAL_STEPS, TabularLearner
from palestra.pictures.gallery import draw_exhibits

NAMES = [name for name, (module, _) in LEARNERS.items() if ".tabular." in module]
EVERY = pytest.mark.parametrize("name", NAMES)


def make(name: str, env_id: str = "CliffWalking-v1", num_envs: int = 2, **more: Any) -> TabularLearner:
    settings = more.pop("settings", {})
    learner = learner_type(name)(World(env_id, num_envs, **more), learner_type(name).config_type(**settings))
    assert isinstance(learner, TabularLearner)
    return learner


def test_there_are_ten() -> None:
    assert len(NAMES) == 10


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1", "probe/ConstantReward", "Blackjack-v1"])
@EVERY
def test_what_is_no_one_hot_is_refused_by_name(name: str, env_id: str) -> None:
    with pytest.raises(UsageError, match=f"{name} keeps a table and cannot serve .* observes Box.*Discrete space"):
        make(name, env_id)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate=0.0; expected 0 < learning_rate <= 1"),
        ({"epsilon_end": 1.5}, "epsilon_end=1.5; expected 0 <= epsilon_end <= 1"),
        ({"num_steps": 0}, "num_steps=0; expected at least 1"),
        ({"initial_value": float("inf")}, "initial_value=inf; expected a finite number"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TabularConfig(**settings)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("n-step-sarsa", {"n_step": 0}),
        ("tree-backup", {"target_epsilon": 1.1}),
        ("expected-sarsa", {"target_epsilon": -0.1}),
        ("sarsa-lambda", {"trace_decay": 1.1}),
        ("dyna-q", {"planning_steps": -1}),
        ("prioritised-sweeping", {"threshold": -1.0}),
    ],
)
def test_settings_of_a_method_out_of_range_are_refused(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(settings))):
        learner_type(name).config_type(**settings)


def test_epsilon_falls_linearly_over_its_share_of_the_budget() -> None:
    learner = make("q-learning", settings={"epsilon_start": 1.0, "epsilon_end": 0.2, "exploration_fraction": 0.5})
    learner.budget = 1_000
    epsilons = [learner.epsilon_at(clock) for clock in (0, 250, 500, 1_000)]
    assert epsilons == pytest.approx([1.0, 0.6, 0.2, 0.2])
    learner.budget = 0  # nobody has said how long: nothing can fall
    assert learner.epsilon_at(250) == 1.0
    learner = make("q-learning", settings={"epsilon_start": 1.0, "epsilon_end": 0.2, "exploration_fraction": 0.0})
    assert learner.epsilon_at(0) == pytest.approx(0.2)


def test_the_greedy_action_is_the_first_of_equals_and_exploring_draws_among_them() -> None:
    learner = make("q-learning", settings={"epsilon_start": 0.0, "epsilon_end": 0.0})
    learner.q.table[0, 5] = [0, 3, 3, 1]
    obs = torch.zeros(200, 48)
    obs[:, 5] = 1
    assert learner.act(obs).tolist() == [1] * 200
    drawn = learner.act(obs, deterministic=False).tolist()
    assert set(drawn) == {1, 2}
    assert 60 < drawn.count(1) < 140


def test_a_greedy_policy_in_a_circle_is_cut_in_evaluation_only() -> None:
    learner = make("q-learning")
    learner.q.table[0, :, 0] = 1.0  # up, for ever against the wall
    assert learner.env.max_episode_steps is None
    for reference in (False, True):
        evaluation = learner.evaluate(episodes=1, reference=reference)
        assert evaluation.metrics["eval/length_mean"] == MAX_EVAL_STEPS
    limited = make("q-learning", kwargs={"max_episode_steps": 30})
    assert limited.evaluate(episodes=3).metrics["eval/length_mean"] <= 30


@EVERY
def test_another_backend_is_served_too(name: str) -> None:
    learner = make(name, backend="sync", kwargs={"max_episode_steps": 50}, settings={"num_steps": 60})
    metrics = learner.step()
    assert metrics["train/episodes"] >= 2
    assert metrics["train/states_seen"] > 1
    assert learner.q.table.min() < 0


@pytest.mark.parametrize("backend", ["torch", "sync"])
def test_pictures_are_drawn_of_what_was_seen(backend: str, tmp_path: Path) -> None:
    learner = make("q-learning", backend=backend, kwargs={"max_episode_steps": 50})
    learner.step()
    (picture,) = draw_exhibits(learner.exhibits(), tmp_path)
    assert picture.stat().st_size > 5_000


def test_copies_that_begin_anew_take_nothing_of_the_old_episode_with_them() -> None:
    anew_E = np.array([True, False])
    window = make("n-step-sarsa", settings={"num_steps": 2})
    traces = make("sarsa-lambda", settings={"num_steps": 2})
    episodes = make("monte-carlo", settings={"num_steps": 2})
    for learner in (window, traces, episodes):
        learner.step()
        learner.rule.forget(anew_E)
    assert window.rule.window.count_E.tolist() == [0, 2]
    assert [bool(z.any()) for z in traces.rule.trace_EP] == [False, True]
    assert episodes.rule.begin_E.tolist() == [2, 0]


def test_an_environment_that_cannot_be_restored_starts_anew_with_an_action_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learner, resumed = make("sarsa"), make("sarsa")
    learner.step()
    state = learner.state_dict()
    begun = Resumed(resumed.env.reset(0), torch.tensor([True, True]))
    monkeypatch.setattr(resumed.env, "load_state_dict", lambda saved: begun)
    (note,) = resumed.load_state_dict(state)
    assert note.startswith("not exact: 2 of 2")
    assert resumed.state_E.tolist() == resumed.start_E.tolist() == [36, 36]
    np.testing.assert_array_equal(resumed.q.table, learner.q.table)
    resumed.step()


def test_unfinished_episodes_of_any_length_are_kept() -> None:
    learner = make("monte-carlo", "FrozenLake-v1", 3, settings={"num_steps": 1})
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


def test_only_pairs_that_go_on_to_a_state_are_swept_back_to() -> None:
    learner = make("prioritised-sweeping", num_envs=3)
    state_E, action_E = np.array([1, 2, 3]), np.array([0, 1, 2])
    entry_E, discount_E = learner.q.entry(state_E, action_E), np.array([0.9, 0.0, 0.9])  # the second one ended there
    next_state_E = np.array([7, 7, 8])
    s = Step(state_E, action_E, entry_E, np.zeros(3), next_state_E, discount_E, discount_E == 0, next_state_E)
    learner.rule.model.add(s)
    assert learner.rule.leading_to(np.array([7])).tolist() == [4]
    assert learner.rule.leading_to(np.array([7, 8])).tolist() == [4, 14]
    assert learner.rule.leading_to(np.array([0])).tolist() == []


def test_the_table_is_on_the_cpu() -> None:
    assert make("q-learning").device.type == "cpu"
