"""Which world a learner lives in."""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from palestra.envs.arguments import check_arguments, to_json
from palestra.envs.atari.catalogue import is_atari, measured_kwargs
from palestra.envs.modules import plain_id
from palestra.measure import Measure

if TYPE_CHECKING:
    from collections.abc import Callable

    import gymnasium as gym
    import torch

    from palestra.envs.vector import VectorEnv

Given: TypeAlias = (
    "str | World | gym.Env[Any, Any] | gym.vector.VectorEnv[Any, Any, Any] | Callable[[], gym.Env[Any, Any]]"
)
"""What a world can be given as: its id, a World, and what :mod:`palestra.envs.given` makes one of.

Text, since `palestra train --help` wants this file but no Gymnasium.
"""


def default_copies(
    config_type: Any, env_id: str, env_kwargs: dict[str, Any] | None = None, budget: int | None = None
) -> int:
    """Copies that an algorithm with such settings likes to have of an environment, for a training of a known length."""
    copies, finite = config_type.default_num_envs, config_type.default_num_envs_finite
    if finite not in (None, copies):
        from palestra.envs.registry import is_finite  # imports torch

        copies = finite if is_finite(env_id, env_kwargs or {}) else copies
    if budget is not None and config_type.least_steps_of_a_copy:
        copies = max(1, min(copies, budget // config_type.least_steps_of_a_copy))
    return int(copies)


@dataclass(frozen=True)
class World:
    """Which world, and how many copies of it."""

    key: ClassVar[str] = "world"
    """Under which a configuration names it."""

    id: str = ""
    """Environment id: Gymnasium's, or one of ours."""
    num_envs: int = 1
    """Copies stepped side by side."""
    backend: str = "auto"
    """auto, torch (batched tensors), ale (Atari), sync, async (worker processes) or envpool."""
    kwargs: dict[str, Any] = field(default_factory=dict)
    """Arguments of the environment itself."""
    reference_kwargs: dict[str, Any] = field(default_factory=dict)
    """Arguments over ``kwargs`` when the reference is asked for: another split of objects, say."""
    worker_timeout: float = 60.0
    """Seconds after which a worker process (backend async) that has not answered counts as hanging; 0 for never."""

    @classmethod
    def named(cls, source: Any, config: Any) -> "World":
        """The world of an id (``module:Id`` too) or of what a program gives; see :mod:`palestra.envs.given`.

        It has as many copies as an algorithm with these settings likes to have.
        """
        if isinstance(source, str):
            env_id = plain_id(source)
            return cls(env_id, default_copies(type(config), env_id))
        from palestra.envs.given import given_world  # which is a world too

        return given_world(source, type(config).default_num_envs, type(config).default_num_envs_finite)

    def __post_init__(self) -> None:
        for given in (self.kwargs, self.reference_kwargs):
            check_arguments(repr(self.id), given)

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {name: to_json(value) for name, value in asdict(self).items()}

    @property
    def reference_backend(self) -> str:
        """Gymnasium's own implementation; of our probes and of Atari's games the backend itself."""
        return self.backend if self.id.startswith("probe/") or is_atari(self.id) else "sync"

    @property
    def reference_settings(self) -> dict[str, Any]:
        """Arguments of the reference environment; an Atari game is measured whole, and as it counts itself."""
        return {**measured_kwargs(self.id, self.kwargs), **self.reference_kwargs}

    @property
    def is_shaped(self) -> bool:
        """Whether rewards and ends are made for learning, so that whatever is measured is measured in the reference."""
        return is_atari(self.id)

    def make(
        self, *, num_envs: int | None = None, device: "torch.device | str" = "cpu", reference: bool = False
    ) -> "VectorEnv":
        """Build it; ``reference`` asks for Gymnasium's own implementation whatever the backend."""
        from palestra.envs.registry import make_vec  # imports torch: a world is named without it

        backend, kwargs = self.backend, self.kwargs
        if reference:
            backend, kwargs = self.reference_backend, self.reference_settings
        return make_vec(
            self.id, num_envs or self.num_envs, backend=backend, device=device, env_kwargs=kwargs or None,
            worker_timeout=self.worker_timeout,
        )  # fmt: skip

    def measure(self, *, episodes: int = 100, seed: int = 0, reference: bool = False, max_steps: int = 0) -> Measure:
        """A measure over whole episodes, in Gymnasium's own implementation if ``reference``.

        ``max_steps`` is where an episode is cut; 0 for where the world's own limit says, or a default.
        """
        return Measure(episodes, "reference" if reference else "", seed, max_steps)

    def final(self, *, episodes: int = 100, seed: int = 0, reference: bool = True) -> Measure:
        """How good what was learned is in the end: in Gymnasium's own implementation."""
        return self.measure(episodes=episodes, seed=seed, reference=reference)
