"""CartPole: the agent is PPO as its recipe trains it, and whoever drives, the cart is the world's own."""

from typing import Any

import pytest
import torch
from same_state import differing

from palestra.engine.seeding import derive
from palestra.engine.settings import TrainSettings
from palestra.engine.trainer import Trainer
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.playgrounds.catalogue import find_offer
from palestra.playgrounds.offers.cartpole import CartPoleAsked
from palestra.playgrounds.played.cartpole import AGENT, BUDGET, CartPolePlayground
from palestra.playgrounds.timeline import Timeline
from palestra.recipes.registry import get_recipe


def test_it_is_ppo_stepped_by_the_trainer() -> None:
    playground = CartPolePlayground(CartPoleAsked(copies=8, seed=3))
    config = PPOConfig(**get_recipe("cartpole/ppo").settings)
    other = PPO(World("CartPole-v1", 8), config, seed=3, device="cpu")

    def thrice(trainer: Trainer) -> bool:
        return trainer.learner.clock < 3 * 8 * 32

    Trainer(other, TrainSettings(budget=BUDGET, seed=3), callbacks=[thrice]).run()
    timeline = Timeline(playground)
    timeline.forward(4)
    timeline.back(1)
    assert differing(playground.learner, other) == []
    assert playground.frame()["practised"] == other.clock == 768


def test_by_hand_the_cart_is_the_world_s() -> None:
    playground = CartPolePlayground(CartPoleAsked(copies=1, seed=5))
    env = World("CartPole-v1").make()
    obs = env.reset(derive(5, "driven"))
    for step in range(1, 60):
        action = step // 3 % 2
        playground.act(action)
        result = env.step(torch.tensor([action]))
        obs = result.obs
        shown = playground.frame()
        assert (shown["place"], shown["angle"]) == (float(obs[0, 0]), float(obs[0, 2]))
        if bool(result.terminated):
            break
    assert shown["fallen"]
    assert shown["best"] == {"you": step, "agent": 0}
    playground.act(AGENT)
    shown = playground.frame()
    assert (shown["stood"], shown["driver"], shown["fallen"]) == (1, "agent", False)


def test_the_agent_drives_as_its_policy_says() -> None:
    playground = CartPolePlayground(CartPoleAsked(copies=2))
    env = World("CartPole-v1").make()
    obs = env.reset(derive(0, "driven"))
    for _ in range(9):
        obs = env.step(playground.learner.act(obs)).obs
        playground.act(AGENT)
    assert torch.equal(playground.obs, obs)


@pytest.mark.parametrize("wrong", [2, -1, True, "left", None, 0.0, [0]])
def test_no_push_is_refused(wrong: Any) -> None:
    playground = CartPolePlayground(CartPoleAsked(copies=1))
    with pytest.raises(UsageError, match="action="):
        playground.act(wrong)
    assert playground.frame()["stood"] == 0


def last_return(**settings: Any) -> float:
    playground = CartPolePlayground(find_offer("cartpole").settings(settings))  # type: ignore[arg-type]
    while not playground.finished:
        playground.step()
    return playground.returns[-1][1]


@pytest.mark.slow
def test_it_learns_and_presets_fail() -> None:
    presets = {each.name: dict(each.settings) for each in find_offer("cartpole").presets}
    assert last_return() > 300
    assert last_return(**presets["too-fast"]) < 100
    assert last_return(**presets["short-sighted"]) < 250
