"""The discrete pendulum is Gymnasium's, from the same states with the same actions."""

import classic_parity

from palestra.envs.classic.pendulum_discrete import PendulumDiscrete
from palestra.envs.registry import CLASSIC

ID = "palestra/PendulumDiscrete-v1"


def test_it_is_registered() -> None:
    assert CLASSIC[ID] is PendulumDiscrete


def test_one_step_from_any_state_equals_gymnasium() -> None:
    classic_parity.check_one_step(ID)


def test_the_equations_are_gymnasiums_to_the_last_digits_of_float64() -> None:
    classic_parity.check_equations(ID)


def test_the_time_limit_is_gymnasiums() -> None:
    classic_parity.check_time_limit(ID)


def test_spaces_and_limits_are_gymnasiums() -> None:
    classic_parity.check_spaces(ID)


def test_episodes_begin_as_gymnasiums_do() -> None:
    classic_parity.check_starts(ID)
