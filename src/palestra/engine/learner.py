"""The Learner: anything that improves in steps. It knows neither the Trainer nor the disk, neither worlds nor data."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from reprlib import repr as short
from types import MappingProxyType
from typing import Any, ClassVar, Self

import torch

from palestra.datasets.dataset import Dataset
from palestra.engine import checkpoint
from palestra.engine.callbacks import Callbacks
from palestra.engine.device import resolve_device
from palestra.engine.exhibit import Exhibit
from palestra.engine.ranks import ALONE, Ranks
from palestra.engine.settings import AlgorithmConfig, TrainSettings
from palestra.engine.state import capture, restore
from palestra.engine.trainer import Trainer
from palestra.envs.world import World
from palestra.errors import UsageError, require
from palestra.measure import Direction, Evaluation, Measure, Metrics

Source = World | Dataset
"""What is learned from."""


class Learner(ABC):
    """Anything that improves in steps: a PPO iteration, a sweep of value iteration, n batches, a boosting round.

    The one abstract class above every learning rule. What several rules share is not inherited from further ones but
    held, as parts. Constructors take these arguments and no other, but for ``networks`` of deep agents.

    Args:
        source: a World or a Dataset; a text is the id of one, and what else a world can be given as says
            :mod:`palestra.envs.given`.
        config: the algorithm's settings; their defaults if None.
        seed: every generator of this learner derives from it.
        device: auto, cpu, cuda, ...
    """

    name: str
    """The id under which it is registered (``ppo``)."""
    config_type: type[Any] = AlgorithmConfig
    """The dataclass of its settings."""
    learns_from: ClassVar[Any] = Dataset
    """What a text in the place of a source names."""
    clock_unit: ClassVar[str] = "steps"
    """What the clock counts: ``env steps``, ``samples``, ``sweeps``."""
    headline: ClassVar[str] = "eval/score"
    """The metric under which ``evaluate`` reports its score."""
    direction: ClassVar[Direction] = "up"
    """Which way that score is better."""
    saves: ClassVar[tuple[str, ...]] = ("clock", "finished")
    """Everything that the next step depends on, by the names of attributes (:mod:`palestra.engine.state`). A class
    adds its own to those of the classes above it."""
    derives: ClassVar[tuple[str, ...]] = ()
    """Attributes with tensors or generators that are made anew from settings, or written before they are read."""
    apart: ClassVar[tuple[str, ...]] = ()
    """Of what it saves, by dotted paths, what each of several processes that train it has of its own."""

    ranks: Ranks = ALONE
    """The processes that train it, seen from this one."""
    own: Mapping[str, str] = MappingProxyType({})
    """Networks that were given from Python in the place of ours, as deep agents take them: place to class."""

    def __init__(self, source: Any, config: Any = None, *, seed: int = 0, device: str = "auto"):
        self.config = config if config is not None else self.config_type()
        settings = self.config_type.__name__
        require(isinstance(self.config, self.config_type), f"settings {short(config)}", f"{settings}(...), or none")
        given = not isinstance(source, World | Dataset)
        self.source: Source = self.learns_from.named(source, self.config) if given else source
        expected = f"a {self.learns_from.__name__}, or the id of one"
        require(isinstance(self.source, self.learns_from), f"{type(self).__name__} on {self.source!r}", expected)
        self.seed = seed
        self.device: torch.device = resolve_device(device)
        self.clock = 0
        self.budget = 0
        self.finished = False

    clock: int
    """How much has been learned from so far, in ``clock_unit``."""
    budget: int
    """Where the clock will stop, for schedules; the Trainer says so before the first step. 0 if nobody has."""
    finished: bool
    """Nothing is left to learn: more steps would change nothing, and the Trainer stops before its budget."""

    @property
    def budget_used(self) -> float:
        """The share of the budget that is used, for schedules; 0 without a budget."""
        return self.clock / self.budget if self.budget else 0.0

    @abstractmethod
    def step(self) -> Metrics:
        """Do one bounded unit of learning, advance ``clock``, and report."""

    def join(self, ranks: Ranks) -> None:
        """Be trained by several processes, before the first step: make from a share of the rows the steps of all.

        Most cannot be. One that can keeps ``ranks``, and whatever decides something is from then on the same in all.
        """
        raise UsageError(f"{self.name} over {ranks.size} processes; expected one process: it is not made to be shared")

    def measured(self, measure: Measure) -> Evaluation:
        """Measure what was learned, leaving the learner as it was. What is random comes from the measure's seed."""
        raise TypeError(f"{type(self).__name__} has no evaluation; train it with eval_every=0")

    def evaluate(self, **words: Any) -> Evaluation:
        """Measure it, said in the words of its source.

        In a world ``episodes`` (100), ``seed`` and ``reference`` (Gymnasium's own implementation rather than the one
        trained in); on a data set ``split``, ``count`` (0, all of it) and ``seed``.
        """
        return self.measured(self.source.measure(**words))

    def check_measurable(self, measure: Measure) -> None:  # noqa: B027 - most can always be measured
        """Raise UsageError now if it cannot be measured so here, rather than after an hour of training."""

    def state_dict(self) -> dict[str, Any]:
        """*Everything* that the next step depends on, as nested dicts and lists of tensors and JSON values."""
        state: dict[str, Any] = capture(self)
        return state

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state. Returns one line for each thing that could not be restored exactly."""
        return restore(self, state)

    def resumed(self) -> None:  # noqa: B027 - most have nothing to mend
        """Mend what a resume could not restore: forget what belonged to an episode that is gone, say."""

    def learn(self, amount: int, *, progress: bool = False, callbacks: Callbacks = (), **settings: Any) -> Self:
        """Train for this much of the clock more, watched by ``callbacks``, without a run on disk; returns the learner.

        ``settings`` are those of ``TrainSettings``: ``eval_every``, ``target``, ``patience``, ...
        """
        plan = TrainSettings(budget=self.clock + amount, seed=self.seed, **settings)
        Trainer(self, plan, callbacks=callbacks, progress=progress).run()
        return self

    def describe(self) -> dict[str, Any]:
        """What it takes to build this learner again, as JSON values."""
        return {
            "learner": {"name": self.name, "settings": asdict(self.config)},
            self.source.key: self.source.to_json(),
            "training": {"seed": self.seed, "device": str(self.device)},
        }

    def facts(self) -> dict[str, Any]:
        """What stands in its checkpoints for whoever cannot build it, as JSON values: an agent's spaces, say."""
        return {}

    def save(self, path: str | Path) -> Path:
        """Write all that training could continue from into a folder, which is returned; ``palestra.load`` reads it."""
        return checkpoint.save_folder(self, path)

    def exhibits(self) -> list[Exhibit]:
        """What was learned, beyond curves, as data that can be drawn; often nothing."""
        return []

    def close(self) -> None:  # noqa: B027 - most hold nothing to release
        """Release environments and their processes."""
