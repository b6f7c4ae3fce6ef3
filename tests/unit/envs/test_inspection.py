"""Environments are looked into: good ones have nothing to mend, and each odd habit is found and named."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from palestra.envs import inspection
from palestra.envs.inspection import Finding, inspect
from palestra.errors import UsageError


class Habit(gym.Env[Any, Any]):
    """Episodes of ten steps, with one habit."""

    action_space = spaces.Box(-1.0, 1.0, (1,), np.float32)

    def __init__(self, habit: str = "") -> None:
        self.habit = habit
        self.observation_space: gym.Space[Any] = spaces.Box(-1.0, 1.0, (3,), np.float32)
        self.shown = np.zeros(3, np.float32)
        self.counted = 0

    def look(self) -> Any:
        seen = self.np_random.uniform(-1, 1, 3).astype(np.float32)
        match self.habit:
            case "one array":
                self.shown[:] = seen
                return self.shown
            case "large":
                return seen * 1e4
            case "luck":
                return np.random.default_rng().uniform(-1, 1, 3).astype(np.float32)
            case "still":
                return np.zeros(3, np.float32)
            case "nan" if self.steps == 7:
                return seen * np.nan
        return seen

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=None if self.habit == "no seed" else seed)
        self.steps = 0
        return self.look(), {}

    def step(self, action: Any) -> Any:
        self.steps, self.counted = self.steps + 1, self.counted + 1
        if self.habit == "writes":
            action[:] = 0
        if self.habit == "raises" and self.steps == 7:
            raise RuntimeError("no contact")
        reward = 1.0 if self.habit == "one reward" else float(self.np_random.uniform())
        reward = 1e6 * reward if self.habit == "large rewards" else reward
        reward += self.counted if self.habit == "counts" else 0.0
        ended = self.steps == 10 and self.habit != "endless"
        return self.look(), reward, ended, False, {}


gym.register("test/Habit-v0", entry_point=Habit)
gym.register("test/LimitedHabit-v0", entry_point=Habit, max_episode_steps=50)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "SECONDS", 0.2)


def found(habit: str, env_id: str = "test/LimitedHabit-v0") -> dict[str, Finding]:
    return {finding.name: finding for finding in inspect(env_id, {"habit": habit} if habit else None)}


def test_a_good_environment_has_nothing_to_mend_and_nothing_to_note() -> None:
    findings = found("")
    assert {finding.name: finding.status for finding in findings.values()} == dict.fromkeys(findings, "ok")
    assert findings["resume"].detail == "exact, by a replay of the episode's actions"
    assert findings["time limit"].detail.startswith("50 steps; ")
    assert "steps/s" in findings["speed"].detail


@pytest.mark.parametrize(
    ("habit", "name", "status", "said"),
    [
        ("no seed", "same seed", "wrong", "ignores its seed"),
        ("luck", "same seed", "wrong", "ignores its seed"),
        ("counts", "same seed", "wrong", "step 1 differs"),
        ("one array", "arrays", "note", "is written again"),
        ("writes", "actions", "wrong", "writes into the action"),
        ("large", "observations", "note", "normalize_obs"),
        ("large", "bounds", "note", "are not in Box"),
        ("still", "observations", "ok", "3 of 3 numbers never change"),
        ("large rewards", "rewards", "note", "normalize_reward"),
        ("one reward", "rewards", "note", "always the same"),
        ("luck", "resume", "note", "not at all"),
        ("nan", "contract", "wrong", "observation nan at"),
        ("raises", "contract", "wrong", r"step 7 of its episode 0: step() raised RuntimeError: no contact"),
    ],
)
def test_a_habit_is_found_and_named(habit: str, name: str, status: str, said: str) -> None:
    finding = found(habit)[name]
    assert (finding.status, said in finding.detail) == (status, True), finding


def test_what_has_no_time_limit_is_said_to_have_none() -> None:
    for habit, said in (("", "none; "), ("endless", "none, and 0 random episodes ended in ")):
        finding = found(habit, "test/Habit-v0")["time limit"]
        assert finding.status == "note"
        assert finding.detail.startswith(said)
        assert "eval_max_steps" in finding.detail


def test_gymnasiums_own_checker_is_asked() -> None:
    assert found("no seed")["Gymnasium's checker"].status == "wrong"


@pytest.mark.parametrize(
    ("env_id", "how"), [("CartPole-v1", "exact, by a snapshot of its state"), ("Blackjack-v1", "exact, by a snapshot")]
)
def test_known_environments_are_in_order(env_id: str, how: str) -> None:
    findings = inspect(env_id)
    assert [finding for finding in findings if finding.status == "wrong"] == []
    (resume,) = [finding for finding in findings if finding.name == "resume"]
    assert resume.detail.startswith(how)


def test_a_seed_that_is_ignored_is_a_line() -> None:
    note = inspection.seed_note("test/Habit-v0", {"habit": "no seed"})
    assert note is not None
    assert note.startswith("environment 'test/Habit-v0', step 0: reset(seed=1) gave two different observations; exp")
    for habit in ("", "counts", "one array"):
        assert inspection.seed_note("test/Habit-v0", {"habit": habit}) is None
    assert inspection.seed_note("CartPole-v1") is None


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown environment"):
        inspect("no/Such-v0")
    with pytest.raises(UsageError, match="9x9"):
        inspect("FrozenLake-v1", {"map_name": "9x9"})
