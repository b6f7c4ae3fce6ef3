"""Gradient descent, played: the four rules of ``ops.optimizers`` on a landscape of ``ops.landscapes``."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from palestra.engine.seeding import generator
from palestra.ops.landscapes import Banana, Landscape, Saddle, Waves, turned
from palestra.ops.optimizers import SGD, Adam, Memory, Momentum, RMSprop, Rule
from palestra.playgrounds.arguments import only, place
from palestra.playgrounds.offer import Text
from palestra.playgrounds.offers.descent import REACH, DescentAsked
from palestra.playgrounds.playground import Playground

SIDE = 96
"""Places of the picture of the surface, across and down."""
LOST = 1e6
"""Who is farther away than this, or nowhere, walks no more."""
SHOWN = 400
"""Last points of a way that are drawn."""
NAMES = {"sgd": "SGD", "momentum": "momentum", "rmsprop": "RMSprop", "adam": "Adam"}


class Walker:
    """One way down.

    Args:
        rule: how it goes.
        start_D: from where.
    """

    saves: ClassVar[tuple[str, ...]] = ("trail_LD", "steps", "moments")

    def __init__(self, rule: Rule, start_D: Tensor):
        self.rule, self.trail_LD = rule, start_D[None]
        memory = rule.begin(start_D)
        self.steps, self.moments = memory.steps, list(memory.moments)

    @property
    def lost(self) -> bool:
        """Whether it is too far away to go on."""
        return not bool((self.trail_LD[-1].abs() <= LOST).all())

    def step(self, gradient_D: Tensor) -> None:
        """One step down a gradient."""
        memory = Memory(self.steps, tuple(self.moments))
        point_D, after = self.rule.step(self.trail_LD[-1], gradient_D, memory)
        self.trail_LD = torch.cat((self.trail_LD, point_D[None]))[-SHOWN:]
        self.steps, self.moments = after.steps, list(after.moments)


class DescentPlayground(Playground[DescentAsked]):
    """Four walkers from one point; with noise, each step's is the same for all."""

    saves = ("walkers", "luck")

    def __init__(self, asked: DescentAsked):
        super().__init__(asked)
        surfaces: dict[str, Landscape] = {
            "valley": turned(1.0, 10.0, 20.0), "banana": Banana(), "waves": Waves(), "saddle": Saddle(),
        }  # fmt: skip
        self.surface = surfaces[asked.surface]
        self._begin(asked)

    def _begin(self, asked: DescentAsked) -> None:
        """All four at the start."""
        self.asked = asked
        start_D = torch.tensor(asked.start, dtype=torch.float64)
        rules: dict[str, Rule] = {
            "sgd": SGD(asked.sgd_rate),
            "momentum": Momentum(asked.momentum_rate, asked.momentum),
            "rmsprop": RMSprop(asked.rmsprop_rate),
            "adam": Adam(asked.adam_rate),
        }
        self.walkers = {name: Walker(rule, start_D) for name, rule in rules.items()}
        self.luck = generator(asked.seed, "noise")

    @property
    def finished(self) -> bool:
        """Whether all are lost."""
        return all(walker.lost for walker in self.walkers.values())

    def step(self) -> None:
        """One step of each that is not lost."""
        noise_D = self.asked.noise * torch.randn(2, dtype=torch.float64, generator=self.luck)
        for walker in self.walkers.values():
            if not walker.lost:
                walker.step(self.surface.gradient(walker.trail_LD[-1]) + noise_D)

    def edit(self, edit: Mapping[str, Any]) -> None:
        """``start``: all four begin anew from another point."""
        only(edit, "start")
        self._begin(self.asking(start=place(edit, "start", -REACH, REACH)))

    def ground(self) -> dict[str, Any]:
        """Heights of the surface, row by row from the top."""
        axis = torch.linspace(-REACH, REACH, SIDE, dtype=torch.float64)
        x, y = axis[None, :].expand(SIDE, SIDE), axis.flip(0)[:, None].expand(SIDE, SIDE)
        return {"reach": REACH, "side": SIDE, "height": self.surface.value(torch.stack((x, y), -1)), "names": NAMES}

    def frame(self) -> dict[str, Any]:
        """The ways of the four."""
        return {"walkers": {name: self._shown(walker) for name, walker in self.walkers.items()}}

    def _shown(self, walker: Walker) -> dict[str, Any]:
        point_D = walker.trail_LD[-1]
        way_LD = walker.trail_LD[walker.trail_LD.abs().amax(1) <= LOST]
        slope = torch.linalg.vector_norm(self.surface.gradient(point_D))
        height = float(self.surface.value(point_D))
        return {"way": way_LD, "height": height, "slope": float(slope), "steps": walker.steps, "lost": walker.lost}

    def see(self) -> Text:
        """Who is lowest, and who is lost."""
        steps = max(walker.steps for walker in self.walkers.values())
        if not steps:
            return Text(
                "Dark is low. Drag the start anywhere, then press play or take one step.",
                "深色是低处。把起点拖到任何地方，然后按“播放”或走一步。",
            )
        heights = {
            name: float(self.surface.value(walker.trail_LD[-1]))
            for name, walker in self.walkers.items() if not walker.lost
        }  # fmt: skip
        lost = [NAMES[name] for name, walker in self.walkers.items() if walker.lost]
        if not heights:
            return Text("All four have left the picture: their steps are too long.", "四个都飞出了画面：步子太大。")
        lowest = min(heights, key=lambda name: heights[name])
        gone_en = f" {' and '.join(lost)} left the picture: the steps were too long." if lost else ""
        gone_zh = f"{'、'.join(lost)} 飞出了画面：步子太大。" if lost else ""
        return Text(
            f"After {steps:,} steps {NAMES[lowest]} is lowest, at {heights[lowest]:.3g}.{gone_en} Where"
            " the way zigzags,"
            " the rate is near what the steepest direction can bear.",
            f"走了 {steps:,} 步，{NAMES[lowest]} 最低，高度 {heights[lowest]:.3g}。"
            f"{gone_zh}路线来回折返的地方，学习率已接近最陡方向能承受的极限。",
        )
