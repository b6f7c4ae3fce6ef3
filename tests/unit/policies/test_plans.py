"""Plans are taken up a step later by those who did a step, and by nobody else; their state is saved."""

import pytest
import torch
from planners import NAMES, planner

from palestra.engine.agent import Actor
from palestra.engine.state import capture, restore
from palestra.envs.registry import make_vec
from palestra.envs.world import World
from palestra.policies.plans import Plans

SMALL = {"horizon": 5, "samples": 8}


def plans(num: int = 2) -> Plans:
    begun: Plans = planner("mppi", horizon=5).plans.begun(num, seed=0)
    return begun


def test_a_step_that_was_done_moves_the_plan_on_and_an_end_begins_it_anew() -> None:
    kept, counted = plans(), torch.arange(10.0).view(2, 5, 1)
    kept.act(torch.zeros(2, 3), lambda state, plan, _: counted)
    kept.told(torch.tensor([False, True]))
    assert kept.actions[..., 0].tolist() == [[1, 2, 3, 4, 0], [0, 0, 0, 0, 0]]


def test_asking_changes_no_plan() -> None:
    kept, seen = plans(), []
    for _ in range(2):
        kept.act(torch.zeros(2, 3), lambda state, plan, _: seen.append(plan) or plan + 1)
    assert not torch.stack(seen).any()


def test_actions_keep_to_their_bounds() -> None:
    assert plans().act(torch.zeros(2, 3), lambda state, plan, _: plan + 100).tolist() == [[2.0], [2.0]]


@pytest.mark.parametrize("name", NAMES)
def test_who_was_stopped_in_an_episode_goes_on_as_if_nothing_had_been(name: str) -> None:
    env, policies = make_vec("Pendulum-v1", 2), [planner(name, **SMALL) for _ in range(2)]
    obs = env.reset(0)
    policies[0].reset(2, seed=3)
    for step in range(6):
        if step == 3:
            restore(policies[1], capture(policies[0]))
        action = policies[0].act(obs)
        if step >= 3:
            assert torch.equal(policies[1].act(obs), action)
        result = env.step(action)
        for policy in policies[: 1 + (step >= 3)]:
            policy.told(action, result.reward, result.terminated)
        obs = result.obs


@pytest.mark.parametrize("name", NAMES)
def test_an_evaluation_in_an_episode_does_not_disturb_it(name: str) -> None:
    policy = planner(name, **SMALL)
    agent = Actor(type(policy), World("Pendulum-v1"), policy.config, seed=0)
    env = make_vec("Pendulum-v1", 1)
    action = agent.act(env.reset(0))
    agent.policy.told(action, torch.zeros(1), torch.zeros(1, dtype=torch.bool))
    before = {key: value.clone() for key, value in capture(agent.policy)["plans"].items() if key != "learned"}
    assert before["actions"].any()
    for deterministic in (True, False):
        words = {"episodes": 2, "seed": 1, "max_steps": 10, "deterministic": deterministic}
        one, again = (agent.evaluate(**words).samples for _ in range(2))
        assert torch.equal(again, one)
    after = capture(agent.policy)["plans"]
    assert all(torch.equal(after[key], value) for key, value in before.items())
    agent.close()
