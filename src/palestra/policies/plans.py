"""Plans: what is meant to be done in each of some episodes side by side, and taken up again a step later.

A planner looks some steps ahead, does the first of them, and looks again (receding horizon). What it had planned for
the rest is where it begins to look: a warm start. A plan becomes the one to go on from once somebody has ``told`` what
came of its first action; who asks without doing anything changes nothing.
"""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from palestra.engine import seeding
from palestra.envs.model import Model

Improve = Callable[[Tensor, Tensor, Generator], Tensor]
"""From states (E, V), plans (E, T, A) and where chance comes from to better plans (E, T, A)."""


class Plans:
    """A plan for each of E episodes under way.

    Args:
        model: of the world that they are made for.
        horizon: T, steps of a plan.
        num: E.
        seed: of what is drawn to find them.
        precision: of the numbers that are planned with.
    """

    saves = ("actions", "proposed", "drawing", "learned")
    derives = ("model",)

    def __init__(self, model: Model, horizon: int, num: int = 1, *, seed: int, precision: torch.dtype = torch.float32):
        self.model, self.horizon, self.precision = model, horizon, precision
        self.learned = model.learned
        """What was learned of the world, if anything was: what it was then is what is gone on with."""
        with torch.inference_mode(False):
            idle = model.rest.to(precision).repeat(num, horizon, 1)
            self.actions = idle
            """(E, T, A) where the next look begins."""
            self.proposed = idle.clone()
            """(E, T, A) what came of the last look."""
        self.drawing = seeding.generator(seed, "plans", device=model.device)

    def __len__(self) -> int:
        return len(self.actions)

    def begun(self, num: int, *, seed: int) -> "Plans":
        """Those of ``num`` episodes that begin."""
        return Plans(self.model, self.horizon, num, seed=seed, precision=self.precision)

    def act(self, obs: Tensor, improve: Improve) -> Tensor:
        """The first actions (E, A) of better plans, by what is seen now, (E, *obs_shape)."""
        with torch.inference_mode(False), torch.no_grad():  # derivatives want ordinary tensors
            state = self.model.state(obs.clone()).to(self.precision)
            self.proposed = improve(state, self.actions, self.drawing)
            action = self.proposed[:, 0].to(self.model.low.dtype)
            return action.clamp(self.model.low, self.model.high)

    def told(self, done: Tensor) -> None:
        """A step was done of each plan, and the episodes that ended with it, (E,) bool, begin anew."""
        with torch.inference_mode(False):
            idle = self.model.rest.to(self.precision)
            moved = torch.cat((self.proposed[:, 1:], idle.expand(len(self), 1, -1)), 1)
            self.actions = torch.where(done.clone()[:, None, None], idle, moved)
            self.proposed = self.actions.clone()
