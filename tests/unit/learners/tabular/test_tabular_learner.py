"""What all tabular methods share: which worlds they serve, schedules, pictures, and starting anew."""

from pathlib import Path
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.vector import SyncVectorEnv
from locks import Locks

from palestra.engine.evaluate import MAX_STEPS
from palestra.envs.vector import Resumed
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.registry import LEARNERS, learner_type
from palestra.learners.tabular.tabular_learner import TabularLearner
from palestra.ops.tables import FORBIDDEN
from palestra.pictures.gallery import draw_exhibits
from palestra.trials.plan import adhoc_recipe

NAMES = [name for name, (module, _) in LEARNERS.items() if ".tabular." in module]
EVERY = pytest.mark.parametrize("name", NAMES)


def make(name: str, env_id: str = "CliffWalking-v1", num_envs: int = 2, **more: Any) -> TabularLearner:
    settings = more.pop("settings", {})
    learner = learner_type(name)(World(env_id, num_envs, **more), learner_type(name).config_type(**settings))
    assert isinstance(learner, TabularLearner)
    return learner


def test_there_are_ten() -> None:
    assert len(NAMES) == 10


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1", "probe/ConstantReward"])
@EVERY
def test_what_is_not_counted_is_refused_by_name(name: str, env_id: str) -> None:
    with pytest.raises(UsageError, match=f"{name} keeps a table and cannot serve .* observes Box.*Discrete space"):
        make(name, env_id)


@EVERY
def test_several_counts_together_are_a_state(name: str) -> None:
    learner = make(name, "Blackjack-v1")
    assert learner.q.num_states == 32 * 11 * 2
    learner.step()
    sums, shown, ace = np.unravel_index(np.flatnonzero(learner.q.visits.sum((0, 2))), (32, 11, 2))
    assert 1 <= shown.min() <= shown.max() <= 10
    assert 4 <= sums.min() <= sums.max() <= 21  # what was acted in
    assert sums[ace == 1].min(initial=12) >= 12
    assert learner.env.action_space.contains(learner.predict((14, 10, 0)))
    batch = tuple(np.array(column) for column in zip((14, 10, 0), (20, 3, 1), strict=True))
    assert learner.predict(batch).tolist() == [learner.predict((14, 10, 0)), learner.predict((20, 3, 1))]


def test_a_table_that_no_memory_holds_is_refused() -> None:
    gym.register("tests/Many-v0", lambda **_: Many())
    with pytest.raises(UsageError, match=r"observes MultiBinary\(40\) .*2,199,023,255,552 entries; expected at most"):
        make("q-learning", "tests/Many-v0")


class Many(gym.Env[Any, Any]):
    """Forty switches that are shown."""

    observation_space, action_space = gym.spaces.MultiBinary(40), gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return np.zeros(40, np.int8), {}


def test_epsilon_falls_linearly_over_its_share_of_the_budget() -> None:
    learner = make("q-learning", settings={"epsilon_start": 1.0, "epsilon_end": 0.2, "exploration_fraction": 0.5})
    learner.budget = 1_000
    epsilons = [learner.epsilon_at(clock) for clock in (0, 250, 500, 1_000)]
    assert epsilons == pytest.approx([1.0, 0.6, 0.2, 0.2])
    learner.budget = 0  # nobody has said how long: nothing can fall
    assert learner.epsilon_at(250) == 1.0
    learner = make("q-learning", settings={"epsilon_start": 1.0, "epsilon_end": 0.2, "exploration_fraction": 0.0})
    assert learner.epsilon_at(0) == pytest.approx(0.2)


def test_a_greedy_policy_in_a_circle_is_cut_in_evaluation_only() -> None:
    learner = make("q-learning")
    learner.q.table[0, :, 0] = 1.0  # up, for ever against the wall
    assert learner.env.max_episode_steps is None
    for reference in (False, True):
        with pytest.warns(UserWarning, match="'CliffWalking-v1' cut episodes after 10,000 steps .* no time limit"):
            evaluation = learner.evaluate(episodes=1, reference=reference)
        assert evaluation.metrics["eval/length_mean"] == MAX_STEPS
        assert evaluation.metrics["eval/cut"] == 1
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


def test_the_table_is_on_the_cpu() -> None:
    assert make("q-learning").device.type == "cpu"


def test_what_the_environment_says_of_its_episodes_is_reported() -> None:
    metrics = make("q-learning", "FrozenLake-v1", backend="sync", settings={"num_steps": 50}).step()
    assert metrics["env/prob"] == pytest.approx(1 / 3)


class PairedLocks(Locks):
    """Shows the lock as two choices."""

    def __init__(self) -> None:
        super().__init__()
        pair = spaces.Tuple((spaces.Discrete(2), spaces.MultiBinary(1)))
        self.observation_space = spaces.Dict([("action_mask", spaces.MultiBinary(self.keys)), ("lock", pair)])

    def _seen(self) -> Any:
        at = min(self.at, 3)
        return {"action_mask": self.mask(), "lock": (at // 2, np.array([at % 2], np.int8))}


def test_the_mask_tells_no_states_apart_but_what_stands_beside_it_does() -> None:
    agent: Any = learner_type("q-learning")(PairedLocks, seed=0)
    assert agent.states.num == 4
    agent.learn(2_000)
    assert agent.evaluate(episodes=2).score == 4.0
    allowed_SA = agent.q.table[0] > FORBIDDEN
    assert [np.flatnonzero(row).tolist() for row in allowed_SA] == np.sort(PairedLocks().turning).tolist()
    agent.close()


@EVERY
def test_by_default_many_copies_are_played_and_one_where_one_is_asked_for(name: str) -> None:
    stepped, finite = (16, 16) if name == "sarsa-lambda" else (128, 256)
    for source in ("FrozenLake-v1", gym.make("FrozenLake-v1"), lambda: gym.make("own/Both-v0")):
        assert learner_type(name)(source).env.num_envs == finite
    for source in ("Blackjack-v1", lambda: gym.make("Blackjack-v1")):
        assert learner_type(name)(source).env.num_envs == stepped
    assert learner_type(name)(SyncVectorEnv([Both] * 3)).env.num_envs == 3
    assert learner_type(name)(World("FrozenLake-v1", 1)).env.num_envs == 1
    assert adhoc_recipe(name, "own/Both-v0", 100_000).num_envs == finite
    assert adhoc_recipe(name, "Blackjack-v1", 100_000).num_envs == stepped


class Both(gym.Env[Any, Any]):
    """Two states, and the table of what happens in them."""

    observation_space, action_space = spaces.Discrete(2), spaces.Discrete(2)
    P: ClassVar = {s: {a: [(1.0, a, float(a), False)] for a in range(2)} for s in range(2)}

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return 0, {}

    def step(self, action: Any) -> Any:
        return int(action), float(action), False, False, {}


gym.register("own/Both-v0", Both, max_episode_steps=20)


@pytest.mark.parametrize("env_id", ["Blackjack-v1", "own/Count-v0"])
def test_copies_that_show_numbers_are_resumed_to_the_bit(env_id: str) -> None:
    whole, first = (make("q-learning", env_id, num_envs=5, backend="sync") for _ in range(2))
    for _ in range(3):
        whole.step()
        first.step()
    second = make("q-learning", env_id, num_envs=5, backend="sync")
    second.load_state_dict(first.state_dict())
    assert not second.interaction.restarted_E.any()
    for _ in range(2):
        whole.step()
        second.step()
    np.testing.assert_array_equal(whole.q.table, second.q.table)
    np.testing.assert_array_equal(whole.state_E, second.state_E)


class Count(gym.Env[Any, Any]):
    """Counts, by chance, to nine; it has no snapshot, so its episodes since the last seed are played again."""

    observation_space, action_space = spaces.Discrete(10, start=-3), spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.count = 0
        return -3, {}

    def step(self, action: Any) -> Any:
        self.count = min(self.count + int(self.np_random.integers(1 + action, 4)), 9)
        return self.count - 3, -1.0, self.count == 9, False, {}


gym.register("own/Count-v0", Count)
