"""Gridworlds against one written cell by cell, and against the shortest ways."""

import numpy as np
import pytest
import torch

from palestra.envs.finite.grid_world import MOVES, grid_world
from palestra.errors import UsageError
from palestra.ops.bellman import dynamics, sweep

MAP = ["S.#.", "..X.", "#..G"]


@pytest.mark.parametrize("slip", [0.0, 0.3])
def test_every_outcome_cell_by_cell(slip: float) -> None:
    mdp = grid_world(desc=MAP, slip=slip, step_reward=-1.0, goal_reward=5.0, pit_reward=-7.0)
    rows, columns = len(MAP), len(MAP[0])
    for row in range(rows):
        for column in range(columns):
            for action in range(4):
                state = row * columns + column
                expected: dict[tuple[int, float, bool], float] = {}
                for turn, p in ((0, 1 - slip), (-1, slip / 2), (1, slip / 2)):
                    if p == 0:
                        continue
                    down, right = MOVES[(action + turn) % 4]
                    r, c = row + down, column + right
                    if not (0 <= r < rows and 0 <= c < columns) or MAP[r][c] == "#" or MAP[row][column] in "GX#":
                        r, c = row, column
                    reward = -1.0 + {"G": 5.0, "X": -7.0}.get(MAP[r][c], 0.0)
                    if MAP[row][column] in "GX#":
                        reward = 0.0
                    key = (r * columns + c, reward, MAP[r][c] in "GX#")
                    expected[key] = expected.get(key, 0.0) + p
                actual: dict[tuple[int, float, bool], float] = {}
                begin, end = mdp.offset[state * 4 + action : state * 4 + action + 2].tolist()
                for i in range(begin, end):
                    key = (int(mdp.next_state[i]), float(mdp.reward[i]), bool(mdp.terminated[i]))
                    actual[key] = actual.get(key, 0.0) + float(mdp.probability[i])
                assert actual == pytest.approx(expected), (state, action)
    assert mdp.start.nonzero().flatten().tolist() == [0]
    assert mdp.terminal.nonzero().flatten().tolist() == [2, 6, 8, 11]  # goal, pit, and walls, where nobody is


def test_random_walls_leave_a_way_and_no_closed_rooms() -> None:
    mdp = grid_world([12, 9], walls=0.3, seed=4)
    assert mdp.grid is not None
    tiles = np.frombuffer(mdp.grid.tiles, "S1").reshape(12, 9)
    assert (tiles[0, 0], tiles[-1, -1]) == (b"S", b"G")
    assert 20 <= (tiles == b"#").sum() <= 60
    reached, frontier = {(0, 0)}, [(0, 0)]
    while frontier:
        row, column = frontier.pop()
        for down, right in MOVES:
            to = (row + down, column + right)
            if 0 <= to[0] < 12 and 0 <= to[1] < 9 and tiles[to] != b"#" and to not in reached:
                reached.add(to)
                frontier.append(to)
    assert len(reached) == (tiles != b"#").sum()
    assert mdp.grid.tiles == grid_world([12, 9], walls=0.3, seed=4).grid.tiles  # type: ignore[union-attr]
    assert mdp.grid.tiles != grid_world([12, 9], walls=0.3, seed=5).grid.tiles  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 1}, "size=1"),
        ({"size": [2, 3, 4]}, "rows and columns"),
        ({"slip": 1.5}, "slip=1.5"),
        ({"walls": 1.0}, r"walls=1.0"),
        ({"size": 30, "walls": 0.95}, "left no way"),
        ({"desc": ["S#G"]}, "no way from start to goal"),
        ({"desc": ["SXG"]}, "no way from start to goal"),
        ({"desc": ["S.", "G"]}, "rows of one length"),
        ({"desc": ["S?G"]}, r"letters '\?'"),
        ({"desc": ["..G"]}, "without a start"),
        ({"desc": ["S.."]}, "without a goal"),
    ],
)
def test_boards_that_cannot_be_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        grid_world(**settings)  # type: ignore[arg-type]


def steps_to_goal(desc: list[str], wind: list[int]) -> int:
    """The fewest moves from start to goal, cell by cell: a move, then the wind of the column that it was out of."""
    rows, columns = len(desc), len(desc[0])
    (start,) = [(r, c) for r in range(rows) for c in range(columns) if desc[r][c] == "S"]

    def open_to(r: int, c: int) -> bool:
        return 0 <= r < rows and 0 <= c < columns and desc[r][c] != "#"

    seen, frontier, steps = {start}, [start], 0
    while frontier:
        frontier, steps, before = [], steps + 1, frontier
        for row, column in before:
            for down, right in MOVES:
                r, c = row + down, column + right
                if not open_to(r, c):
                    r, c = row, column
                for _ in range(wind[column]):
                    r -= open_to(r - 1, c)
                if desc[r][c] == "G":
                    return steps
                if (r, c) not in seen:
                    seen.add((r, c))
                    frontier.append((r, c))
    raise AssertionError("no way")


def shortest(desc: list[str], wind: list[int]) -> float:
    """Minus the value of the start under the best policy, undiscounted, at a cost of 1 a move."""
    mdp = grid_world(desc=desc, wind=wind)
    moves = dynamics(mdp.offset, mdp.probability, mdp.next_state, mdp.reward, mdp.terminated, mdp.terminal)
    value_X = torch.zeros(mdp.num_states + 1, dtype=moves.reward_AS.dtype)
    for _ in range(200):
        sweep(moves, value_X, 1.0, out_X=value_X, block=1)
    return -float(mdp.start.to(value_X.dtype) @ value_X[:-1])


def test_the_windy_gridworld_of_the_book_takes_fifteen_steps() -> None:
    desc = ["." * 10] * 3 + ["S......G.."] + ["." * 10] * 3
    wind = [0, 0, 0, 1, 1, 1, 2, 2, 1, 0]
    assert shortest(desc, wind) == 15 == steps_to_goal(desc, wind)  # Sutton & Barto 2018, example 6.5
    assert shortest(desc, [0] * 10) == 7


def test_walls_stop_the_wind() -> None:
    desc, wind = ["......", ".#.##.", "......", "S...#G"], [0, 2, 3, 1, 0, 0]
    assert shortest(desc, wind) == steps_to_goal(desc, wind)
    mdp = grid_world(desc=desc, wind=wind)
    reached = mdp.next_state.view(-1, 4)[3 * 6 + 1]  # from the bottom of the second column: up, right, down, left
    assert reached.tolist() == [2 * 6 + 1, 1 * 6 + 2, 2 * 6 + 1, 1 * 6]


@pytest.mark.parametrize("wind", [[1], [0, -1, 0], [0, 0.5, 0]])
def test_a_wind_that_cannot_be_is_refused(wind: list[float]) -> None:
    with pytest.raises(UsageError, match="wind="):
        grid_world(desc=["S.G"], wind=wind)  # type: ignore[arg-type]
