"""Gridworlds of any size, built without a loop over their cells."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.envs.finite.mdp import FiniteMDP, Grid
from palestra.errors import UsageError, require

MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
"""(rows, columns) of the actions up, right, down, left: the order of Gymnasium's CliffWalking."""

TRIES = 100
"""Draws of random walls before giving up on a way from start to goal."""


def grid_world(
    size: int | Sequence[int] = 10,
    *,
    desc: Sequence[str] | None = None,
    walls: float = 0.0,
    wind: Sequence[int] = (),
    slip: float = 0.0,
    step_reward: float = -1.0,
    goal_reward: float = 0.0,
    pit_reward: float = -100.0,
    seed: int = 0,
) -> FiniteMDP:
    """A board on which one moves up, right, down or left; a move into a wall or the edge stays where it is.

    Args:
        size: rows and columns, or one number for both. The start is top left, the goal bottom right.
        desc: a map instead: rows of ``S`` (start), ``G`` (goal), ``X`` (pit), ``#`` (wall) and ``.``.
        walls: share of the cells that are drawn as walls; a way from start to goal stays, and cells that it leaves
            without a way to them become walls too.
        wind: for each column, cells that whoever moves out of it is carried up after the move; walls and the edge stop
            it, and what is passed on the way does not count (Sutton & Barto 2018, example 6.5). Empty for none.
        slip: probability that a move goes to one side instead, half of it to either.
        step_reward: of every move.
        goal_reward: beside it, on reaching a goal, which ends the episode.
        pit_reward: beside it, on falling into a pit, which ends the episode.
        seed: of the random walls.

    Raises UsageError for a board without start or goal, or with no way between them.
    """
    require(0.0 <= slip <= 1.0, f"slip={slip}", "a probability, 0 to 1")
    require(0.0 <= walls < 1.0, f"walls={walls}", "a share of the cells, 0 to below 1")
    tiles_RC = _drawn(size, walls, seed) if desc is None else _read(desc)
    rows, columns = tiles_RC.shape
    calm = all(isinstance(push, int) and push >= 0 for push in wind) and len(wind) in (0, columns)
    require(calm, f"wind={list(wind)}", f"a whole number of cells for each of {columns} columns, 0 or more")
    states = rows * columns
    tiles = torch.from_numpy(tiles_RC.view(np.uint8).reshape(states).copy())
    is_wall, is_goal, is_pit = (tiles == ord(letter) for letter in "#GX")
    is_start = tiles == ord("S")
    closed = is_wall | is_goal | is_pit

    cell = torch.arange(states)
    row, column = cell // columns, cell % columns
    beside = []
    for down, right in MOVES:
        target = (row + down).clamp(0, rows - 1) * columns + (column + right).clamp(0, columns - 1)
        beside.append(torch.where(is_wall[target], cell, target))
    lands = [torch.where(closed, cell, target) for target in beside]
    if any(wind):
        push = torch.tensor(wind)[column]
        for gust in range(1, max(wind) + 1):
            lands = [torch.where((gust <= push) & ~closed, beside[0][target], target) for target in lands]
    ways = [(0, 1.0 - slip), (-1, slip / 2), (1, slip / 2)] if slip else [(0, 1.0)]  # straight on, left, right
    next_SAK = torch.stack([torch.stack([lands[(a + turn) % 4] for turn, _ in ways], 1) for a in range(4)], 1)
    ends_SAK = (is_goal | is_pit)[next_SAK]
    gain = (step_reward + goal_reward * is_goal + pit_reward * is_pit).to(torch.float64)
    reward_SAK = torch.where(closed[:, None, None], 0.0, gain[next_SAK])
    probability = torch.tensor([p for _, p in ways], dtype=torch.float64).expand(states, 4, len(ways))
    return FiniteMDP(
        states,
        4,
        torch.arange(0, states * 4 * len(ways) + 1, len(ways)),
        probability.flatten(),
        next_SAK.flatten(),
        reward_SAK.flatten(),
        (ends_SAK | is_wall[:, None, None]).flatten(),  # nobody is in a wall: its value is zero
        is_start.to(torch.float64) / is_start.sum(),
        Grid((rows, columns), tiles_RC.tobytes(), MOVES),
    )


def _read(desc: Sequence[str]) -> NDArray[np.bytes_]:
    widths = {len(line) for line in desc}
    require(len(widths) == 1, f"a map with rows of {sorted(widths)} letters", "rows of one length")
    strange = sorted(set("".join(desc)) - set("SGX#."))
    require(not strange, f"a map with the letters {''.join(strange)!r}", "only S, G, X, # and .")
    for letter, what in (("S", "start"), ("G", "goal")):
        require(any(letter in line for line in desc), f"a map without a {what}", f"at least one {letter}")
    tiles = np.array([list(line) for line in desc], "S1")
    if not (_reached(tiles) & (tiles == b"G")).any():
        raise UsageError("a map with no way from start to goal; expected one")
    return tiles


def _drawn(size: int | Sequence[int], walls: float, seed: int) -> NDArray[np.bytes_]:
    sides = [size] * 2 if isinstance(size, int) else [int(side) for side in size]
    require(len(sides) == 2 and min(sides) >= 2, f"size={size}", "rows and columns, at least 2 of each")
    for attempt in range(TRIES):
        random = np.random.default_rng([seed, attempt])
        tiles = np.where(random.random(sides) < walls, b"#", b".") if walls else np.full(sides, b".")
        tiles[0, 0], tiles[-1, -1] = b"S", b"G"
        if not walls:
            return tiles
        reached = _reached(tiles)
        if reached[-1, -1]:
            return np.where(reached, tiles, b"#")
    raise UsageError(f"walls={walls} left no way from start to goal in {TRIES} boards of {sides}; expected fewer walls")


def _reached(tiles: NDArray[np.bytes_]) -> NDArray[np.bool_]:
    """Which cells can be reached from some start, over neither walls nor pits; of these, only their own cells."""
    free = np.pad(tiles != b"#", 1).ravel()
    onward = free & np.pad(tiles != b"X", 1).ravel()
    width = tiles.shape[1] + 2
    reached = np.zeros_like(free)
    frontier = np.flatnonzero(np.pad(tiles == b"S", 1))
    while frontier.size:
        reached[frontier] = True
        frontier = frontier[onward[frontier]]
        near = (frontier[:, None] + [-width, -1, 1, width]).ravel()
        frontier = np.unique(near[free[near] & ~reached[near]])
    return reached.reshape(tiles.shape[0] + 2, width)[1:-1, 1:-1]
