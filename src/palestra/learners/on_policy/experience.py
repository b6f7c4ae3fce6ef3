"""What the policy-gradient methods learn from: rollouts of a policy, weighed by values."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from palestra.data.rollout import Rollout
from palestra.engine.interaction import Interaction
from palestra.engine.ranks import ALONE, Ranks
from palestra.envs.world import World
from palestra.errors import require
from palestra.learners.on_policy.actor_critic import ActorCritic, ActorCriticConfig
from palestra.nets.adam import FlatOptimizer
from palestra.nets.normaliser import Normaliser
from palestra.nets.recorded import Recorded
from palestra.ops.losses import value_error
from palestra.ops.returns import gae
from palestra.ops.statistics import explained_variance


class Valued(NamedTuple):
    """What the value function says of a rollout."""

    obs_BF: Tensor
    """What ``to_batch`` makes of the observations, flattened over time and environments."""
    reward_TE: Tensor
    """Rewards, scaled where the settings ask for it."""
    value_TE: Tensor
    """Values of the states acted in."""
    next_value_TE: Tensor
    """Values of their true successors."""
    unscaled_BF: Tensor | None
    """The observations before they were normalised, or None."""
    features_BF: Tensor
    """What the encoder makes of them."""


class Batch(NamedTuple):
    """Samples to learn from, flattened over time and environments; images stay bytes (B, C, H, W)."""

    obs_BF: Tensor
    action_B: Tensor
    value_B: Tensor
    advantage_B: Tensor
    return_B: Tensor
    explained_variance: Tensor
    """Of the returns by the values: how far the value function could be believed."""
    unscaled_BF: Tensor | None = None
    """What ``obs_BF`` was before it was normalised, for the normaliser to count; None without one."""
    features_BF: Tensor | None = None
    """What the encoder made of ``obs_BF`` before it learned from them; None where nobody has asked it."""


class Samples(NamedTuple):
    """A batch beside what the policy that collected it thought of it."""

    obs_BF: Tensor
    action_B: Tensor
    log_prob_B: Tensor
    value_B: Tensor
    advantage_B: Tensor
    return_B: Tensor
    frozen_BK: Tensor | None = None
    """The old distributions, to measure the divergence from; only under kl_penalty."""


def batch_of(of: Valued, rollout: Rollout, advantage_TE: Tensor, return_TE: Tensor) -> Batch:
    """A rollout as samples, flattened over time and environments."""
    value_B, return_B = of.value_TE.flatten(), return_TE.flatten()
    explained = explained_variance(value_B, return_B)
    action_B = rollout.action.flatten(0, 1)
    return Batch(
        of.obs_BF, action_B, value_B, advantage_TE.flatten(), return_B, explained, of.unscaled_BF, of.features_BF
    )


class RewardScale:
    """Rewards over the running standard deviation of the discounted return.

    Args:
        num_envs: E.
        gamma: discount.
        device: where rewards are.
    """

    saves = ("norm", "discounted_return_E")
    ranks: Ranks = ALONE
    """Whose rewards count towards the deviation."""

    def __init__(self, num_envs: int, gamma: float, device: torch.device):
        self.gamma = gamma
        self.norm = Normaliser(()).to(device)
        self.discounted_return_E = torch.zeros(num_envs, device=device)

    def scaled(self, rollout: Rollout) -> Tensor:
        """(T, E) rewards of a rollout, which counts towards the deviation first."""
        returns = []
        for reward_E, done_E in zip(rollout.reward, rollout.done):
            self.discounted_return_E = self.gamma * self.discounted_return_E + reward_E
            returns.append(self.discounted_return_E)
            self.discounted_return_E = self.discounted_return_E * ~done_E
        self.norm.update(self.ranks.whole(torch.cat(returns)))
        return self.norm.rescale(rollout.reward)


class Experience:
    """Where an actor-critic acts, and what it makes of that.

    Args:
        world: where.
        config: lengths, discount and what is normalised.
        seed: of the learner.
        device: where its tensors are.
    """

    saves = ("interaction", "reward_scale")

    def __init__(self, world: World, config: ActorCriticConfig, *, seed: int, device: torch.device):
        self.config = config
        self.interaction = Interaction(world, seed=seed, device=device)
        num_envs = self.interaction.num_envs
        require(
            config.num_steps * num_envs >= 2, f"num_steps={config.num_steps} with num_envs={num_envs}",
            "at least 2 samples a rollout",
        )  # fmt: skip
        self.reward_scale = RewardScale(num_envs, config.gamma, device) if config.normalize_reward else None

    def collect(self, nets: ActorCritic) -> Batch:
        """Act for ``num_steps`` steps in every environment, and estimate the advantage of every action taken."""
        return self.advantages(nets, self.rollout(nets))

    def rollout(self, nets: ActorCritic) -> Rollout:
        """Act for ``num_steps`` steps in every environment."""
        return self.interaction.collect(nets.explore, self.config.num_steps, to_env=nets.head.bounded)

    @torch.no_grad()
    def valued(self, nets: ActorCritic, rollout: Rollout) -> Valued:
        """Values of a rollout's states and of their true successors."""
        unscaled_BF = nets.encoder.to_batch(rollout.obs.flatten(0, 1))
        obs_BF = unscaled_BF if nets.obs_norm is None else nets.obs_norm(unscaled_BF)
        features_BF = nets.encode(obs_BF)
        value_TE = nets.value(features_BF).view(rollout.reward.shape)
        next_value_TE = torch.cat((value_TE[1:], torch.zeros_like(value_TE[:1])))
        # V(s_{t+1}) is the next row's value, but for the last row and where an episode was cut.
        elsewhere_TE = rollout.truncated.clone()
        elsewhere_TE[-1] = True
        next_value_TE[elsewhere_TE] = nets.values(rollout.next_obs[elsewhere_TE])
        reward_TE = rollout.reward if self.reward_scale is None else self.reward_scale.scaled(rollout)
        before_BF = None if nets.obs_norm is None else unscaled_BF
        return Valued(obs_BF, reward_TE, value_TE, next_value_TE, before_BF, features_BF)

    @torch.no_grad()
    def advantages(self, nets: ActorCritic, rollout: Rollout) -> Batch:
        """Values, GAE and lambda-returns of a rollout, flattened to samples."""
        c = self.config
        of = self.valued(nets, rollout)
        advantage_TE = gae(
            of.reward_TE, of.value_TE, of.next_value_TE, rollout.terminated, rollout.done,
            gamma=c.gamma, gae_lambda=c.gae_lambda,
        )  # fmt: skip
        return batch_of(of, rollout, advantage_TE, advantage_TE + of.value_TE)

    def resumed(self) -> None:
        """Copies that began anew have no return yet."""
        if self.reward_scale is not None:
            anew_E = self.interaction.restarted_E.to(self.reward_scale.discounted_return_E.device)
            self.reward_scale.discounted_return_E *= ~anew_E


@torch.no_grad()
def regress(
    critics: Sequence[tuple[Recorded, Tensor]],
    target_B: Tensor,
    optimizer: FlatOptimizer,
    *,
    num_epochs: int,
    minibatch_size: int,
    generator: Generator,
) -> float:
    """Fit networks of one output to targets by the squared error, in epochs of minibatches.

    Args:
        critics: networks, each with its inputs (B, F).
        target_B: (B,) what all of them regress to.
        optimizer: of exactly these networks' parameters.
        num_epochs: passes over the samples.
        minibatch_size: samples of one gradient step.
        generator: draws the minibatches.

    Returns:
        The mean of the first network's loss over the gradient steps, each measured before its step.
    """
    losses = []
    for _ in range(num_epochs):
        order_B = torch.randperm(len(target_B), generator=generator, device=target_B.device)
        columns = [x.index_select(0, order_B).split(minibatch_size) for x in (target_B, *(x for _, x in critics))]
        for target_b, *inputs in zip(*columns):
            errors = [value_error(critic.record(x_bF), target_b) for (critic, _), x_bF in zip(critics, inputs)]
            optimizer.descend(sum(errors[1:], start=errors[0]))
            losses.append(errors[0].value)
    return float(torch.stack(losses).mean())
