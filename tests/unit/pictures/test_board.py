"""Pictures of boards: what is drawn where, looked for in the pixels."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from palestra.pictures.board import Board, Convergence, Table, draw_board, draw_convergence, draw_table

MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
ORANGE = (245, 158, 11)


def pixels(path: Path) -> np.ndarray:
    return (imread(path)[..., :3] * 255).round().astype(int)


def near(image: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """(rows, columns) of the pixels of about this color."""
    return np.argwhere(np.abs(image - np.array(color)).max(2) < 12)


def board(path: Path, best: np.ndarray, value: np.ndarray | None = None) -> np.ndarray:
    shown = np.arange(6.0) if value is None else value
    return pixels(draw_board(path, Board("a board", (2, 3), b"S.#.XG", MOVES, shown, best)))


def test_an_arrow_points_where_its_action_leads(tmp_path: Path) -> None:
    nothing = np.zeros((4, 6), bool)
    assert len(near(board(tmp_path / "none.png", nothing), ORANGE)) == 0
    extent = {}
    for action in range(4):
        best = nothing.copy()
        best[action, 1] = True  # the cell in the middle of the first row
        found = near(board(tmp_path / f"{action}.png", best), ORANGE)
        assert len(found) > 100
        low, high = found.min(0), found.max(0)
        extent[action] = high - low
        # The wide end, with the arrow's head, is where it points to.
        axis = 0 if action in (0, 2) else 1
        counts = np.bincount(found[:, axis] - low[axis])
        head_last = counts[len(counts) // 2 :].sum() > counts[: len(counts) // 2].sum()
        assert head_last == (action in (1, 2))
    assert extent[0][0] > extent[0][1]
    assert extent[1][1] > extent[1][0]


def test_goals_pits_and_walls_are_drawn_as_such_and_take_no_arrows(tmp_path: Path) -> None:
    everything = np.ones((4, 6), bool)
    image = board(tmp_path / "board.png", everything)
    wall, goal, pit = (near(image, color) for color in ((51, 65, 85), (134, 239, 172), (252, 165, 165)))
    assert min(len(wall), len(goal), len(pit)) > 5_000
    assert wall[:, 0].mean() < goal[:, 0].mean()  # the wall is above the goal
    assert abs(wall[:, 1].mean() - goal[:, 1].mean()) < 30
    assert pit[:, 1].mean() < goal[:, 1].mean()
    cells = near(image, ORANGE)
    assert not (
        (cells[:, 0] > goal[:, 0].min()) & (cells[:, 1] > pit[:, 1].min()) & (cells[:, 1] < goal[:, 1].max())
    ).any()


@pytest.mark.parametrize("side", [1, 20, 300])
def test_boards_of_any_size_and_values_that_are_unknown(tmp_path: Path, side: int) -> None:
    states = side * side
    value = np.linspace(-1, 0, states)
    value[states // 2 :] = np.nan
    best = np.random.default_rng(0).random((4, states)) < 0.5
    shown = Board("x" * 200, (side, side), b"." * states, MOVES, value, best)
    path = draw_board(tmp_path / "new" / "board.png", shown)
    assert pixels(path).shape[1] <= 1600


def test_a_table_and_how_values_came(tmp_path: Path) -> None:
    table = draw_table(tmp_path / "table.png", Table("taxi", np.random.default_rng(0).normal(size=(5_000, 6))))
    came = Convergence("taxi", np.array([1, 2, 3]), np.array([-1.0, -1.5, -1.75]), np.array([1.0, 0.5, 0.0]))
    curve = draw_convergence(tmp_path / "curve.png", came)
    one = np.zeros(1)
    still = draw_convergence(tmp_path / "still.png", Convergence("nothing to see", one + 1, one, one))
    assert {pixels(path).shape[1] for path in (table, curve, still)} == {1600}
