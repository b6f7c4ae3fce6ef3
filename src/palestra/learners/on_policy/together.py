r"""PPO of many seeds or settings as one batch: a product of all networks a layer, and each one's own luck.

The lines are those of ``ppo.py``, for M members with B samples each, and the derivatives of its loss are written out:

    L = -E[min(r A, clip(r, 1 - eps, 1 + eps) A)] + c1 E[(V - G)^2] - c2 E[H(pi)],      r = pi / pi_old    (eq. 9)

    by log pi(a|s):   -r A / B where the minimum is the unclipped term, else 0
    by V and by H:    2 c1 (V - G) / B  and  -c2 / B

Every member draws what it would have drawn alone. Batched products round otherwise than single ones, by a unit in the
last place or so: a member is its own training but for that, which grows with the steps, as rounding does in
reinforcement learning. ``tests/unit/learners/on_policy/test_together.py`` holds how far, and luck and clocks equal to
the bit.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from palestra.data.rollout import Rollout, collect
from palestra.engine.together import Together
from palestra.envs.joined import Joined, checked
from palestra.errors import require
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.measure import Metrics
from palestra.nets.heads import DiagonalGaussian
from palestra.nets.mlp import MLP
from palestra.nets.stacked import Stacked, column
from palestra.nets.stacked_adam import StackedAdam
from palestra.nets.stacked_heads import stacked_head
from palestra.ops.categorical import Categorical
from palestra.ops.returns import gae
from palestra.ops.schedules import linear
from palestra.ops.statistics import explained_variance


class Samples(NamedTuple):
    """What the members learn from, a row of each."""

    obs_MBF: Tensor
    action: Tensor  # (M, B, ...)
    log_prob_MB: Tensor
    advantage_MB: Tensor
    return_MB: Tensor


class PPOTogether(Together):
    """PPO with clipping, of vectors, with Discrete actions or a Box."""

    rounding = "batched products"
    vectors = ("learning_rate", "gamma", "gae_lambda", "clip_range", "value_coef", "entropy_coef", "max_grad_norm")

    def __init__(self, members: Sequence[PPO]):
        super().__init__(members)
        first = members[0]
        self.config: PPOConfig = first.config
        self.copies = first.env.num_envs
        self.joined = Joined([member.env for member in members])
        self.optimizer = StackedAdam([member.optimizer for member in members])
        actor, value = first.nets.actor, first.nets.value
        assert isinstance(actor, MLP)  # as ``check`` has seen
        assert isinstance(value, MLP)
        rows = first.optimizer.parameters, self.optimizer.flat_MD, self.optimizer.gradient_MD
        self.policy, self.value = Stacked(actor, *rows), Stacked(value, *rows)
        self.head = stacked_head(first.nets.head, *rows)
        self.gamma = self.each(member.config.gamma for member in members)
        self.gae_lambda = self.each(member.config.gae_lambda for member in members)
        self.value_coef_M11 = column(member.config.value_coef for member in members)[..., None]
        self.entropy_coef_M1 = column(member.config.entropy_coef for member in members)

    @classmethod
    def check(cls, learner: PPO) -> None:
        """Our networks, of vectors, with clipping alone, in a world of tensors."""
        c, nets = learner.config, learner.nets
        faults = {
            f"actions {learner.env.action_space}": not isinstance(nets.head, Categorical | DiagonalGaussian),
            f"observations {learner.env.observation_space}": nets.encoder.learns,
            "networks of your own": bool(learner.own),
            f"surrogate={c.surrogate}": c.surrogate != "clip",
            f"target_kl={c.target_kl}": c.target_kl is not None,
            f"clip_value={c.clip_value}": c.clip_value is not None,
        }
        given = next((fault for fault, there in faults.items() if there), None)
        fit = "Discrete or Box actions, vectors, our networks, and surrogate=clip without target_kl and clip_value"
        require(given is None, f"ppo with {given} together with others", fit)
        checked(learner.env)

    def each(self, values: Iterable[float]) -> float | Tensor:
        """A number of each member for each of its copies (B,); the number alone where all have the same."""
        listed = list(values)
        if len(set(listed)) == 1:
            return listed[0]
        return torch.tensor(listed).repeat_interleave(self.copies)

    @torch.no_grad()
    def step(self) -> list[Metrics]:
        """One iteration of every member: a rollout, then epochs of minibatches over it."""
        self.gather()
        rollout, obs = self.collect()
        unscaled_MBF = self.by_member(self.features(rollout.obs.flatten(0, 1)).view(*rollout.reward.shape, -1))
        obs_MBF = self.normalised(unscaled_MBF)
        value_TB = self.by_time(self.value(obs_MBF).squeeze(2))
        reward_TB = self.scaled(rollout) if self.config.normalize_reward else rollout.reward
        advantage_TB = gae(
            reward_TB, value_TB, self.next_values(rollout, value_TB), rollout.terminated, rollout.done,
            gamma=self.gamma, gae_lambda=self.gae_lambda,
        )  # fmt: skip
        action, out_MBK = self.by_member(rollout.action), self.policy(obs_MBF)
        log_prob_MB = self.head.log_prob(out_MBK, action)
        return_MB = self.by_member(advantage_TB + value_TB)
        samples = Samples(obs_MBF, action, log_prob_MB, self.by_member(advantage_TB), return_MB)
        for member in self.members:
            member.clock += return_MB.shape[1]
        figures = self.update(samples)
        self.scatter(rollout, obs)
        value_MB, metrics = self.by_member(value_TB), []
        for m, member in enumerate(self.members):
            if member.nets.obs_norm is not None:
                member.nets.obs_norm.update(unscaled_MBF[m])
            episodes, explained = member.experience.interaction.episodes, explained_variance(value_MB[m], return_MB[m])
            own = {name: values[m] for name, values in figures.items()}
            metrics.append({**episodes.metrics(), **own, "train/explained_variance": float(explained)})
        return metrics

    def collect(self) -> tuple[Rollout, Tensor]:
        """A rollout of all copies, (T, B) with the first member's first, and what is observed after it."""
        generators = [member.nets.sampling for member in self.members]
        drawn = iter(self.head.noise(generators, self.config.num_steps, self.copies))

        def explore(obs: Tensor) -> Tensor:
            return self.head.sample(self.outputs(obs), next(drawn))

        obs = torch.cat([member.experience.interaction.obs for member in self.members])
        return collect(self.joined.env, explore, obs, self.config.num_steps, to_env=self.members[0].nets.head.bounded)

    def next_values(self, rollout: Rollout, value_TB: Tensor) -> Tensor:
        """(T, B) values of the true successors: the next row's, but for the last row and where an episode was cut."""
        next_value_TB = torch.cat((value_TB[1:], torch.zeros_like(value_TB[:1])))
        elsewhere_TB = rollout.truncated.clone()
        elsewhere_TB[-1] = True
        b, t = elsewhere_TB.t().nonzero(as_tuple=True)  # member after member
        member = b // self.copies
        counts = member.bincount(minlength=len(self.members))
        place = torch.arange(len(b)) - (counts.cumsum(0) - counts)[member]  # of each in its member's row
        features = self.features(rollout.next_obs[t, b])
        padded_MBF = features.new_zeros(len(self.members), int(counts.max()), features.shape[1])
        padded_MBF[member, place] = features
        next_value_TB[t, b] = self.value(self.normalised(padded_MBF)).squeeze(2)[member, place]
        return next_value_TB

    def scaled(self, rollout: Rollout) -> Tensor:
        """(T, B) rewards over the running deviation of each member's discounted return, which counts them first."""
        scales = [member.experience.reward_scale for member in self.members]
        running_B, returns = torch.cat([scale.discounted_return_E for scale in scales]), []
        for reward_B, done_B in zip(rollout.reward, rollout.done):
            running_B = self.gamma * running_B + reward_B
            returns.append(running_B)
            running_B = running_B * ~done_B
        return_MB, reward_MB = self.by_member(torch.stack(returns)), self.by_member(rollout.reward)
        rescaled = []
        for m, (scale, discounted_return_E) in enumerate(zip(scales, running_B.split(self.copies))):
            scale.discounted_return_E = discounted_return_E.clone()
            scale.norm.update(return_MB[m])
            rescaled.append(scale.norm.rescale(reward_MB[m]))
        return self.by_time(torch.stack(rescaled))

    def update(self, batch: Samples) -> dict[str, list[float]]:
        """Epochs of minibatches over each member's samples; what each reports."""
        c, (number, size) = self.config, batch.return_MB.shape
        clip_range_M1 = column(
            linear(each.config.clip_range, 0.0, each.budget_used) if c.clip_schedule == "linear"
            else each.config.clip_range for each in self.members
        )  # fmt: skip
        for member in self.members:
            if c.learning_rate_schedule == "linear":
                member.optimizer.learning_rate = linear(member.config.learning_rate, 0.0, member.budget_used)
        begin_M1, losses = torch.arange(number)[:, None] * size, []
        for _ in range(c.num_epochs):
            order_MB = torch.stack([torch.randperm(size, generator=member.shuffling) for member in self.members])
            flat = (order_MB + begin_M1).flatten()
            shuffled = Samples(*(x.flatten(0, 1).index_select(0, flat).view(x.shape) for x in batch))
            for start in range(0, size, c.minibatch_size):
                b = Samples(*(x[:, start : start + c.minibatch_size] for x in shuffled))
                if b.return_MB.shape[1] > 1:
                    losses.append(self.gradient_step(b, clip_range_M1))
        policy_loss, value_loss = (torch.stack(each).mean(0).tolist() for each in zip(*losses))
        out_MBK = self.policy(batch.obs_MBF)
        log_ratio_MB = self.head.log_prob(out_MBK, batch.action) - batch.log_prob_MB
        beyond_MB = (log_ratio_MB.exp() - 1.0).abs() > clip_range_M1
        return {
            "train/policy_loss": policy_loss,
            "train/value_loss": value_loss,
            "train/gradient_steps": [float(len(losses))] * number,
            "train/entropy": self.head.entropy(out_MBK).mean(1).tolist(),
            "train/approx_kl": (torch.expm1(log_ratio_MB) - log_ratio_MB).mean(1).tolist(),
            "train/clip_fraction": beyond_MB.float().mean(1).tolist(),
        }

    def gradient_step(self, b: Samples, clip_range_M1: Tensor) -> tuple[Tensor, Tensor]:
        """One step of Adam of every member on a minibatch of each; returns their policy and value losses (M,)."""
        size, advantage_MB = b.return_MB.shape[1], b.advantage_MB
        if self.config.normalize_advantage:
            deviation_M1 = advantage_MB.std(1, keepdim=True)
            advantage_MB = (advantage_MB - advantage_MB.mean(1, keepdim=True)) / (deviation_M1 + 1e-8)
        *acted, out_MBK = self.policy.forward(b.obs_MBF)
        *valued, value_MB1 = self.value.forward(b.obs_MBF)
        ratio_MB = (self.head.log_prob(out_MBK, b.action) - b.log_prob_MB).exp()
        unclipped_MB = ratio_MB * advantage_MB
        clipped_MB = ratio_MB.clamp(1.0 - clip_range_M1, 1.0 + clip_range_M1) * advantage_MB
        error_MB1 = value_MB1 - b.return_MB[..., None]
        to_log_prob_MB = unclipped_MB * (unclipped_MB <= clipped_MB) * (-1.0 / size)  # eq. 7
        to_entropy_M1 = self.entropy_coef_M1 * (-1.0 / size)
        self.policy.back(acted, self.head.back(out_MBK, b.action, to_log_prob_MB, to_entropy_M1))
        self.value.back(valued, error_MB1 * (self.value_coef_M11 * (2.0 / size)))
        self.optimizer.descend()
        return -torch.minimum(unclipped_MB, clipped_MB).mean(1), error_MB1.square().mean((1, 2))

    def actor(self) -> Callable[[Tensor], Tensor]:
        """The most likely actions of the policies as they are now."""
        self.gather_networks()
        bounded = self.members[0].nets.head.bounded
        return lambda obs: bounded(self.head.mode(self.outputs(obs)))

    def outputs(self, obs: Tensor) -> Tensor:
        """(M, E, K) of the policies for observations (B, *obs_shape) of as many copies each."""
        x_BF = self.features(obs)
        return self.policy(self.normalised(x_BF.view(len(self.members), -1, x_BF.shape[1])))

    def features(self, obs: Tensor) -> Tensor:
        """(B, F) float32 of observations (B, *obs_shape)."""
        batch: Tensor = self.members[0].nets.encoder.to_batch(obs)
        return batch

    def normalised(self, x_MBF: Tensor) -> Tensor:
        """Each member's rows by its own statistics, which do not change within an iteration."""
        norm = self.members[0].nets.obs_norm
        if norm is None:
            return x_MBF
        out_MBF = ((x_MBF - self.shift_M1F) * self.scale_M1F).clamp(-norm.clip, norm.clip)
        return out_MBF if norm.as_it_is is None else torch.where(norm.as_it_is, x_MBF, out_MBF)

    def by_member(self, x_TB: Tensor) -> Tensor:
        """(T, B, ...) of all copies to (M, T * E, ...)."""
        apart = x_TB.view(len(x_TB), len(self.members), self.copies, *x_TB.shape[2:])
        return apart.transpose(0, 1).flatten(1, 2)

    def by_time(self, x_MB: Tensor) -> Tensor:
        """(M, T * E) back to (T, B)."""
        return x_MB.view(len(x_MB), -1, self.copies).transpose(0, 1).flatten(1, 2)

    def gather(self) -> None:
        """Stand where the members stand."""
        self.joined.gather()
        self.gather_networks()

    def gather_networks(self) -> None:
        """The members' parameters and statistics as they are now."""
        self.optimizer.gather()
        norms = [member.nets.obs_norm for member in self.members]
        if norms[0] is not None:
            self.shift_M1F = torch.stack([norm.shift for norm in norms])[:, None]
            self.scale_M1F = torch.stack([norm.scale for norm in norms])[:, None]

    def scatter(self, rollout: Rollout, obs: Tensor) -> None:
        """Let the members stand where they have come to."""
        self.joined.scatter()
        self.optimizer.scatter()
        for m, member in enumerate(self.members):
            part, interaction = slice(m * self.copies, (m + 1) * self.copies), member.experience.interaction
            interaction.obs = obs[part]
            interaction.episodes.add(rollout.reward[:, part], rollout.done[:, part])
