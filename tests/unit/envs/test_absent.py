"""A world that is not here: whoever is made from it acts, and nothing in it moves."""

import json

import gymnasium as gym
import numpy as np
import pytest
import torch

from palestra.envs.absent import AbsentVectorEnv, AbsentWorld
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.ppo import PPO
from palestra.learners.registry import learner_type

BOX, TWO = gym.spaces.Box(-1.0, 1.0, (3,), np.float32), gym.spaces.Discrete(2)


def test_an_agent_made_of_it_predicts_and_does_nothing_else() -> None:
    world = World("case/Nowhere-v0", 2, kwargs={"size": (3, 4)})
    absent = AbsentWorld(world, BOX, TWO, "unknown environment 'case/Nowhere-v0'")
    agent = PPO(absent)
    assert agent.predict(np.zeros(3)) in (0, 1)
    assert json.loads(json.dumps(absent.to_json())) == json.loads(json.dumps(world.to_json()))
    for act in (lambda: agent.step(), lambda: agent.evaluate(episodes=2), lambda: agent.learn(10)):
        with pytest.raises(UsageError, match=r"unknown environment 'case/Nowhere-v0'; without it, what was loaded"):
            act()


def test_a_table_can_be_made_of_it() -> None:
    states = gym.spaces.Discrete(5)
    agent = learner_type("q-learning")(AbsentWorld(World("x"), states, TWO, "gone"))
    assert agent.predict(3) == 0


def test_its_copies_have_a_shape_and_no_state() -> None:
    env = AbsentVectorEnv(2, gym.spaces.Box(0, 255, (8, 8), np.uint8), TWO, torch.device("cpu"), "gone")
    obs, restarted = env.load_state_dict({"whatever": 1})
    assert (obs.shape, obs.dtype, restarted.tolist()) == ((2, 8, 8), torch.uint8, [True, True])
    assert env.state_dict() == {}
