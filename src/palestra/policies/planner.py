"""What planners share: in each step a better plan by the model, its first action, and the rest to go on from."""

from abc import abstractmethod

from torch import Generator, Tensor

from palestra.engine.exhibit import Exhibit
from palestra.engine.policy import Policy
from palestra.envs.vector import VectorEnv
from palestra.policies.plans import Plans
from palestra.policies.shown import planned_episode


class Planner(Policy):
    """Does the first action of a plan that is made better in each step; who is one says how, and has ``plans``."""

    saves = ("plans",)
    derives = ("range",)
    episodes = ("plans",)
    plans: Plans

    @abstractmethod
    def improved(self, state: Tensor, plan: Tensor, generator: Generator) -> Tensor:
        """Better plans (E, T, A).

        Args:
            state: (E, V) where each episode is.
            plan: (E, T, A) what was planned, a step on.
            generator: where chance comes from.
        """

    def reset(self, num: int, *, seed: int) -> None:
        """Begin ``num`` episodes; all that is drawn in them comes from ``seed``."""
        self.plans = self.plans.begun(num, seed=seed)

    def told(self, action: Tensor, reward: Tensor, done: Tensor) -> None:
        """Go on from what was planned."""
        self.plans.told(done)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """First actions of plans; another number of episodes begins them anew."""
        if len(seen) != len(self.plans):
            self.reset(len(seen), seed=0)
        return self.plans.act(seen, self.improved)

    def at_work(self, env: VectorEnv) -> list[Exhibit]:
        """One episode, and where plans on the way meant to go."""
        return planned_episode(self, env)
