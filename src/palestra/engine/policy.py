"""The Policy: what acts."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal, NamedTuple

from torch import Tensor

from palestra.engine.exhibit import Exhibit
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.vector import VectorEnv


class Choice(NamedTuple):
    """Actions, and what they were chosen by."""

    action: Tensor
    """(B, ...) as ``act`` gives them."""
    kind: Literal["", "value", "logit"] = ""
    """What the numbers are: expected returns, logarithms of probabilities up to a constant, or that there are none."""
    numbers: Tensor | None = None
    """(B, K) of each action there is; side by side where an action is several choices."""


class Policy(ABC):
    """What acts. An agent is a learner with one; others (random, the expert, planners) learn nothing."""

    sees: ClassVar[Literal["observation", "state"]] = "observation"
    """What ``act`` is given: observations, or the world itself, whose true state it may look at."""
    name: ClassVar[str]
    """The id under which it is registered (``random``), if a recipe can name it."""
    config_type: ClassVar[type[Any]] = AlgorithmConfig
    """The dataclass of its settings, if it has any. One that is registered is made from a VectorEnv, whose spaces it
    keeps, these settings, and a seed: ``Random(env, config, seed=0)``; it raises UsageError where it cannot act."""
    saves: ClassVar[tuple[str, ...]] = ()
    """What its next action depends on, as of any part (:mod:`palestra.engine.state`)."""
    episodes: ClassVar[tuple[str, ...]] = ()
    """What among it is of the episodes under way: attributes in whose place ``reset`` puts something new."""

    def reset(self, num: int, *, seed: int) -> None:  # noqa: B027 - most remember nothing and draw nothing
        """Begin ``num`` episodes side by side. What is random in a deterministic action comes from ``seed``."""

    def told(self, action: Tensor, reward: Tensor, done: Tensor) -> None:  # noqa: B027 - most remember nothing
        """What was done in each of the episodes side by side, and what came of it.

        Whoever plays whole episodes says so after each step; to somebody who was not told, nothing has happened.

        Args:
            action: (B, ...) as ``act`` gives them.
            reward: (B,) of the step.
            done: (B,) bool, where the episode ended with it and another one begins.
        """

    @abstractmethod
    def act(self, seen: Any, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) as the vector contract takes them.

        Args:
            seen: observations (B, *obs_shape), or the world, as ``sees`` says.
            deterministic: the best action rather than a sample.
        """

    def at_work(self, env: VectorEnv) -> list[Exhibit]:
        """What can be drawn of how it acts, played in one copy of its world; of most, nothing."""
        return []

    def choice(self, seen: Any) -> Choice:
        """The best actions, as ``act`` chooses them, and by which numbers where there are finitely many.

        Args:
            seen: as of ``act``.
        """
        return Choice(self.act(seen))


@contextmanager
def aside(policy: Policy) -> Iterator[None]:
    """Other episodes for a while: those that were under way go on afterwards."""
    kept = {name: getattr(policy, name) for name in policy.episodes}
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(policy, name, value)
