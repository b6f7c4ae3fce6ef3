"""What the experts of our own worlds show: demonstrations to imitate, made on the spot.

``two-ways`` are a hundred starts around the disc, each shown twice, once on either side: whatever fits them best by the
squares of its errors is straight ahead at every one of these starts, however finely it tells them apart.
``one-way-with-a-pause`` goes around on one side alone, and rests for some steps once the goal lies free ahead: whoever
sees the place alone sees rest, mostly, and nothing that would end it.
``arm-reach`` is the scripted expert of the arm in its batched twin, in the view ``state``.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from palestra.datasets.episodes import Episodes
from palestra.datasets.recorded import register_episodes
from palestra.datasets.scripted import facts_of, played, source
from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic.two_ways import CLEAR, begun, closest
from palestra.envs.registry import make_vec
from palestra.errors import require

TWO_WAYS, ARM_REACH = "palestra/TwoWays-v0", "palestra/ArmReach-v0"
STATE = {"view": "state"}
STARTS = 100
"""Of ``two-ways``, and of ``one-way-with-a-pause``."""
PAUSE = 6
"""Steps of rest of ``one-way-with-a-pause``."""
REACHES = 200
"""Episodes of ``arm-reach``."""


def two_ways(starts: int = STARTS, seed: int = 0) -> Episodes:
    """Twice as many episodes as there are starts: from each around the disc on one side, then on the other.

    Args:
        starts: how many, anywhere around.
        seed: decides where.
    """
    angle, way = _around(starts, seed), torch.tensor([1.0, -1.0]).repeat(starts)
    env = make_vec(TWO_WAYS, 2 * starts)
    assert isinstance(env, TorchVectorEnv)
    return _played(env, env.set_state(begun(angle.repeat_interleave(2), way)), TWO_WAYS, {})


def one_way_with_a_pause(starts: int = STARTS, seed: int = 0) -> Episodes:
    """An episode from each start, with the disc on the right; nothing is done for ``PAUSE`` steps in between.

    Args:
        starts: how many, anywhere around.
        seed: decides where.
    """
    angle, rested = _around(starts, seed), torch.zeros(starts, dtype=torch.int64)
    env = make_vec(TWO_WAYS, starts)
    assert isinstance(env, TorchVectorEnv)
    begin = env.set_state(begun(angle, torch.ones(starts)))

    def pausing(obs: Tensor) -> Tensor:
        free = closest(obs[:, :2], obs[:, 2:] - obs[:, :2]) >= CLEAR
        rests = free & (rested < PAUSE)
        rested[rests] += 1
        return torch.where(rests[:, None], 0.0, env.expert())

    return _played(env, begin, TWO_WAYS, {}, pausing)


def _around(starts: int, seed: int) -> Tensor:
    """(B,) angles of starts."""
    require(starts >= 1, f"starts={starts}", "at least 1")
    return 2 * math.pi * torch.rand(starts, generator=torch.Generator().manual_seed(seed))


def arm_reach(episodes: int = REACHES, seed: int = 0) -> Episodes:
    """Objects anywhere on the table, reached for.

    Args:
        episodes: how many.
        seed: decides where they lie.
    """
    require(episodes >= 1, f"episodes={episodes}", "at least 1")
    env = make_vec(ARM_REACH, episodes, env_kwargs=STATE)
    assert isinstance(env, TorchVectorEnv)
    return _played(env, env.reset(seed), ARM_REACH, STATE)


def _played(
    env: TorchVectorEnv, obs: Tensor, env_id: str, env_kwargs: dict[str, str],
    act: Callable[[Tensor], Tensor] | None = None,
) -> Episodes:  # fmt: skip
    """The first episode of every copy, by the world's own expert, or by what is done for observations."""
    made = played(env, obs, act or (lambda _: env.expert()), facts_of(env, env_id, env_kwargs))
    made.facts["recorded"] = [source("the world's own expert", made)]
    return made


register_episodes("two-ways", two_ways)
register_episodes("one-way-with-a-pause", one_way_with_a_pause)
register_episodes("arm-reach", arm_reach)
