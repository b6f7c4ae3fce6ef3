"""Random numbers lent for a while: a policy that samples while it is measured goes on afterwards as if it had not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from palestra.engine import seeding
from palestra.engine.policy import Policy
from palestra.engine.state import Part, declared


class Sampling(Policy):
    """A policy that samples where another one would be greedy, by the luck of whoever resets it.

    Args:
        policy: whose actions they are.
    """

    def __init__(self, policy: Policy):
        self.policy = policy
        self.sees = policy.sees  # type: ignore[misc]  # of this one, whatever others see

    def reset(self, num: int, *, seed: int) -> None:
        """Begin ``num`` episodes; all that is random in them comes from ``seed``."""
        self.policy.reset(num, seed=seed)
        for i, generator in enumerate(generators(self.policy)):
            generator.manual_seed(seeding.derive(seed, "sampling", i))

    def told(self, action: torch.Tensor, reward: torch.Tensor, done: torch.Tensor) -> None:
        """Tell the other one."""
        self.policy.told(action, reward, done)

    def act(self, seen: Any, *, deterministic: bool = True) -> torch.Tensor:
        """A sample, whatever is asked for."""
        return self.policy.act(seen, deterministic=False)


@contextmanager
def lent(policy: Policy) -> Iterator[Sampling]:
    """A policy that samples; afterwards every generator that it had drawn from stands where it stood."""
    found = generators(policy)
    states = [generator.get_state() for generator in found]
    try:
        yield Sampling(policy)
    finally:
        for generator, state in zip(found, states, strict=True):
            generator.set_state(state)


def generators(part: object) -> list[torch.Generator]:
    """What a part and the parts within its reach draw from, each once."""
    found: dict[int, torch.Generator] = {}
    seen: set[int] = set()

    def look(value: Any) -> None:
        if isinstance(value, torch.Generator):
            found[id(value)] = value
        elif isinstance(value, Part) and not isinstance(value, torch.nn.Module) and id(value) not in seen:
            seen.add(id(value))
            for name in (*declared(value), *declared(value, "derives")):
                look(getattr(value, name, None))

    look(part)
    return list(found.values())
