"""Preview control: the gains that others find, sums that have to come out, and points inside of feet."""

import math

import pytest
import torch

from palestra.errors import UsageError
from palestra.ops.preview import GRAVITY, cart_table, inside, preview_gains, walk

CART = cart_table()


def test_the_gains_are_those_of_the_reference() -> None:
    """T = 5 ms, z_c = 0.814 m, Q_e = 1, R = 1e-6, 1.6 s ahead: figures of an independent solution."""
    gains = preview_gains(CART, 320)
    assert gains.residual < 1e-10
    assert gains.integral == pytest.approx(618.7016, abs=1e-3)
    assert gains.state_V.tolist() == pytest.approx([72719.439, 21549.598, 177.01266], rel=1e-6)
    assert gains.ahead_I[:4].tolist() == pytest.approx([-618.7016, -777.5073, -952.2613, -1082.2768], abs=1e-3)
    assert float(gains.ahead_I.min()) == pytest.approx(-1181.3894, abs=1e-3)
    assert int(gains.ahead_I.argmin()) == 5  # six steps ahead
    at = [gains.ahead_I[place] for place in (100, 200, 319)]  # those at 0.5, 1.0 and 1.6 s
    assert [float(gain) for gain in at] == pytest.approx([-225.08, -39.67, -5.03], abs=0.01)


def test_who_stands_where_he_is_wanted_does_nothing() -> None:
    """The gains of what is ahead sum up to that of the place, but for what lies beyond the preview."""
    gains = preview_gains(CART, 3000)
    assert float(gains.ahead_I.sum()) == pytest.approx(-float(gains.state_V[0]), rel=1e-9)
    there = walk(CART, gains, torch.full((50, 1), 0.3, dtype=torch.float64))
    torch.testing.assert_close(there.point_TL, torch.full((50, 1), 0.3, dtype=torch.float64), rtol=0, atol=1e-9)


def test_the_cart_is_moved_as_calculus_says() -> None:
    """A constant jerk for a second: t^3 / 6, t^2 / 2, t."""
    x = torch.zeros(3, dtype=torch.float64)
    for _ in range(200):
        x = CART.a_VV @ x + CART.b_V
    assert x.tolist() == pytest.approx([1 / 6, 1 / 2, 1.0])
    assert float(CART.c_V @ x) == pytest.approx(1 / 6 - 0.814 / GRAVITY)


def test_the_mass_leaves_before_the_point_does() -> None:
    wanted = torch.cat((torch.zeros(400, 1), torch.ones(600, 1))).double() * 0.3
    done = walk(CART, preview_gains(CART, 320), wanted)
    leaves = int((done.mass_TL[:, 0] > 0.01).nonzero()[0])
    assert 200 < leaves < 380  # 0.1 to 1 s before
    assert float((done.point_TL - wanted)[-1].abs()) < 1e-6


def test_without_an_integral_an_error_stays() -> None:
    wanted = torch.cat((torch.zeros(400, 1), torch.ones(2000, 1))).double()
    amiss = {
        integrates: float(
            (walk(CART, preview_gains(CART, 160, integrates=integrates), wanted).point_TL - wanted)[-1].abs()
        )
        for integrates in (True, False)
    }
    assert amiss[True] < 1e-6
    assert amiss[False] > 0.01


def test_a_preview_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="a preview of 0 steps; expected at least 1"):
        preview_gains(CART, 0)


def test_how_far_inside_a_point_is() -> None:
    square = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.5, 0.5], [0.0, 0.0]]).double()
    points = torch.tensor([[0.5, 0.5], [0.1, 0.6], [0.0, 0.3], [1.2, 0.5]]).double()
    found = inside(points, square.expand(4, -1, -1))
    assert found.tolist() == pytest.approx([0.5, 0.1, 0.0, -0.2])
    triangle = torch.tensor([[[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]]]).double()
    assert inside(torch.tensor([[1.0, 1.0]]).double(), triangle).item() == pytest.approx(1 / math.sqrt(2))
