"""The gridworld, played: value iteration, or a table that one or several walkers share, on a board that is drawn."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from palestra.engine.state import adopt
from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.finite.dynamics import FiniteDynamics
from palestra.envs.finite.grid_world import grid_world
from palestra.envs.finite.mdp import FiniteMDP
from palestra.envs.given import GivenWorld
from palestra.envs.vector import StepResult
from palestra.errors import require
from palestra.learners.dynamic.value_iteration import ValueIteration, ValueIterationConfig
from palestra.learners.tabular.q_learning import QLearning
from palestra.learners.tabular.rule import TabularConfig
from palestra.learners.tabular.sarsa import Sarsa
from palestra.learners.tabular.tabular_learner import TabularLearner
from palestra.playgrounds.arguments import integer, only
from palestra.playgrounds.offer import Text
from palestra.playgrounds.offers.gridworld import MOST_WIND, GridworldAsked
from palestra.playgrounds.playground import Playground

TILES = "SGX#."
"""That can be drawn."""
ENOUGH = 1_000
"""Sweeps after which what is exact is taken as it is: with gamma 1, cells with no way to a goal never come to rest."""
TIE = 1e-6
"""Share of the greatest value by which two actions may differ and both be the best."""


class EndingAtItsLimit(TorchVectorEnv):
    """A world that says, wrongly, that its time limit is an end."""

    def step(self, action: Tensor) -> StepResult:
        """A step whose cut is told as an end."""
        result = super().step(action)
        return result._replace(terminated=result.terminated | result.truncated, truncated=self.dynamics.never)


@dataclass(frozen=True)
class DrawnWorld(GivenWorld):
    """Copies of a drawn board; they may mistake their time limit for an end."""

    limit_is_end: bool = False

    def make(
        self, *, num_envs: int | None = None, device: torch.device | str = "cpu", reference: bool = False
    ) -> TorchVectorEnv:
        """So many of them."""
        assert self.process is not None
        dynamics = FiniteDynamics(self.process, num_envs or self.num_envs, device, self._limit)
        return EndingAtItsLimit(dynamics) if self.limit_is_end else TorchVectorEnv(dynamics)


class GridworldPlayground(Playground[GridworldAsked]):
    """A board, a learner on it, and what is true of it."""

    saves = ("learner",)

    def __init__(self, asked: GridworldAsked):
        super().__init__(asked)
        self.process = process_of(asked)
        self.learner = _learner(asked, self.process)
        self.true_S = exact(asked, self.process)

    @property
    def finished(self) -> bool:
        """Whether the values rest."""
        return self.learner.finished

    def step(self) -> None:
        """A sweep, or a step of every walker."""
        self.learner.step()

    def edit(self, edit: Mapping[str, Any]) -> None:
        """``row``, ``column`` and ``tile`` draw a cell, ``column`` and ``wind`` the wind of a column.

        There is one start. What was learned stays, of cells that are still there; the board has to have a way.
        """
        only(edit, "row", "column", "tile", "wind")
        rows, columns = len(self.asked.board), len(self.asked.board[0])
        column = integer(edit, "column", 0, columns - 1)
        if "wind" in edit:
            only(edit, "column", "wind")
            wind = [*(self.asked.wind or (0,) * columns)]
            wind[column] = integer(edit, "wind", 0, MOST_WIND)
            self._change(self.asking(wind=tuple(wind) if any(wind) else ()))
            return
        row, tile = integer(edit, "row", 0, rows - 1), edit.get("tile")
        known = isinstance(tile, str) and len(tile) == 1 and tile in TILES
        require(known, f"tile={str(tile)[:10]!r}", f"one of {', '.join(TILES)}")
        board = [[("." if tile == "S" == old else old) for old in line] for line in self.asked.board]
        board[row][column] = str(tile)
        self._change(self.asking(board=tuple("".join(line) for line in board)))

    def _change(self, asked: GridworldAsked) -> None:
        """Go on with other settings and the values that were learned."""
        process = process_of(asked)
        learner, true_S = _learner(asked, process), exact(asked, process)
        adopt(learner, self.learner.state_dict())
        self.asked, self.process, self.learner, self.true_S = asked, process, learner, true_S

    def ground(self) -> dict[str, Any]:
        """The board, and what its cells are really worth."""
        shown = {"rows": len(self.asked.board), "columns": len(self.asked.board[0]), "board": list(self.asked.board)}
        return {**shown, "wind": list(self.asked.wind), "true": self.true_S, "true_start": self._start(self.true_S)}

    def frame(self) -> dict[str, Any]:
        """Values, best moves, where the walkers are."""
        q_SA, seen_S = self._values()
        value_S = np.where(seen_S, q_SA.max(1), np.nan)
        tie = TIE * max(1.0, float(np.abs(q_SA[seen_S]).max(initial=0.0)))
        best_SA = (q_SA >= q_SA.max(1, keepdims=True) - tie) & seen_S[:, None] & ~self._over()[:, None]
        frame: dict[str, Any] = {
            "clock": self.learner.clock,
            "unit": self.learner.clock_unit,
            "values": value_S,
            "q": np.where(seen_S[:, None], q_SA, np.nan),
            "best": (best_SA * [1, 2, 4, 8]).sum(1),
            "start": self._start(value_S),
            "at": [],
        }
        if isinstance(self.learner, TabularLearner):
            episodes = self.learner.interaction.episodes.metrics()
            frame |= {"at": self.learner.state_E, "return": episodes.get("train/return_mean")}
        else:
            frame["history"] = self.learner.policy.history[-300:, 1:]
        return frame

    def see(self) -> Text:
        """How far the values are from the truth."""
        value_S = np.array(self.frame()["values"])
        start, true = self._start(value_S), self._start(self.true_S)
        if isinstance(self.learner, ValueIteration):
            if self.finished:
                return Text(
                    f"The values rest after {self.learner.clock} sweeps: from the start, {true:.1f} is"
                    " the best that can"
                    " be had. Follow the arrows, or draw something and step on.",
                    f"扫了 {self.learner.clock} 遍之后价值不再变动：从起点出发最多能得 {true:.1f}。"
                    "顺着箭头走，或者再画点什么继续。",
                )
            return Text(
                f"Each sweep carries values one move further from the goal; {self.learner.clock} so far.",
                f"每扫一遍，价值就从终点多流出一步；已扫 {self.learner.clock} 遍。",
            )
        if np.isnan(start):
            return Text("Nobody has walked yet. Press play.", "还没有人走过。按“播放”。")
        off = np.nanmax(np.abs(value_S - self.true_S)[~self._over()])
        if self.asked.limit and self.asked.limit_is_end:
            return Text(
                f"The start is really worth {true:.1f}; the walkers believe {start:.1f}, since they were told that"
                f" nothing comes after the cut. The worst value is {off:.1f} off, and more steps will not mend it.",
                f"起点其实值 {true:.1f}，行走者却以为是 {start:.1f}，因为他们被告知打断之后什么都没有。"
                f"最差的价值差了 {off:.1f}，再走也改不了。",
            )
        return Text(
            f"They believe the start to be worth {start:.1f}; the best policy would get {true:.1f}. Cells nobody has"
            f" been to are empty, and the worst value is {off:.1f} off.",
            f"他们认为起点值 {start:.1f}；最优策略能得 {true:.1f}。没去过的格子是空的，最差的价值差 {off:.1f}。",
        )

    def _values(self) -> tuple[Any, Any]:
        """Action values (S, A), and which states have been looked at (S,)."""
        if isinstance(self.learner, TabularLearner):
            q = self.learner.q
            return q.values(np.arange(q.num_states)), q.visits.sum((0, 2)) > 0
        q_SA = self.learner.policy.q_values().T.cpu().numpy()
        q_SA = q_SA * ~self._over()[:, None]
        return q_SA, np.ones(len(q_SA), bool)

    def _over(self) -> Any:
        """(S,) where an episode has ended, or cannot be."""
        return self.process.terminal.numpy()

    def _start(self, value_S: Any) -> float:
        chance_S = self.process.start.numpy()
        return float((chance_S * np.where(chance_S > 0, value_S, 0.0)).sum())


def process_of(asked: GridworldAsked) -> FiniteMDP:
    """The finite process of a drawn board."""
    return grid_world(
        desc=asked.board, wind=asked.wind, slip=asked.slip, goal_reward=asked.goal_reward, pit_reward=asked.pit_reward
    )


def exact(asked: GridworldAsked, process: FiniteMDP) -> Any:
    """(S,) what the best policy gets from every cell, by value iteration to its end."""
    learner = _planner(asked, process)
    while not learner.finished and learner.clock < ENOUGH:
        learner.step()
    return learner.policy.value_S.cpu().numpy().copy()


def _planner(asked: GridworldAsked, process: FiniteMDP) -> ValueIteration:
    world = DrawnWorld("a drawn board", 1, process=process)
    return ValueIteration(world, ValueIterationConfig(gamma=asked.gamma), seed=asked.seed, device="cpu")


def _learner(asked: GridworldAsked, process: FiniteMDP) -> ValueIteration | TabularLearner:
    if asked.method == "value-iteration":
        return _planner(asked, process)
    limit = {"max_episode_steps": asked.limit} if asked.limit else {}
    world = DrawnWorld("a drawn board", asked.walkers, kwargs=limit, process=process, limit_is_end=asked.limit_is_end)
    config = TabularConfig(
        num_steps=1, gamma=asked.gamma, learning_rate=asked.learning_rate,
        epsilon_start=asked.epsilon, epsilon_end=asked.epsilon,
    )  # fmt: skip
    rule = QLearning if asked.method == "q-learning" else Sarsa
    return TabularLearner(rule, world, config, seed=asked.seed, device="cpu")
