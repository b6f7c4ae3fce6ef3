"""What the methods of dynamic programming hold: the values of a finite process, of which every outcome is known.

They do not act in order to learn; they sweep over the states of a finite process (``FiniteMDP``), and act only to be
evaluated or filmed. They serve any environment that has such a process: Gymnasium's toy texts and whatever else carries
a table ``P``, our gridworlds and random processes.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from palestra.engine.arena import MAX_EVAL_ENVS, Arena
from palestra.engine.exhibit import Exhibit
from palestra.engine.policy import Choice, Policy
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.finite.catalogue import finite_mdp
from palestra.envs.finite.dynamics import process_of, show_indices, state_index
from palestra.envs.vector import VectorEnv
from palestra.envs.world import World
from palestra.errors import require
from palestra.measure import Metrics
from palestra.ops import bellman
from palestra.pictures.board import Board, Convergence, Table

_MOST_OBSERVED = 1_000_000
"""Numbers that the one-hot observations of one step of Gymnasium's environments may take up."""


@dataclass(frozen=True)
class DynamicConfig(AlgorithmConfig):
    """Settings that the methods of dynamic programming share."""

    gamma: float = 0.99
    """Discount. With 1, episodes have to end under a good policy, and rewards should not pay for staying alive."""
    tolerance: float = 1e-8
    """Largest error of a value at the end. Sweeps stop once the Bellman residual is below (1 - gamma) times it, since
    the error is at most residual / (1 - gamma); with gamma = 1, where nothing bounds it, once the residual is below."""
    initial_value: float = 0.0
    """Of every state that is not terminal. From below all values, they flow back from where the reward is, and sweeps
    in place and by priority need few backups; from above, every order needs about as many sweeps as the other."""
    precision: Literal["float32", "float64"] = "float64"
    """Of the values; float32 sweeps faster and cannot reach a small tolerance."""

    def __post_init__(self) -> None:
        require(0 <= self.gamma <= 1, f"gamma={self.gamma}", "0 <= gamma <= 1")
        require(self.tolerance > 0, f"tolerance={self.tolerance}", "a positive number")


class Values(Policy):
    """The values of a world's states, and acting greedily on them.

    Args:
        world: which.
        env: copies of it, whose process is taken where they have one.
        config: discount, tolerance, the first values, their precision.
    """

    saves = ("value_X", "history")
    learned = ("value_X",)
    derives = ("mdp", "dynamics", "start_S", "_greedy_S")

    def __init__(self, world: World, env: VectorEnv, config: DynamicConfig):
        self.config, device = config, env.device
        self.mdp = process_of(env) or finite_mdp(world.id, world.kwargs)
        mdp = self.mdp.to(device)
        self.dynamics = bellman.dynamics(
            mdp.offset, mdp.probability, mdp.next_state, mdp.reward, mdp.terminated, mdp.terminal,
            dtype={"float32": torch.float32, "float64": torch.float64}[config.precision],
        )  # fmt: skip
        self.block = bellman.BLOCK if device.type == "cpu" else mdp.num_states
        """States backed up at once in a sweep."""
        self.start_S = mdp.start.to(self.dynamics.reward_AS.dtype)
        self.value_X = self.start_S.new_full((mdp.num_states + 1,), config.initial_value)
        """(S + 1,) of every state and, last, of *over*, which is zero."""
        self.value_X[-1] = 0.0
        self.value_X[:-1][mdp.terminal] = 0.0
        self.history = torch.zeros((0, 3), dtype=torch.float64)
        """(n, 3): sweeps, value of the start, Bellman residual after each step."""
        self._greedy_S: Tensor | None = None

    @property
    def value_S(self) -> Tensor:
        """(S,) of every state."""
        return self.value_X[:-1]

    @property
    def start(self) -> float:
        """Expected value of the first state of an episode."""
        return float(self.start_S @ self.value_S)

    @property
    def threshold(self) -> float:
        """The Bellman residual at which to stop: what the tolerance asks for, as far as the numbers can tell."""
        finest = 4 * torch.finfo(self.value_X.dtype).eps * float(self.value_X.abs().amax())
        return max(self.config.tolerance * ((1 - self.config.gamma) or 1.0), finest)

    def q_values(self) -> Tensor:
        """(A, S): of every action in every state."""
        return bellman.q_values(self.dynamics, self.value_X, self.config.gamma)

    def greedy(self) -> Tensor:
        """(S,) int64: the best action in every state, the first of equals."""
        if self._greedy_S is None:
            self._greedy_S = self.q_values().max(0).indices
        return self._greedy_S

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Greedy actions (B,) for one-hot observations (B, S) or states (B,); there are no others."""
        return self.greedy()[state_index(seen)]

    def choice(self, seen: Tensor) -> Choice:
        """The same, and the values (B, A) of all actions."""
        state_B = state_index(seen)
        return Choice(self.greedy()[state_B], "value", self.q_values().T[state_B])

    def report(self, clock: int, residual: float) -> Metrics:
        """Account for a step that ended at this clock with this Bellman residual."""
        self._greedy_S = None
        row = torch.tensor([[float(clock), self.start, residual]], dtype=torch.float64)
        self.history = torch.cat((self.history, row))
        return {"train/bellman_residual": residual, "train/sweeps": float(clock), "value/start": self.start}

    def resumed(self) -> None:
        """The values have changed: what was greedy may not be any more, and those of another world end elsewhere."""
        self._greedy_S = None
        self.value_X[:-1][self.mdp.terminal.to(self.value_X.device)] = 0.0

    def exhibits(self, title: str) -> list[Exhibit]:
        """The values and every best action, on the board where there is one, and how the value of the start came."""
        q_AS = self.q_values()
        tie = 1e-6 * float(q_AS.abs().amax())
        best_AS = (bellman.greedy(q_AS, tie) & ~self.mdp.terminal.to(q_AS.device)).cpu().numpy()
        shown: Exhibit = Table(title, q_AS.T.cpu().numpy())
        if (grid := self.mdp.grid) is not None:
            shown = Board(title, grid.shape, grid.tiles, grid.moves, self.value_S.cpu().numpy(), best_AS)
        if not len(self.history):
            return [shown]
        return [shown, Convergence(title, *self.history.T.numpy())]


def dynamic_arena(world: World, device: torch.device, num_states: int) -> Arena:
    """As every agent's, without rows of zeros as long as there are states where they can be done without."""

    def make_env(count: int, split: str) -> VectorEnv:
        reference = split == "reference"
        most = max(1, _MOST_OBSERVED // num_states) if reference else MAX_EVAL_ENVS
        env = world.make(num_envs=min(count, most, MAX_EVAL_ENVS), device=device, reference=reference)
        show_indices(env)
        return env

    return Arena(world, device, make_env)
