"""A Learner that a recipe can name: built from a task and settings, described and saved as files."""

from abc import abstractmethod
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Self

import torch

from palestra.engine import checkpoint
from palestra.engine.device import resolve_device
from palestra.engine.learner import Evaluation, Learner
from palestra.engine.settings import AlgorithmConfig, TrainSettings
from palestra.engine.trainer import Trainer
from palestra.envs.world import World
from palestra.runs import atomic


class Configured(Learner):
    """What every registered learner is. Constructors take these arguments and no other.

    Args:
        env: the id of an environment (or of a decision process, or of a kind of bandit), or an World.
        config: the algorithm's settings; their defaults if None.
        seed: every generator of this learner derives from it.
        device: auto, cpu, cuda, ...
    """

    config_type: ClassVar[type[AlgorithmConfig]]
    """The dataclass of the algorithm's settings."""

    def __init__(self, env: str | World, config: AlgorithmConfig | None = None, *, seed: int = 0, device: str = "auto"):
        self.world = World(env, self.config_type.default_num_envs) if isinstance(env, str) else env
        self.config = config if config is not None else self.config_type()
        self.seed = seed
        self.device: torch.device = resolve_device(device)

    @abstractmethod
    def evaluate(self, *, episodes: int = 100, seed: int = 0, reference: bool = False) -> Evaluation:
        """Measure it; ``reference`` asks for Gymnasium's implementation of the world where there is one."""

    def check_reference(self) -> None:
        """Raise UsageError now if the reference cannot be evaluated in here, rather than after an hour of training."""

    def learn(self, total_timesteps: int, *, progress: bool = False, **settings: Any) -> Self:
        """Train for this many units of the clock more, without a run on disk; returns the learner."""
        budget = self.clock + total_timesteps
        Trainer(self, TrainSettings(budget=budget, seed=self.seed, **settings), progress=progress).run()
        return self

    def describe(self) -> dict[str, Any]:
        """What it takes to build this learner again, as JSON values."""
        return {
            "learner": {"name": self.name, "settings": asdict(self.config)},
            "world": asdict(self.world),
            "training": {"seed": self.seed, "device": str(self.device)},
        }

    def save(self, path: str | Path) -> Path:
        """Write everything that training could continue from into a folder; ``palestra.load`` reads it."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        atomic.write_json(folder / "config.json", self.describe())
        checkpoint.save(self, folder / "checkpoints")
        return folder

    def draw(self, folder: Path) -> list[Path]:
        """Write pictures of what was learned, beyond its curves, into a folder; returns their paths."""
        return []

    def close(self) -> None:
        """Release environments and their processes."""
