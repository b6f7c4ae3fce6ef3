"""The classical Runge-Kutta method of fourth order (Kutta 1901), for worlds that move by differential equations."""

from collections.abc import Callable

from torch import Tensor


def runge_kutta(change: Callable[[Tensor], Tensor], state: Tensor, seconds: float, steps: int = 1) -> Tensor:
    """Where a state is led in so many seconds, in steps of equal length; of the shape of the state.

    Args:
        change: the state's derivative by time, of a state.
        state: of any shape.
        seconds: in all.
        steps: how many; the error falls with their fourth power.
    """
    length = seconds / steps
    for _ in range(steps):
        k_1 = change(state)
        k_2 = change(state + length / 2 * k_1)
        k_3 = change(state + length / 2 * k_2)
        k_4 = change(state + length * k_3)
        state = state + length / 6 * (k_1 + 2 * (k_2 + k_3) + k_4)
    return state
