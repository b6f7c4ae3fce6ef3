"""The smallest Learner: it shows that a new algorithm needs nothing beyond what stands here."""

import torch

from palestra.datasets.dataset import Dataset
from palestra.engine import seeding
from palestra.engine.learner import Learner
from palestra.measure import Evaluation, Measure, Metrics


class Coin(Learner):
    """Guesses the bias of a coin (0.3) from eight flips a step."""

    name = "coin"
    clock_unit = "flips"
    saves = ("heads", "rng")

    def __init__(self, seed: int = 0) -> None:
        super().__init__(Dataset("coin"), seed=seed)
        self.rng, self.heads = seeding.generator(seed, "flips"), torch.zeros(())

    def step(self) -> Metrics:
        heads = (torch.rand(8, generator=self.rng) < 0.3).sum()
        self.heads, self.clock = self.heads + heads, self.clock + 8
        return {"train/heads": float(heads), "train/budget": float(self.budget)}

    def measured(self, measure: Measure) -> Evaluation:
        flips = (torch.rand(measure.count, generator=seeding.generator(measure.seed)) < 0.3).double()
        errors = -(flips - self.heads / max(1, self.clock)).square()
        return Evaluation(float(errors.mean()), errors, {"eval/error": float(-errors.mean())})
