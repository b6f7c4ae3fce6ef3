"""Prioritised experience replay (Schaul et al. 2016, https://arxiv.org/abs/1511.05952), the proportional variant.

P(i) = p_i^alpha / sum_k p_k^alpha,     w_i = (N P(i))^-beta / max_j w_j                                  (eq. 1, 3.4)
"""

from typing import Any, NamedTuple

import torch
from gymnasium import spaces
from torch import Generator, Tensor

from palestra.data.replay import ReplayBuffer, Transitions
from palestra.data.rollout import Rollout
from palestra.errors import require

WIDTH = 64
"""Children of a node. A tensor operation costs as much on 2 numbers as on 64: 3 wide levels beat 17 narrow ones."""

FLOOR = 1e-6
"""Added to every priority, so that no transition is never seen again (the paper's epsilon)."""


class SumTree:
    """Numbers that can be changed, and drawn in proportion to their size, in logarithmic time; whole batches at once.

    Args:
        capacity: numbers it holds, all 0 at first.
        device: where.
    """

    def __init__(self, capacity: int, device: torch.device | str = "cpu"):
        self.capacity = capacity
        # Leaves first; each node of the next level is the sum of WIDTH of the one before.
        self._levels: list[Tensor] = []
        nodes = capacity
        while not self._levels or nodes > 1:
            nodes = -(-nodes // WIDTH)
            self._levels.append(torch.zeros(nodes, WIDTH, dtype=torch.float64, device=device))

    @property
    def values(self) -> Tensor:
        """(capacity,) float64, the numbers; not to be written to."""
        return self._levels[0].view(-1)[: self.capacity]

    @property
    def total(self) -> Tensor:
        """Their sum, a scalar."""
        return self._levels[-1].sum()

    def set(self, index_B: Tensor, value_B: Tensor) -> None:
        """Change numbers (B,) to values that are not negative; an index that comes twice must bring the same value."""
        self._levels[0].view(-1)[index_B] = value_B.double()
        for below, above in zip(self._levels, self._levels[1:]):
            index_B = index_B // WIDTH
            above.view(-1)[index_B] = below[index_B].sum(1)

    def find(self, mass_B: Tensor) -> Tensor:
        """(B,) for each mass in [0, total), the index i with sum_{k<i} v_k <= mass < sum_{k<=i} v_k; never a 0."""
        node_B = torch.zeros_like(mass_B, dtype=torch.int64)
        for level in reversed(self._levels):
            cumulative_BW = level[node_B].cumsum(1)
            # Rounding may leave a little more mass than this node has; what lies just below its sum belongs to it.
            mass_B = torch.minimum(mass_B, cumulative_BW[:, -1] * (1 - 1e-12))
            child_B = (cumulative_BW <= mass_B[:, None]).sum(1)
            before_B = cumulative_BW.gather(1, (child_B[:, None] - 1).clamp(min=0)).squeeze(1)
            mass_B = mass_B - before_B * (child_B > 0)
            node_B = node_B * WIDTH + child_B
        return node_B


class PrioritisedSample(NamedTuple):
    """Transitions, where they lie, and what each counts."""

    transitions: Transitions
    index_B: Tensor
    """(B,) for ``PrioritisedReplay.update``."""
    weight_B: Tensor
    """(B,) float32, importance weights, the largest of them 1."""


class PrioritisedReplay:
    """A replay buffer whose transitions are drawn in proportion to how surprising they were when last seen.

    Args:
        capacity: as of ``ReplayBuffer``, with the arguments that follow.
        num_envs: E.
        obs_space: of one observation.
        action_shape: of one action.
        action_dtype: of an action.
        device: where it is kept.
        exponent: alpha; 0 draws uniformly.
    """

    def __init__(
        self,
        capacity: int,
        num_envs: int,
        obs_space: spaces.Box,
        action_shape: tuple[int, ...],
        action_dtype: torch.dtype,
        device: torch.device,
        exponent: float,
    ):
        self._ring = ReplayBuffer(capacity, num_envs, obs_space, action_shape, action_dtype, device)
        self._tree = SumTree(self._ring.num_rows * num_envs, device)
        self._exponent = exponent
        self._highest = torch.ones((), dtype=torch.float64, device=device)

    def __len__(self) -> int:
        return len(self._ring)

    def add(self, rollout: Rollout) -> None:
        """Append T rows; each new transition gets the highest priority so far, so that all are seen soon."""
        self._ring.add(rollout)
        index_B = self._ring.newest(len(rollout.reward))
        self._tree.set(index_B, self._highest.expand(len(index_B)))

    def sample(
        self, num: int, generator: Generator, *, n_step: int = 1, gamma: float, beta: float
    ) -> PrioritisedSample:
        """Draw ``num`` transitions, one from each of as many equal parts of the priorities' sum (appendix B.2.1).

        ``beta`` from 0 to 1 says how far the weights undo that some are drawn more often.
        """
        require(len(self) > 0, "a sample of an empty replay buffer", "at least one transition in it")
        uniform_B = torch.rand(num, generator=generator, device=generator.device, dtype=torch.float64)
        part_B = torch.arange(num, device=uniform_B.device, dtype=torch.float64)
        total = self._tree.total
        index_B = self._tree.find((part_B + uniform_B) / num * total)
        probability_B = self._tree.values[index_B] / total
        weight_B = (len(self) * probability_B) ** -beta
        transitions = self._ring.take(index_B, n_step=n_step, gamma=gamma)
        return PrioritisedSample(transitions, index_B, (weight_B / weight_B.max()).float())

    def update(self, index_B: Tensor, surprise_B: Tensor) -> None:
        """Give transitions priorities by errors (B,) that are not negative."""
        priority_B = (surprise_B.double() + FLOOR) ** self._exponent
        self._highest.copy_(torch.maximum(self._highest, priority_B.max()))
        self._tree.set(index_B, priority_B)

    def cut(self, restarted_E: Tensor) -> None:
        """As ``ReplayBuffer.cut``."""
        self._ring.cut(restarted_E)

    def state_dict(self) -> dict[str, Any]:
        """The transitions and their priorities."""
        return {
            "ring": self._ring.state_dict(),
            "priorities": self._tree.values[: len(self)],
            "highest": self._highest,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state of the same shape."""
        self._ring.load_state_dict(state["ring"])
        everywhere = torch.zeros_like(self._tree.values)
        everywhere[: len(self)] = state["priorities"]
        self._tree.set(torch.arange(len(everywhere), device=everywhere.device), everywhere)
        self._highest.copy_(state["highest"])
