"""What is remembered while it is collected, what a cut step is worth, and where pieces of a rollout begin."""

from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from palestra.data.rollout import Rollout
from palestra.envs.vector import Resumed
from palestra.envs.world import World
from palestra.learners.on_policy.recurrent_experience import Acted, RecurrentExperience, Remembered, cut, starts
from palestra.learners.on_policy.recurrent_ppo import RecurrentPPO, RecurrentPPOConfig
from palestra.nets.sequence.recurrent import Cell

EVERY = pytest.mark.parametrize("cell", get_args(Cell))
MASKED = "palestra/CartPoleMasked-v0"


def make(cell: Any = "lstm", num_steps: int = 32, num_envs: int = 3, **settings: Any) -> RecurrentPPO:
    defaults: dict[str, Any] = {"memory_size": 6, "hidden_sizes": (5,), "normalize_obs": False}
    defaults |= {"normalize_reward": False, "minibatch_size": num_steps}
    config = RecurrentPPOConfig(cell=cell, num_steps=num_steps, **defaults | settings)
    return RecurrentPPO(World(MASKED, num_envs), config, seed=3)


def experience(agent: RecurrentPPO) -> RecurrentExperience:
    assert isinstance(agent.experience, RecurrentExperience)
    return agent.experience


@EVERY
def test_what_is_kept_is_what_the_network_says_of_the_whole_rollout(cell: Any) -> None:
    agent = make(cell)
    experience(agent).collect()  # so that the next one begins in the middle of episodes
    b = experience(agent).collect()
    assert b.begins_TE.any()
    assert not b.begins_TE[0].any()
    assert b.actor_TEY[0].any()
    assert not b.actor_TEY[b.begins_TE].any()
    assert not b.critic_TEY[b.begins_TE].any()
    for network, states in ((agent.remembering.actor, b.actor_TEY), (agent.remembering.critic, b.critic_TEY)):
        after = network.memory.unroll(b.obs_TEF, states[0], b.begins_TE)
        torch.testing.assert_close(states[1:], after[:-1] * ~b.begins_TE[1:, :, None], rtol=0, atol=1e-6)
    out = agent.remembering.actor(b.obs_TEF.flatten(0, 1), b.actor_TEY[0], b.begins_TE)
    log_prob = torch.distributions.Categorical(logits=out).log_prob(b.action_TE.flatten())
    torch.testing.assert_close(b.log_prob_TE.flatten(), log_prob, rtol=0, atol=1e-6)
    value = agent.remembering.critic(b.obs_TEF.flatten(0, 1), b.critic_TEY[0], b.begins_TE)
    torch.testing.assert_close(b.value_TE.flatten(), value.squeeze(1), rtol=0, atol=1e-6)
    assert not any(x.requires_grad or x.is_inference() for x in b if x is not None)


def test_two_rollouts_remember_what_one_as_long_remembers() -> None:
    short, long = make(num_steps=16), make(num_steps=32)
    halves, whole = [experience(short).collect() for _ in range(2)], experience(long).collect()
    torch.testing.assert_close(torch.cat([half.actor_TEY for half in halves]), whole.actor_TEY)
    torch.testing.assert_close(torch.cat([half.critic_TEY for half in halves]), whole.critic_TEY)
    torch.testing.assert_close(torch.cat([half.value_TE for half in halves]), whole.value_TE)
    torch.testing.assert_close(experience(short).actor_EY, experience(long).actor_EY)
    torch.testing.assert_close(experience(short).critic_EY, experience(long).critic_EY)


def test_a_cut_step_is_worth_its_true_successor_with_its_own_episode_remembered() -> None:
    agent = make(num_steps=4, num_envs=1, gamma=0.5, gae_lambda=0.0)
    rng = torch.Generator().manual_seed(0)
    obs, next_obs = torch.randn(4, 1, 2, generator=rng), torch.randn(4, 1, 2, generator=rng)
    next_obs[0] = obs[1]
    column = torch.zeros(4, 1, dtype=torch.bool)
    terminated, truncated = column.clone(), column.clone()
    truncated[1], terminated[2] = True, True
    reward = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    rollout = Rollout(obs, torch.zeros(4, 1, dtype=torch.int64), reward, terminated, truncated, next_obs)
    remembered = torch.randn(1, 12, generator=rng)
    experience(agent).critic_EY = remembered
    b = experience(agent).advantages(Acted(rollout, torch.zeros(4, 1), torch.zeros(4, 1, 12)))

    def value(*shown: Tensor, state: Tensor) -> Tensor:
        """Of the last of some observations in a row."""
        for x in shown:
            out, state = agent.remembering.critic.step(x, state)
        return out.squeeze(1)

    nothing = torch.zeros(1, 12)
    with torch.no_grad():
        values = [
            value(obs[0], state=remembered), value(obs[0], obs[1], state=remembered),
            value(obs[2], state=nothing), value(obs[3], state=nothing),
        ]  # fmt: skip
        cut_off = value(obs[0], obs[1], next_obs[1], state=remembered)  # not what a beginning would make of it
        end = value(obs[3], next_obs[3], state=nothing)
        assert float((cut_off - value(next_obs[1], state=nothing)).abs()) > 1e-2
    torch.testing.assert_close(b.value_TE, torch.stack(values))
    expected = torch.stack((1 + 0.5 * values[1], 2 + 0.5 * cut_off, torch.tensor([3.0]), 4 + 0.5 * end))
    torch.testing.assert_close(b.return_TE, expected)
    torch.testing.assert_close(b.advantage_TE, expected - torch.stack(values))
    assert b.begins_TE.flatten().tolist() == [False, False, True, True]


def numbered(steps: int, copies: int) -> Remembered:
    """A rollout each of whose numbers says when and where it stands."""
    here = torch.arange(steps)[:, None] * 10.0 + torch.arange(copies)
    obs, state = here[..., None] + torch.zeros(2), here[..., None].expand(-1, -1, 3)
    return Remembered(obs, here.long(), here, here, here, here, here > 0, state, state, torch.zeros(()), None)


def test_pieces_are_cut_in_order_with_what_was_remembered_where_they_begin() -> None:
    b = numbered(6, 2)
    kept = starts(None, None, b.actor_TEY, b.begins_TE, length=3, burn_in=0)
    pieces = cut(b, 3, kept, kept)
    assert pieces.value_TE.tolist() == [[0, 1, 30, 31], [10, 11, 40, 41], [20, 21, 50, 51]]
    assert pieces.actor_EY[:, 0].tolist() == pieces.critic_EY[:, 0].tolist() == [0, 1, 30, 31]
    assert pieces.obs_TEF.shape == (3, 4, 2)
    some = pieces.chosen(torch.tensor([3, 0]))
    assert some.action_TE.tolist() == [[31, 0], [41, 10], [51, 20]]
    assert some.critic_EY[:, 0].tolist() == [31, 0]


@pytest.mark.parametrize("burn_in", [1, 5, 100])
@EVERY
def test_what_is_burnt_in_is_kept_with_the_same_weights_and_new_with_others(cell: Any, burn_in: int) -> None:
    agent = make(cell)
    experience(agent).collect()
    b = experience(agent).collect()
    memory = agent.remembering.actor.memory
    with torch.no_grad():
        kept = starts(memory, None, b.actor_TEY, b.begins_TE, length=8, burn_in=0)
        assert torch.equal(kept, b.actor_TEY[::8].flatten(0, 1))
        same = starts(memory, b.obs_TEF, b.actor_TEY, b.begins_TE, length=8, burn_in=burn_in)
        torch.testing.assert_close(same, kept, rtol=0, atol=1e-6)
        memory.weight_input.mul_(1.5)
        new = starts(memory, b.obs_TEF, b.actor_TEY, b.begins_TE, length=8, burn_in=burn_in)
        assert torch.equal(new[:3], kept[:3])  # of the first piece nothing earlier is at hand
        assert float((new[3:] - kept[3:]).abs().max()) > 1e-3
        if burn_in == 100:
            whole = memory.unroll(b.obs_TEF, b.actor_TEY[0], b.begins_TE)[7:-1:8] * ~b.begins_TE[8::8, :, None]
            torch.testing.assert_close(new[3:], whole.flatten(0, 1), rtol=0, atol=1e-6)


def test_copies_that_began_anew_at_a_resume_remember_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = make()
    agent.step()
    before = experience(agent).actor_EY.clone()
    env = experience(agent).plain.interaction.env
    resumed = Resumed(experience(agent).plain.interaction.obs, torch.tensor([True, False, True]))
    monkeypatch.setattr(env, "load_state_dict", lambda _: resumed)
    agent.load_state_dict(agent.state_dict())
    for state in (experience(agent).actor_EY, experience(agent).critic_EY):
        assert state.any(1).tolist() == [False, True, False]
    assert torch.equal(experience(agent).actor_EY[1], before[1])
