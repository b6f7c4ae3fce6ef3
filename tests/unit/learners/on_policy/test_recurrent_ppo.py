"""Recurrent PPO's own rules: sequences, what the first minibatch sees, burning in, and what disturbs no training."""

from typing import Any, get_args

import gymnasium as gym
import pytest
import torch

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy import recurrent_ppo
from palestra.learners.on_policy.recurrent_ppo import RecurrentPPO, RecurrentPPOConfig
from palestra.nets.sequence.recurrent import Cell

MASKED = "palestra/CartPoleMasked-v0"


def make(env_id: str = MASKED, num_envs: int = 4, **settings: Any) -> RecurrentPPO:
    defaults: dict[str, Any] = {"num_steps": 32, "minibatch_size": 64, "num_epochs": 1, "memory_size": 8}
    return RecurrentPPO(World(env_id, num_envs), RecurrentPPOConfig(**defaults | settings), seed=3)


@pytest.mark.parametrize("sequence_length", [None, 8])
@pytest.mark.parametrize("cell", get_args(Cell))
@pytest.mark.parametrize("env_id", [MASKED, "Pendulum-v1"])
def test_in_the_first_minibatch_the_ratio_is_one(
    env_id: str, cell: Any, sequence_length: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = make(env_id, cell=cell, sequence_length=sequence_length)
    ratios: list[torch.Tensor] = []
    surrogate = recurrent_ppo.clipped_surrogate
    monkeypatch.setattr(
        recurrent_ppo, "clipped_surrogate",
        lambda now, old, *args: (ratios.append((now - old).exp().detach()), surrogate(now, old, *args))[1],
    )  # fmt: skip
    for _ in range(3):  # also where a rollout begins in the middle of episodes
        ratios.clear()
        agent.step()
        first, second = ratios
        torch.testing.assert_close(first, torch.ones(64), rtol=0, atol=2e-6)
        assert float((second - 1).abs().max()) > 1e-5  # by now the policy has moved


def test_every_sequence_is_learned_from_once_an_epoch_in_an_order_of_its_own() -> None:
    agent = make(sequence_length=16, minibatch_size=32, num_epochs=2)
    batch = agent.experience.collect()
    seen: list[float] = []
    step = agent._gradient_step
    agent._gradient_step = lambda b, clip: (seen.extend(b.return_TE[0].tolist()), step(b, clip))[1]
    metrics = agent.update(batch)
    assert metrics["train/gradient_steps"] == 8
    expected = sorted(batch.return_TE[::16].flatten().tolist())
    assert sorted(seen[:8]) == sorted(seen[8:]) == expected
    assert seen[:8] != seen[8:]


def test_after_the_first_epoch_sequences_begin_from_what_present_weights_remember() -> None:
    agent = make(sequence_length=8, num_epochs=3, burn_in=8, learning_rate=1e-2)
    agent.step()
    batch, pieces = agent.experience.collect(), []
    made = agent.pieces
    agent.pieces = lambda b, burn_in: pieces.append(made(b, burn_in)) or pieces[-1]
    agent.update(batch)
    kept, second, third = pieces
    assert torch.equal(kept.actor_EY, batch.actor_TEY[::8].flatten(0, 1))
    for before, after in ((kept, second), (second, third)):
        assert torch.equal(after.actor_EY[:4], kept.actor_EY[:4])  # nothing stands before a rollout
        assert float((after.actor_EY - before.actor_EY).abs().max()) > 1e-3
        assert float((after.critic_EY - before.critic_EY).abs().max()) > 1e-3
    agent = make(sequence_length=8, num_epochs=3)
    made = agent.pieces
    agent.pieces = lambda b, burn_in: made(b, burn_in) if burn_in == 0 else pytest.fail("nothing is to be burnt in")
    agent.step()


def test_epochs_stop_where_the_policy_has_gone_far_enough() -> None:
    whole, stopped = (make(num_epochs=8, learning_rate=3e-2, target_kl=kl) for kl in (None, 1e-3))
    assert whole.step()["train/gradient_steps"] == 16
    assert stopped.step()["train/gradient_steps"] < 16


def test_who_asks_in_the_middle_of_a_training_changes_nothing_of_it() -> None:
    asked, alone = make(), make()
    env = gym.make(MASKED)
    obs, _ = env.reset(seed=0)
    for agent in (asked, alone):
        agent.step()
    asked.predict(obs)
    action = asked.decide(obs, env)
    asked.told(action, 1.0, False)
    asked.evaluate(episodes=2)
    assert asked.step() == alone.step()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sequence_length": 5}, "sequence_length=5 with num_steps=32; expected a part of a rollout"),
        ({"sequence_length": 0}, "sequence_length=0"),
        ({"minibatch_size": 48}, "minibatch_size=48 with sequences of 32 steps; expected a multiple of their length"),
        ({"burn_in": -1}, "burn_in=-1"),
        ({"num_epochs": 0}, "num_epochs=0"),
        ({"learning_rate": 0.0}, "learning_rate=0.0"),
        ({"clip_range": 1.0}, "clip_range=1.0"),
        ({"clip_value": 0.0}, "clip_value=0.0"),
        ({"target_kl": 0.0}, "target_kl=0.0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make(**settings)
