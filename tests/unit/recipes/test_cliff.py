"""The cliff's recipes: the shortest way and the safe way, counted by searching the board."""

from collections import deque

from palestra.recipes.cliff import RECIPES

ROWS, COLUMNS = 4, 12
START, GOAL = (3, 0), (3, 11)


def steps(open_to_walk: set[tuple[int, int]]) -> int:
    """Of the shortest way from the start to the goal."""
    far, queue = {START: 0}, deque([START])
    while queue:
        row, column = queue.popleft()
        for cell in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if cell in open_to_walk and cell not in far:
                far[cell] = far[row, column] + 1
                queue.append(cell)
    return far[GOAL]


def test_claims_are_the_shortest_way_and_the_one_along_the_top() -> None:
    board = {(row, column) for row in range(ROWS) for column in range(COLUMNS)}
    cliff = {(3, column) for column in range(1, 11)}
    edge = {(row, column) for row in (1, 2) for column in range(1, 11)}
    shortest, safe = -steps(board - cliff), -steps(board - cliff - edge)
    assert (shortest, safe) == (-13, -17)
    on_policy = {"sarsa", "expected-sarsa", "n-step-sarsa", "sarsa-lambda", "monte-carlo"}
    for recipe in RECIPES:
        assert recipe.claim is not None
        assert recipe.claim.threshold == (safe if recipe.learner in on_policy else shortest)
        assert recipe.method == recipe.learner
        assert recipe.env_kwargs["max_episode_steps"] >= 100  # Gymnasium sets none
