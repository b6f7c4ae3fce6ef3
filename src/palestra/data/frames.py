"""Where replay keeps observations: images once each, however often they are a successor or stand in a stack.

A stack of K pictures differs from the one before it in one picture, and a step's successor is the next step's
observation. So pictures lie in a pool, and what was seen is K places in it. What is shared is found by comparing bytes
and is declared by nobody: a stack that is none costs memory, never a wrong sample.
"""

from math import prod
from typing import Any, Protocol

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from palestra.data.ring import write_ring
from palestra.envs.spaces import Packed, is_image, tensor_dtype

SPARE = 16
"""One spare picture for so many transitions at first: the last picture of an episode is in no stack of the next."""
GROWTH = 8
"""A pool that is too small grows by its size over this."""
LEAST_FREE = 64
"""A pool is too small if less than its size over this is free: looking for free places must not become frequent."""


class Observations(Protocol):
    """Observations of a ring of rows of E environments, and their successors."""

    def write(self, head: int, obs: Tensor, next_obs: Tensor) -> None:
        """Write rows (T, E, *obs_shape) from row ``head`` on, over the end to the beginning."""

    def obs(self, index_B: Tensor) -> Tensor:
        """(B, *obs_shape) the observations at ``row * E + environment``."""

    def next_obs(self, index_B: Tensor) -> Tensor:
        """(B, *obs_shape) their successors."""

    def state_dict(self, size: int) -> dict[str, Any]:
        """The first ``size`` rows."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state of the same shape."""


class Pairs:
    """Observations and successors in an array each: of vectors, faster than any sharing.

    Args:
        shape: of one observation.
        dtype: of its numbers.
        num_rows: of the ring.
        num_envs: E.
        device: where they are kept.
    """

    def __init__(self, shape: tuple[int, ...], dtype: torch.dtype, num_rows: int, num_envs: int, device: torch.device):
        self._rings = tuple(torch.empty(num_rows, num_envs, *shape, dtype=dtype, device=device) for _ in range(2))
        self._obs, self._next_obs = (ring.flatten(0, 1) for ring in self._rings)

    def write(self, head: int, obs: Tensor, next_obs: Tensor) -> None:
        """Write rows (T, E, *shape) from row ``head`` on, over the end to the beginning."""
        write_ring(self._rings, (obs, next_obs), head)

    def obs(self, index_B: Tensor) -> Tensor:
        """(B, *shape) the observations at ``row * E + environment``."""
        return self._obs.index_select(0, index_B)

    def next_obs(self, index_B: Tensor) -> Tensor:
        """(B, *shape) their successors."""
        return self._next_obs.index_select(0, index_B)

    def state_dict(self, size: int) -> dict[str, Any]:
        """The first ``size`` rows of both."""
        return {name: ring[:size] for name, ring in zip(("obs", "next_obs"), self._rings)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state of the same shape."""
        for ring, saved in zip(self._rings, state.values(), strict=True):
            ring[: len(saved)] = saved


class Frames:
    """Images, each picture of a stack stored once.

    Where a picture lies is no matter: places that no row refers to any more are found when the free ones have run out.
    A transition takes one picture and 8 K bytes for places, an episode's end one more picture, and 1 in 16 is spare:
    7,529 bytes for 4 pictures of 84 x 84, where two stacks side by side take 56,448.

    Args:
        space: of the images, uint8. Of (K, H, W) and (K, H, W, C) the K are a stack, oldest first; (H, W) and
            (H, W, C) are one picture each.
        num_rows: of the ring.
        num_envs: E.
        device: where they are kept.
    """

    def __init__(self, space: spaces.Box, num_rows: int, num_envs: int, device: torch.device):
        self._shape, self._depth = space.shape, stack_depth(space)
        num = num_rows * num_envs
        places = num + num // SPARE + (self._depth + 1) * num_envs
        self._pool = torch.empty(places, prod(space.shape) // self._depth, dtype=torch.uint8, device=device)
        self._free = np.arange(places, dtype=np.int32)
        self._touched = 0
        """Places of the pool that have been written to, from the first one on."""
        self._places = torch.full((num_rows, num_envs, 2, self._depth), -1, dtype=torch.int32, device=device)
        """(N, E, 2, K): where the pictures of an observation and of its successor lie; -1 of no row."""

    def write(self, head: int, obs: Tensor, next_obs: Tensor) -> None:
        """Write rows (T, E, *obs_shape) from row ``head`` on, over the end to the beginning."""
        steps, num_envs = obs.shape[:2]
        frames = torch.stack((obs, next_obs), 2).view(steps, num_envs, 2, self._depth, -1)
        newest_EK = self._places[head - 1, :, 1].cpu().numpy().copy()  # row -1 is the last one
        same_TE, new_TE2K = self._told_apart(frames, newest_EK)
        new_N = np.flatnonzero(new_TE2K)
        taken_N = self._take(len(new_N), head, steps)
        device = self._pool.device
        given = frames.flatten(0, 3).index_select(0, torch.from_numpy(new_N).to(device))
        self._pool[torch.from_numpy(taken_N).to(device)] = given
        places = np.full(frames.shape[:4], -1, np.int32)
        places.reshape(-1)[new_N] = taken_N
        for same_E, row_E2K in zip(same_TE, places):
            obs_EK, next_EK = row_E2K[:, 0], row_E2K[:, 1]
            obs_EK[:] = np.where(same_E[:, None], newest_EK, np.where(obs_EK < 0, obs_EK[:, -1:], obs_EK))
            next_EK[:, :-1] = np.where(next_EK[:, :-1] < 0, obs_EK[:, 1:], next_EK[:, :-1])
            newest_EK = next_EK
        write_ring((self._places,), (torch.from_numpy(places),), head)

    def _told_apart(self, frames: Tensor, newest_EK: NDArray[np.int32]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which observations of T rows are the successors before them, (T, E), and which pictures are new.

        Of an observation that nothing led to, the pictures may be repetitions of the newest one; those of a successor
        are its observation's, moved on by one. What is neither is new, as the newest picture always is, (T, E, 2, K).
        """
        obs, following = frames[:, :, 0], frames[:, :, 1]
        same_TE = np.zeros(frames.shape[:2], np.bool_)
        same_TE[1:] = _equal(obs[1:], following[:-1]).all(2)
        if (newest_EK >= 0).all():
            same_TE[0] = _equal(obs[0], self._pictures(torch.from_numpy(newest_EK).to(frames.device))).all(1)
        new = np.ones(frames.shape[:4], np.bool_)
        new[:, :, 0, :-1] = ~_equal(obs[:, :, :-1], obs[:, :, -1:])
        new[:, :, 0] &= ~same_TE[:, :, None]
        new[:, :, 1, :-1] = ~_equal(following[:, :, :-1], obs[:, :, 1:])
        return same_TE, new

    def _take(self, num: int, head: int, steps: int) -> NDArray[np.int32]:
        """(num,) places for pictures of the ``steps`` rows from ``head`` on, whose own are needed no more."""
        if num > len(self._free):
            places = self._places.cpu().numpy()
            kept = np.delete(places, np.arange(head, head + steps) % len(places), 0)
            used: NDArray[np.bool_] = np.zeros(len(self._pool), np.bool_)
            for held in (kept, places[head - 1, :, 1]):  # the new rows may begin with what the newest one led to
                used[held[held >= 0]] = True
            short = num + len(used) // LEAST_FREE - int(np.count_nonzero(~used))
            if short > 0:
                more = max(short, len(used) // GROWTH)
                self._pool = torch.cat((self._pool, self._pool.new_empty(more, self._pool.shape[1])))
                used = np.append(used, np.zeros(more, np.bool_))
            self._free = np.flatnonzero(~used).astype(np.int32)
        taken, self._free = self._free[:num], self._free[num:]
        self._touched = max(self._touched, int(taken.max(initial=-1)) + 1)
        return taken

    def _pictures(self, places_BK: Tensor) -> Tensor:
        return self._pool.index_select(0, places_BK.flatten()).view(*places_BK.shape, -1)

    def obs(self, index_B: Tensor) -> Tensor:
        """(B, *obs_shape) the observations at ``row * E + environment``."""
        return self._seen(index_B, 0)

    def next_obs(self, index_B: Tensor) -> Tensor:
        """(B, *obs_shape) their successors."""
        return self._seen(index_B, 1)

    def _seen(self, index_B: Tensor, which: int) -> Tensor:
        places_BK = self._places.flatten(0, 1)[:, which].index_select(0, index_B)
        return self._pictures(places_BK).view(-1, *self._shape)

    def state_dict(self, size: int) -> dict[str, Any]:
        """The first ``size`` rows, and the pool that they refer to."""
        return {
            "places": self._places[:size],
            "pictures": self._pool[: self._touched],
            "free": self._free,
            "capacity": len(self._pool),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state of the same shape."""
        size, self._touched, device = len(state["places"]), len(state["pictures"]), self._pool.device
        if state["capacity"] != len(self._pool):
            self._pool = self._pool.new_empty(state["capacity"], self._pool.shape[1])
        self._pool[: self._touched] = state["pictures"]
        self._places[:size], self._places[size:] = state["places"].to(device), -1
        self._free = state["free"].copy()


class PackedFrames:
    """Observations of several parts: each image as in ``Frames``, the vectors' bytes as in ``Pairs``.

    Args:
        space: of one observation.
        num_rows: of the ring.
        num_envs: E.
        device: where they are kept.
    """

    def __init__(self, space: Packed, num_rows: int, num_envs: int, device: torch.device):
        images = [part for part in space.layout if is_image(part.space)]
        rest = space.shape[0] - sum(part.size for part in images)
        self._sizes = [*(part.size for part in images), rest]
        self._shapes = [*(part.space.shape for part in images), (rest,)]
        self._parts: list[Observations] = [Frames(part.space, num_rows, num_envs, device) for part in images]
        self._parts.append(Pairs((rest,), torch.uint8, num_rows, num_envs, device))

    def write(self, head: int, obs: Tensor, next_obs: Tensor) -> None:
        """Write rows (T, E, N) from row ``head`` on, over the end to the beginning."""
        pieces = zip(self._parts, self._shapes, obs.split(self._sizes, 2), next_obs.split(self._sizes, 2))
        for part, shape, now, then in pieces:
            part.write(head, now.reshape(*now.shape[:2], *shape), then.reshape(*then.shape[:2], *shape))

    def obs(self, index_B: Tensor) -> Tensor:
        """(B, N) the observations at ``row * E + environment``."""
        return torch.cat([part.obs(index_B).flatten(1) for part in self._parts], 1)

    def next_obs(self, index_B: Tensor) -> Tensor:
        """(B, N) their successors."""
        return torch.cat([part.next_obs(index_B).flatten(1) for part in self._parts], 1)

    def state_dict(self, size: int) -> dict[str, Any]:
        """The first ``size`` rows of every part."""
        return {str(i): part.state_dict(size) for i, part in enumerate(self._parts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state of the same shape."""
        for i, part in enumerate(self._parts):
            part.load_state_dict(state[str(i)])


def _equal(one: Tensor, other: Tensor) -> NDArray[np.bool_]:
    """Which bytes (..., P) are the same all along; faster than ``(one == other).all(-1)``."""
    equal: NDArray[np.bool_] = (one ^ other).amax(-1).cpu().numpy() == 0
    return equal


def stack_depth(space: spaces.Box) -> int:
    """Pictures that an image is a stack of: K of (K, H, W) and (K, H, W, C), else 1."""
    shape = space.shape
    return shape[0] if len(shape) > 2 and shape[0] < min(shape[1:3]) else 1


def make_observations(space: spaces.Box, num_rows: int, num_envs: int, device: torch.device) -> Observations:
    """What suits a space: each picture once, or vectors side by side."""
    if isinstance(space, Packed):
        return PackedFrames(space, num_rows, num_envs, device)
    if is_image(space):
        return Frames(space, num_rows, num_envs, device)
    return Pairs(space.shape, tensor_dtype(space), num_rows, num_envs, device)
