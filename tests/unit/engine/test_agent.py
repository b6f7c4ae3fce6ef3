"""What every agent has: evaluation, prediction, files."""

import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

from palestra.engine.agent import Actor, Agent
from palestra.engine.settings import build
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.policies.random import Random
from palestra.runs import checkpoints

SMALL = PPOConfig(num_steps=16, minibatch_size=32, num_epochs=1, hidden_sizes=(8,))


def test_evaluation_is_a_function_of_its_seed_whatever_was_evaluated_before() -> None:
    agent = PPO("CartPole-v1", SMALL)
    a = agent.evaluate(episodes=5, seed=1).samples
    agent.evaluate(episodes=6, seed=2)
    assert torch.equal(agent.evaluate(episodes=5, seed=1).samples, a)
    assert not torch.equal(agent.evaluate(episodes=5, seed=2).samples, a)


def test_the_reference_environment_is_gymnasiums_and_agrees() -> None:
    # An untrained policy's mean over 100 episodes in either environment: within four standard errors.
    agent = PPO("CartPole-v1", SMALL)
    ours, theirs = (agent.evaluate(episodes=100, seed=0, reference=r).samples for r in (False, True))
    assert type(agent.arena()._kept[1]).__name__ == "GymVectorEnv"
    spread = (ours.var() / 100 + theirs.var() / 100).sqrt()
    assert abs(float(ours.mean() - theirs.mean())) < 4 * float(spread)
    agent.close()


@pytest.mark.parametrize("steps", [1, 31, 32, 100])
def test_learning_takes_at_least_the_steps_asked_for_and_goes_on_from_there(steps: int) -> None:
    agent = PPO(World("CartPole-v1", 2), SMALL)
    assert agent.learn(steps) is agent
    first = agent.clock
    assert steps <= first < steps + 32
    assert agent.learn(steps).clock == 2 * first


def test_one_observation_or_a_batch() -> None:
    agent = PPO("CartPole-v1", SMALL)
    one = agent.predict(np.zeros(4))
    assert type(one) is int
    batch = agent.predict(np.zeros((3, 4), np.float32))
    assert isinstance(batch, np.ndarray)
    assert batch.tolist() == [one] * 3
    for wrong in (np.zeros(3), np.zeros((2, 5)), np.zeros((1, 1, 4)), 0.0):
        with pytest.raises(UsageError, match=r"observation of shape .*; expected \(4,\), or a batch"):
            agent.predict(wrong)


def test_samples_differ_and_greedy_actions_do_not() -> None:
    agent, obs = PPO("CartPole-v1", SMALL), np.zeros((200, 4))
    assert len(set(agent.predict(obs).tolist())) == 1
    assert set(agent.predict(obs, deterministic=False).tolist()) == {0, 1}


def test_a_description_is_json_and_builds_the_same_agent() -> None:
    agent = PPO(World("CartPole-v1", 3), SMALL, seed=4)
    told = json.loads(json.dumps(agent.describe()))
    settings, seed = build(PPOConfig, told["learner"]["settings"]), told["training"]["seed"]
    again = PPO(build(World, told["world"]), settings, seed=seed)
    assert again.describe() == agent.describe()
    assert told["learner"]["name"] == "ppo"
    assert all(torch.equal(p, q) for p, q in zip(agent.modules.parameters(), again.modules.parameters(), strict=True))


def test_saving_writes_a_configuration_and_a_checkpoint(tmp_path: Path) -> None:
    agent = PPO(World("CartPole-v1", 2), SMALL).learn(64)
    folder = agent.save(tmp_path / "new" / "folder")
    assert json.loads((folder / "config.json").read_text()) == json.loads(json.dumps(agent.describe()))
    loaded = checkpoints.load_latest(folder / "checkpoints")
    assert (loaded.step, loaded.info["learner"]) == (64, "ppo")


def test_an_actor_has_nothing_left_to_learn() -> None:
    actor = Actor(Random, World("Acrobot-v1", 2), seed=3)
    assert isinstance(actor, Agent)
    assert (actor.finished, actor.step(), actor.clock) == (True, {}, 0)
    assert (actor.headline, actor.clock_unit) == ("eval/return_mean", "env steps")
    again = Actor(Random, World("Acrobot-v1", 2), seed=9)
    again.load_state_dict(actor.state_dict())
    obs = np.zeros((50, 6), np.float32)
    sampled = actor.predict(obs, deterministic=False)
    np.testing.assert_array_equal(again.predict(obs, deterministic=False), sampled)


def test_who_acts_by_the_true_state_predicts_nothing_from_observations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Random, "sees", "state")
    with pytest.raises(UsageError, match="Random acts by the true state, not by observations"):
        Actor(Random, World("Acrobot-v1")).predict(np.zeros(6))


def test_an_unknown_environment_is_named() -> None:
    with pytest.raises(UsageError, match="CartPol-v1"):
        PPO("CartPol-v1")


def test_integers_of_a_discrete_space_are_predicted_from() -> None:
    agent = PPO("FrozenLake-v1")
    rows = np.eye(16, dtype=np.float32)
    assert agent.predict(3) == agent.predict(rows[3])
    np.testing.assert_array_equal(agent.predict(np.arange(16)), agent.predict(rows))


class Table(gym.Env[Any, Any]):
    """Three cards on a table and two dials, to be answered by a number without dimensions."""

    observation_space = gym.spaces.Dict(
        cards=gym.spaces.Tuple((gym.spaces.Discrete(9, start=1),) * 3), dials=gym.spaces.Box(-1.0, 1.0, (2,))
    )
    action_space = gym.spaces.Box(-1.0, 1.0, ())

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> Any:
        assert self.action_space.contains(np.asarray(action))
        return self.observation_space.sample(), 0.0, bool(self.np_random.random() < 0.2), False, {}


def test_what_reset_gives_is_one_observation_and_what_a_vector_environment_gives_a_batch() -> None:
    gym.register("tests/Table-v0", Table)
    agent = PPO(World("tests/Table-v0", 2), SMALL).learn(64)
    env, vector = gym.make("tests/Table-v0"), gym.make_vec("tests/Table-v0", 4, vectorization_mode="sync")
    obs, _ = env.reset(seed=0)
    for action in (agent.predict(obs), agent.decide(obs, env)):
        assert isinstance(action, np.ndarray)
        assert env.action_space.contains(action)
    batch, _ = vector.reset(seed=0)
    actions = agent.predict(batch)
    assert actions.shape == (4,)
    singles = [agent.predict(one) for one in gym.vector.utils.iterate(vector.observation_space, batch)]
    np.testing.assert_allclose(actions, singles, atol=1e-6)
    assert len(set(actions.tolist())) == 4
    with pytest.raises(UsageError, match=r"observation of shape \(3,\); expected what reset\(\) gives, of Dict"):
        agent.predict(np.zeros(3))
    agent.close()


def test_it_is_told_of_one_environment_in_the_contract_s_form(monkeypatch: pytest.MonkeyPatch) -> None:
    for env_id, action, known in (
        ("CartPole-v1", 1, torch.tensor([1])),
        ("Pendulum-v1", np.array([0.5], np.float32), torch.tensor([[0.5]])),
    ):
        agent = PPO(World(env_id, 2), SMALL)
        heard: list[Any] = []
        monkeypatch.setattr(type(agent.policy), "told", lambda _, *step, heard=heard: heard.append(step))
        agent.told(action, 2, True)
        ((done, reward, ended),) = heard
        assert torch.equal(done, known)
        assert done.dtype == known.dtype
        assert (reward.tolist(), ended.tolist()) == ([2.0], [True])
        agent.close()
