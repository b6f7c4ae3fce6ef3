"""What the planners share: a world whose every outcome is known, the values of its states, and acting on them.

A planner does not act in order to learn; it sweeps over the states of a finite process (``FiniteMDP``), and acts only
to be evaluated or filmed. It serves any environment that has such a process: Gymnasium's toy texts and whatever else
carries a table ``P``, our gridworlds and random processes.
"""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from palestra.engine.agent import Agent
from palestra.measure import Metrics
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.finite.catalogue import finite_mdp
from palestra.envs.finite.vector_env import FiniteVectorEnv, state_index
from palestra.envs.vector import VectorEnv
from palestra.envs.world import World
from palestra.errors import require
from palestra.ops import bellman
from palestra.pictures import board

_MOST_OBSERVED = 1_000_000
"""Numbers that the one-hot observations of one step of Gymnasium's environments may take up."""


@dataclass(frozen=True)
class DynamicProgramConfig(AlgorithmConfig):
    """Settings that the planners share."""

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


class DynamicProgram(Agent):
    """An agent that knows its world and sweeps over it."""

    clock_unit = "sweeps"
    config_type = DynamicProgramConfig
    config: DynamicProgramConfig

    def __init__(self, env: str | World, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        known = isinstance(self.env, FiniteVectorEnv)
        self.mdp = self.env.mdp if known else finite_mdp(self.world.id, self.world.kwargs)  # type: ignore[attr-defined]
        mdp = self.mdp.to(self.device)
        self.dynamics = bellman.dynamics(
            mdp.offset, mdp.probability, mdp.next_state, mdp.reward, mdp.terminated, mdp.terminal,
            dtype={"float32": torch.float32, "float64": torch.float64}[self.config.precision],
        )  # fmt: skip
        self.block = bellman.BLOCK if self.device.type == "cpu" else mdp.num_states
        """States backed up at once in a sweep."""
        self.start_S = mdp.start.to(self.dynamics.reward_AS.dtype)
        self.value_Z = self.start_S.new_full((mdp.num_states + 1,), self.config.initial_value)
        """(S + 1,) of every state and, last, of *over*, which is zero."""
        self.value_Z[-1] = 0.0
        self.value_Z[:-1][mdp.terminal] = 0.0
        self.history: list[tuple[float, float, float]] = []
        """(sweeps, value of the start, Bellman residual) after each step."""
        self._greedy_S: Tensor | None = None
        self._modules = nn.ModuleDict()

    @property
    def modules(self) -> nn.Module:
        """None: what is found is a table."""
        return self._modules

    @property
    def value_S(self) -> Tensor:
        """(S,) of every state."""
        return self.value_Z[:-1]

    @property
    def value_start(self) -> float:
        """Expected value of the first state of an episode."""
        return float(self.start_S @ self.value_S)

    @property
    def threshold(self) -> float:
        """The Bellman residual at which to stop: what the tolerance asks for, as far as the numbers can tell."""
        finest = 4 * torch.finfo(self.value_Z.dtype).eps * float(self.value_Z.abs().amax())
        return max(self.config.tolerance * ((1 - self.config.gamma) or 1.0), finest)

    def q_values(self) -> Tensor:
        """(A, S): of every action in every state."""
        return bellman.q_values(self.dynamics, self.value_Z, self.config.gamma)

    def greedy_policy(self) -> Tensor:
        """(S,) int64: the best action in every state, the first of equals."""
        if self._greedy_S is None:
            self._greedy_S = self.q_values().max(0).indices
        return self._greedy_S

    def report(self, residual: float) -> Metrics:
        """Account for a step that found this Bellman residual, and decide whether it was the last."""
        self._greedy_S = None
        self.finished = residual <= self.threshold
        self.history.append((float(self.clock), self.value_start, residual))
        return {"train/bellman_residual": residual, "train/sweeps": float(self.clock), "value/start": self.value_start}

    def act(self, obs_BF: Tensor, *, deterministic: bool = True) -> Tensor:
        """Greedy actions (B,); a planner has no others."""
        return self.greedy_policy()[state_index(obs_BF)]

    def make_eval_env(self, episodes: int, *, reference: bool) -> VectorEnv:
        """As every agent's, without rows of zeros as long as there are states where they can be done without."""
        copies = min(episodes, max(1, _MOST_OBSERVED // self.mdp.num_states)) if reference else episodes
        env = super().make_eval_env(copies, reference=reference)
        if isinstance(env, FiniteVectorEnv):
            env.one_hot = False
        return env

    @abstractmethod
    def progress(self) -> dict[str, Any]:
        """What the algorithm's next step depends on, beside the values."""

    @abstractmethod
    def load_progress(self, state: dict[str, Any]) -> None:
        """Take back what ``progress`` gave."""

    def state_dict(self) -> dict[str, Any]:
        """Values, history, and where the algorithm stands. Nothing is drawn at random and nothing acted in."""
        return {
            "clock": self.clock,
            "finished": self.finished,
            "value": self.value_Z.clone(),
            "history": torch.tensor(self.history, dtype=torch.float64).view(-1, 3),
            **self.progress(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state."""
        self.clock, self.finished = state["clock"], state["finished"]
        self.value_Z.copy_(state["value"])
        self.history = [tuple(row) for row in state["history"].tolist()]
        self._greedy_S = None
        self.load_progress(state)
        return []

    def draw(self, folder: Path) -> list[Path]:
        """The values and every best action, on the board where there is one, and how the value of the start came."""
        title = f"{self.world.id}, {self.name}"
        q_AS = self.q_values()
        tie = 1e-6 * float(q_AS.abs().amax())
        best_AS = (bellman.greedy(q_AS, tie) & ~self.mdp.terminal.to(self.device)).cpu().numpy()
        picture = folder / "value-and-policy.png"
        if (grid := self.mdp.grid) is not None:
            value = self.value_S.cpu().numpy()
            board.draw_grid(picture, grid.shape, grid.tiles, grid.moves, value, best_AS, title=title)
        else:
            board.draw_table(picture, q_AS.T.cpu().numpy(), title=title)
        if not self.history:
            return [picture]
        sweeps, start, residual = zip(*self.history, strict=True)
        curve = board.draw_convergence(folder / "convergence.png", sweeps, start, residual, title=title)
        return [picture, curve]
