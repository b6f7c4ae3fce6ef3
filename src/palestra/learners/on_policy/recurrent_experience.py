"""What a recurrent policy learns from: rollouts with what was remembered at each of their steps, cut into pieces.

The memories of the copies under way are state: what comes next depends on them. What was remembered before a step is
kept beside it, as it was then, zeros where an episode began. Pieces of a rollout begin from what is kept; after the
first epoch that is what older weights remembered, and ``starts`` can bring it up to date.

    Y  numbers of a memory
"""

from typing import NamedTuple

import torch
from torch import Tensor

from palestra.data.rollout import Rollout
from palestra.learners.on_policy.experience import Experience
from palestra.learners.on_policy.recurrent_policy import RecurrentPolicy
from palestra.nets.sequence.recurrent import Memory
from palestra.ops.returns import gae
from palestra.ops.statistics import explained_variance


class Acted(NamedTuple):
    """A rollout beside what the policy that acted thought of it."""

    rollout: Rollout
    log_prob_TE: Tensor
    """Of the actions taken."""
    state_TEY: Tensor
    """What the policy remembered before each step."""


class Remembered(NamedTuple):
    """T steps of E copies to learn from, time first."""

    obs_TEF: Tensor
    """What ``to_batch`` makes of the observations; images stay bytes (T, E, C, H, W)."""
    action_TE: Tensor
    log_prob_TE: Tensor
    value_TE: Tensor
    advantage_TE: Tensor
    return_TE: Tensor
    begins_TE: Tensor
    """Whether an episode begins with a step, within the rollout; what was remembered before the first step says so of
    that."""
    actor_TEY: Tensor
    """What the policy remembered before each step."""
    critic_TEY: Tensor
    """What the value function did."""
    explained_variance: Tensor
    """Of the returns by the values: how far the value function could be believed."""
    unscaled_BF: Tensor | None
    """The observations before they were normalised, for the normaliser to count; None without one."""


class Pieces(NamedTuple):
    """T steps of E pieces of rollouts, and what was remembered where they begin."""

    obs_TEF: Tensor
    action_TE: Tensor
    log_prob_TE: Tensor
    value_TE: Tensor
    advantage_TE: Tensor
    return_TE: Tensor
    begins_TE: Tensor
    actor_EY: Tensor
    critic_EY: Tensor

    def chosen(self, which_B: Tensor) -> "Pieces":
        """Some of them."""
        *columns, actor_EY, critic_EY = self
        some = (column.index_select(1, which_B) for column in columns)
        return Pieces._make((*some, actor_EY.index_select(0, which_B), critic_EY.index_select(0, which_B)))


def cut(b: Remembered, length: int, actor_EY: Tensor, critic_EY: Tensor) -> Pieces:
    """A rollout as pieces of so many steps; those that begin first come first, each of all copies.

    Args:
        b: the rollout; T is a multiple of ``length``.
        length: of a piece.
        actor_EY: what the policy remembers where they begin, as ``starts`` gives it.
        critic_EY: what the value function does.
    """
    columns = (column.unflatten(0, (-1, length)).transpose(0, 1).flatten(1, 2) for column in b[:7])
    return Pieces._make((*columns, actor_EY, critic_EY))


@torch.no_grad()
def starts(
    memory: Memory, x_TEF: Tensor | None, state_TEY: Tensor, begins_TE: Tensor, *, length: int, burn_in: int
) -> Tensor:
    """(E, Y) what is remembered where pieces begin (Kapturowski et al. 2019, section 3, of replay).

    What was kept; or with ``burn_in``, so many steps earlier what was kept, and from there on what the memory makes of
    it as it is now. Before the first step of a rollout nothing is at hand, so that what was kept there stands.

    Args:
        memory: as it is now.
        x_TEF: what it is shown; None will do where nothing is burnt in.
        state_TEY: what was kept before each step, zeros where an episode begins.
        begins_TE: where episodes begin.
        length: of a piece.
        burn_in: steps.
    """
    found = []
    for start in range(0, len(state_TEY), length):
        since = max(0, start - burn_in)
        state_EY = state_TEY[since]
        if x_TEF is not None and since < start:
            state_EY = memory.unroll(x_TEF[since:start], state_EY, begins_TE[since:start])[-1]
            state_EY = state_EY * ~begins_TE[start, :, None]
        found.append(state_EY)
    return torch.cat(found)


class RecurrentExperience:
    """Where a recurrent actor-critic acts, and what it makes of that.

    Args:
        plain: the copies of a world, and the scale of its rewards.
        policy: acts, and judges by its critic.
    """

    saves = ("plain", "actor_EY", "critic_EY")

    def __init__(self, plain: Experience, policy: RecurrentPolicy):
        self.plain, self.policy = plain, policy
        num_envs = plain.interaction.num_envs
        self.actor_EY, self.critic_EY = policy.actor.start(num_envs), policy.critic.start(num_envs)
        """What is remembered of the episodes under way."""

    def collect(self) -> Remembered:
        """Act for ``num_steps`` steps in every copy, and estimate the advantage of every action taken."""
        return self.advantages(self.rollout())

    def rollout(self) -> Acted:
        """Act for ``num_steps`` steps in every copy."""
        nets, actor = self.policy.nets, self.policy.actor
        before, outputs = list[Tensor](), list[Tensor]()
        now_EY = after_EY = self.actor_EY

        def act(obs: Tensor) -> Tensor:
            nonlocal after_EY
            batch = nets.to_batch(obs)
            out_EK, after_EY = actor.step(nets.encode(batch), now_EY)
            out_EK = nets.allowed(out_EK, batch)
            before.append(now_EY)
            outputs.append(out_EK)
            return nets.head.sample(out_EK, nets.sampling)

        def told(action: Tensor, reward: Tensor, done: Tensor) -> None:
            nonlocal now_EY
            now_EY = after_EY * ~done[:, None]

        rollout = self.plain.interaction.collect(act, self.plain.config.num_steps, nets.head.bounded, told)
        with torch.no_grad():
            log_prob_B = nets.head.log_prob(torch.cat(outputs), rollout.action.flatten(0, 1))
        acted = Acted(rollout, log_prob_B.view(rollout.reward.shape), torch.stack(before))
        self.actor_EY = now_EY.clone()  # an ordinary tensor, which a resume can write to
        return acted

    @torch.no_grad()
    def advantages(self, acted: Acted) -> Remembered:
        """Values, GAE and lambda-returns of a rollout, after which the critic remembers it too."""
        c, nets, critic = self.plain.config, self.policy.nets, self.policy.critic
        rollout, log_prob_TE, actor_TEY = acted
        shape, done_TE = rollout.reward.shape, rollout.done
        unscaled_BF = nets.encoder.to_batch(rollout.obs.flatten(0, 1))
        obs_BF = unscaled_BF if nets.obs_norm is None else nets.obs_norm(unscaled_BF)
        begins_TE = torch.cat((torch.zeros_like(done_TE[:1]), done_TE[:-1]))
        after_TEY = critic.memory.unroll(nets.encode(obs_BF).unflatten(0, shape), self.critic_EY, begins_TE)
        before_TEY = torch.cat((self.critic_EY[None], after_TEY[:-1])) * ~begins_TE[..., None]
        self.critic_EY = after_TEY[-1] * ~done_TE[-1, :, None]
        value_TE = critic.said(after_TEY.flatten(0, 1)).view(shape)
        next_value_TE = torch.cat((value_TE[1:], torch.zeros_like(value_TE[:1])))
        # V(s_{t+1}) is the next row's value, but for the last row and where an episode was cut: there the final
        # observation is seen with all of its own episode remembered, which the next row's has forgotten.
        elsewhere_TE = rollout.truncated.clone()
        elsewhere_TE[-1] = True
        final_BF = nets.encode(nets.to_batch(rollout.next_obs[elsewhere_TE]))
        next_value_TE[elsewhere_TE] = critic.step(final_BF, after_TEY[elsewhere_TE])[0].squeeze(1)
        scale = self.plain.reward_scale
        reward_TE = rollout.reward if scale is None else scale.scaled(rollout)
        advantage_TE = gae(
            reward_TE, value_TE, next_value_TE, rollout.terminated, done_TE, gamma=c.gamma, gae_lambda=c.gae_lambda
        )
        return_TE = advantage_TE + value_TE
        explained = explained_variance(value_TE.flatten(), return_TE.flatten())
        return Remembered(
            obs_BF.unflatten(0, shape), rollout.action, log_prob_TE, value_TE, advantage_TE, return_TE, begins_TE,
            actor_TEY, before_TEY, explained, None if nets.obs_norm is None else unscaled_BF,
        )  # fmt: skip

    def resumed(self) -> None:
        """Copies that began anew have nothing to remember yet."""
        anew_E1 = self.plain.interaction.restarted_E.to(self.actor_EY.device)[:, None]
        self.actor_EY, self.critic_EY = self.actor_EY * ~anew_E1, self.critic_EY * ~anew_E1
