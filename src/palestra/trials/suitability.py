"""Which learners take a world, found by asking each of them."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch

from palestra.engine.agent import Actor
from palestra.envs.misbehaviour import Misbehaviour
from palestra.envs.registry import make_vec
from palestra.envs.vector import VectorEnv
from palestra.envs.world import World
from palestra.errors import PalestraError
from palestra.learners.registry import LEARNERS, learner_type

SMALL_MEMORY = 1_000
"""Transitions of replay, where one is made only to see that it can be."""
COPIES = 2


@dataclass(frozen=True)
class SharedWorld(World):
    """A world whose copies serve one learner after the other, as long as none has changed what they show."""

    made: list[VectorEnv] = field(default_factory=list)
    """The copies, with how they began."""

    def make(
        self, *, num_envs: int | None = None, device: torch.device | str = "cpu", reference: bool = False
    ) -> VectorEnv:
        """The copies that there are, whoever asks for however many."""
        if not self.made:
            self.made.append(make_vec(self.id, COPIES, env_kwargs=self.kwargs or None))
        return self.made[0]

    def close(self) -> None:
        """Release the copies; the next to ask gets new ones."""
        for env in self.made:
            env.close()
        self.made.clear()


def suitability(env_id: str, env_kwargs: dict[str, Any] | None = None) -> dict[str, str | None]:
    """Every learner of worlds by its name: None if it takes this one, else why not.

    Raises as ``make_vec`` for what cannot be made.
    """
    world = SharedWorld(env_id, COPIES, kwargs=env_kwargs or {})
    shown = world.make().observation_space
    found = {}
    try:
        for name in LEARNERS:
            kind = learner_type(name).learner
            if kind.learns_from is not World or kind is Actor:
                continue
            if world.make().observation_space != shown:  # tables have states for observations
                world.close()
            found[name] = _why_not(name, world)
    finally:
        world.close()
    return found


def _why_not(name: str, world: World) -> str | None:
    kind = learner_type(name)
    config: Any = kind.config_type()
    if any(spec.name == "buffer_size" for spec in fields(config)):
        config = replace(config, buffer_size=SMALL_MEMORY)
    try:
        kind(world, config, device="cpu")
    except Misbehaviour:
        return "the environment is to be mended first"
    except PalestraError as error:
        return " ".join(str(error).split())
    return None
