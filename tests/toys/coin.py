"""The smallest Learner: it shows that a new algorithm needs nothing beyond what stands here."""

from typing import Any

import torch

from palestra.engine import seeding
from palestra.engine.learner import Evaluation, Learner, Metrics


class Coin(Learner):
    """Guesses the bias of a coin (0.3) from eight flips a step."""

    name = "coin"
    clock_unit = "flips"

    def __init__(self, seed: int = 0) -> None:
        self.rng, self.heads = seeding.generator(seed, "flips"), torch.zeros(())

    def step(self) -> Metrics:
        heads = (torch.rand(8, generator=self.rng) < 0.3).sum()
        self.heads, self.clock = self.heads + heads, self.clock + 8
        return {"train/heads": float(heads), "train/budget": float(self.budget)}

    def state_dict(self) -> dict[str, Any]:
        return {"clock": self.clock, "heads": self.heads, "rng": self.rng.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        self.clock, self.heads = state["clock"], state["heads"]
        self.rng.set_state(state["rng"])
        return []

    def evaluate(self, *, episodes: int, seed: int) -> Evaluation:
        flips = (torch.rand(episodes, generator=seeding.generator(seed)) < 0.3).double()
        errors = -(flips - self.heads / max(1, self.clock)).square()
        return Evaluation(float(errors.mean()), errors, {"eval/error": float(-errors.mean())})
