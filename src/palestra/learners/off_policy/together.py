r"""DQN of many seeds or settings as one batch: a product of all networks a layer, and each one's own luck and replay.

The lines are those of ``dqn.py``, for M members with B samples each, and the derivative of its loss is written out:

    L = E[l(Q(s, a) - y)],     by Q(s, a):  clip(Q - y, -1, 1) / B  (huber),  2 (Q - y) / B  (squared)

Each member draws what it would have drawn alone, for its actions and from its own replay. Batched products round
otherwise than single ones, by a unit in the last place or so: a member is its own training but for that, until two
values of Q lie so close that another action is the greedy one. ``tests/unit/learners/off_policy/test_together.py``
holds how far, and luck and clocks equal to the bit.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.data.replay import ReplayBuffer, Transitions
from palestra.data.rollout import Rollout, collect
from palestra.engine.together import Together
from palestra.envs.joined import Joined, checked
from palestra.errors import require
from palestra.learners.off_policy.dqn import DQN, DQNConfig
from palestra.measure import Metrics
from palestra.nets.mlp import MLP
from palestra.nets.q_network import QNetwork
from palestra.nets.stacked import Stacked, blank, column
from palestra.nets.stacked_adam import StackedAdam
from palestra.nets.stacked_dueling import StackedDueling
from palestra.ops.td_losses import td_loss, td_loss_gradient

FILLED = 4
"""Rows that are multiplied to act are a multiple of this."""


class DQNTogether(Together):
    """DQN of vectors: plain, double, dueling, of n steps."""

    rounding = "batched products"
    vectors = (
        "learning_rate", "gamma", "epsilon_start", "epsilon_end", "exploration_fraction", "target_update_interval",
        "max_grad_norm",
    )  # fmt: skip

    def __init__(self, members: Sequence[DQN]):
        super().__init__(members)
        first = members[0]
        self.config: DQNConfig = first.config
        self.copies, self.num_actions = first.env.num_envs, first.policy.num_actions
        self.joined = Joined([member.env for member in members])
        self.optimizer = StackedAdam([member.optimizer for member in members])
        self.slow_MD = blank(*self.optimizer.flat_MD.shape)
        here = first.optimizer.parameters, self.optimizer.flat_MD, self.optimizer.gradient_MD
        there = list(first.target.parameters()), self.slow_MD, blank(*self.slow_MD.shape)
        self.q, self.target = stacked(first.q, *here), stacked(first.target, *there)

    @classmethod
    def check(cls, learner: DQN) -> None:
        """Our networks, of vectors, with uniform replay and one number an action, in a world of tensors."""
        c = learner.config
        faults = {
            "prioritised=True": c.prioritised,
            "noisy=True": c.noisy,
            f"distributional={c.distributional}": c.distributional != "none",
            f"observations {learner.env.observation_space}": learner.encoder.learns,
            "networks of your own": bool(learner.own),
            "actions that are not always allowed": learner.env.mask is not None,
        }
        given = next((fault for fault, there in faults.items() if there), None)
        fit = "vectors, our networks and at most double, dueling and n_step of its parts, or a process each"
        require(given is None, f"dqn with {given} together with others", fit)
        checked(learner.env)

    @torch.no_grad()
    def step(self) -> list[Metrics]:
        """One round of every member; where some have still to begin to learn, as after a kill, one after the other."""
        c, turns = self.config, max(1, self.config.train_frequency // self.copies)
        learn = [member.clock + turns * self.copies > c.learning_starts for member in self.members]
        if len(set(learn)) > 1:
            return [DQNTogether([member]).step()[0] for member in self.members]
        self.joined.gather()
        self.gather_networks()
        rollout, obs = self.collect(turns)
        metrics = []
        for m, member in enumerate(self.members):
            part, before = slice(m * self.copies, (m + 1) * self.copies), member.clock
            own = Rollout(*(x[:, part] for x in rollout))
            member.replay.add(own)
            member.interaction.obs = obs[part]
            member.interaction.episodes.add(own.reward, own.done)
            member.clock += own.reward.numel()
            interval = member.config.target_update_interval
            if c.tau == 1.0 and member.clock // interval > before // interval:
                self.slow_MD[m] = self.optimizer.flat_MD[m]
            metrics.append({**member.interaction.episodes.metrics(), "train/epsilon": member.epsilon(member.clock)})
        if all(learn):
            metrics = [{**acted, **learned} for acted, learned in zip(metrics, self.update())]
        self.scatter()
        return metrics

    def collect(self, turns: int) -> tuple[Rollout, Tensor]:
        """A rollout of all copies, (T, B) with the first member's first, and what is observed after it."""
        shape = (turns, self.copies)
        drawn = [torch.rand(shape, generator=member.policy.generator) for member in self.members]
        random_TME, turn = torch.stack(drawn, 1), iter(range(turns))

        def explore(obs: Tensor) -> Tensor:
            t = next(turn)
            epsilons = [member.epsilon(member.clock + t * self.copies) for member in self.members]
            return self.randomised(self.values(obs).argmax(2), random_TME[t], epsilons).flatten()

        obs = torch.cat([member.interaction.obs for member in self.members])
        return collect(self.joined.env, explore, obs, turns)

    def randomised(self, greedy_ME: Tensor, random_ME: Tensor, epsilons: Sequence[float]) -> Tensor:
        """Each action (M, E) replaced by a random one with its member's epsilon, by one uniform number each."""
        each_M1 = column(self.num_actions / max(epsilon, 1e-12) for epsilon in epsilons)
        choice_ME = (random_ME * each_M1).long().clamp(max=self.num_actions - 1)
        return torch.where(random_ME < column(epsilons), choice_ME, greedy_ME)

    def update(self) -> list[Metrics]:
        """A round of gradient steps of every member, each on transitions drawn from its own replay."""
        c = self.config
        drawn = [self.drawn(member) for member in self.members]
        of_round = Transitions(*map(torch.stack, zip(*drawn)))
        batches = zip(*(x.split(c.batch_size, 1) for x in of_round))
        steps = [self.gradient_step(Transitions(*batch)) for batch in batches]
        chosen_MB, target_MB = (torch.cat(parts, 1) for parts in zip(*steps))
        losses = td_loss(chosen_MB.flatten(), target_MB.flatten(), c.loss).view_as(chosen_MB).mean(1).tolist()
        means = chosen_MB.mean(1).tolist()
        return [{"train/loss": loss, "train/q_mean": mean} for loss, mean in zip(losses, means)]

    def drawn(self, member: DQN) -> Transitions:
        """The transitions of one member's round."""
        c, replay = member.config, member.replay
        assert isinstance(replay, ReplayBuffer)  # as ``check`` has seen
        num = c.gradient_steps * c.batch_size
        drawn = replay.sample(num, member.replay_generator, n_step=c.n_step, gamma=c.gamma)
        return drawn.seen_by(member.encoder.to_batch)

    def gradient_step(self, b: Transitions) -> tuple[Tensor, Tensor]:
        """One step of Adam of every member on a batch (M, B, ...) of each: what Q was (M, B), and its targets."""
        next_MBA = self.target(b.next_obs_BF)
        best_MBA = self.q(b.next_obs_BF) if self.config.double else next_MBA  # van Hasselt et al. 2016, eq. 4
        next_MB = next_MBA.gather(2, best_MBA.argmax(2, keepdim=True)).squeeze(2)
        target_MB = torch.addcmul(b.return_B, b.discount_B, next_MB)  # Mnih et al. 2015, eq. 2
        *given, out_MBA = self.q.forward(b.obs_BF)
        action_MB1 = b.action_B.unsqueeze(2)
        chosen_MB = out_MBA.gather(2, action_MB1).squeeze(2)
        slope_MB = td_loss_gradient(chosen_MB, target_MB, self.config.loss) / chosen_MB.shape[1]
        self.q.back(given, torch.zeros_like(out_MBA).scatter_(2, action_MB1, slope_MB.unsqueeze(2)))
        self.optimizer.descend()
        if self.config.tau < 1.0:
            self.slow_MD.lerp_(self.optimizer.flat_MD, self.config.tau)
        return chosen_MB, target_MB

    def actor(self) -> Callable[[Tensor], Tensor]:
        """The actions of the highest values as they are now."""
        self.gather_networks()
        return lambda obs: self.values(obs).argmax(2).flatten()

    def values(self, obs: Tensor) -> Tensor:
        """(M, E, A) of the networks for observations (B, *obs_shape) of as many copies each."""
        x_BF = self.members[0].encoder.to_batch(obs)
        x_MEF = x_BF.view(len(self.members), -1, x_BF.shape[1])
        copies = x_MEF.shape[1]
        # Few rows are multiplied by whatever suits their number, and that of members: filled up, by the same always.
        return self.q(F.pad(x_MEF, (0, 0, 0, -copies % FILLED)))[:, :copies]

    def gather_networks(self) -> None:
        """The members' parameters, and those of their slow copies, as they are now."""
        self.optimizer.gather()
        torch.stack([member.slow for member in self.members], out=self.slow_MD)

    def scatter(self) -> None:
        """Let the members stand where they have come to."""
        self.joined.scatter()
        self.optimizer.scatter()
        for member, slow_D in zip(self.members, self.slow_MD.unbind()):
            member.slow.copy_(slow_D)


def stacked(
    q: torch.nn.Module, parameters: Sequence[Tensor], flat_MD: Tensor, gradient_MD: Tensor
) -> Stacked | StackedDueling:
    """The Q networks that have the place of one in every row: plain ones, or dueling ones."""
    if isinstance(q, QNetwork):
        return StackedDueling(q, parameters, flat_MD, gradient_MD)
    assert isinstance(q, MLP)  # as ``check`` has seen
    return Stacked(q, parameters, flat_MD, gradient_MD)
