"""Gradient descent: what is shown is the rules' own walk; who is too fast is lost, and nothing else is."""

from typing import Any

import pytest
import torch

from palestra.engine.seeding import generator
from palestra.errors import UsageError
from palestra.ops.landscapes import turned, walked
from palestra.ops.optimizers import SGD, Adam, Momentum, RMSprop
from palestra.playgrounds.catalogue import find_offer
from palestra.playgrounds.offers.descent import DescentAsked
from palestra.playgrounds.played.descent import SHOWN, DescentPlayground
from palestra.playgrounds.timeline import Timeline


@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_it_is_the_walk_of_each_rule(noise: float) -> None:
    playground = DescentPlayground(DescentAsked(noise=noise, seed=3))
    timeline = Timeline(playground)
    timeline.forward(80)
    timeline.back(20)
    valley, start = turned(1.0, 10.0, 20.0), torch.tensor([-2.2, 1.6], dtype=torch.float64)
    luck = generator(3, "noise")
    noise_LD = [noise * torch.randn(2, dtype=torch.float64, generator=luck) for _ in range(60)]
    rules = {"sgd": SGD(0.05), "momentum": Momentum(0.02, 0.9), "rmsprop": RMSprop(0.05), "adam": Adam(0.1)}
    for name, rule in rules.items():
        way = walked(rule, lambda point, step: valley.gradient(point) + noise_LD[step], start, 60)
        assert torch.equal(playground.walkers[name].trail_LD, way), name
        shown = playground.frame()["walkers"][name]
        assert torch.equal(shown["way"], way)
        assert shown["height"] == float(valley.value(way[-1]))


def test_the_surface_is_shown_from_the_top_left() -> None:
    ground = DescentPlayground(DescentAsked("banana")).ground()
    height_HW, side = ground["height"], ground["side"]
    assert float(height_HW[0, -1]) == pytest.approx((1 - 3) ** 2 + 10 * (3 - 9) ** 2)  # x = 3, y = 3
    assert float(height_HW[-1, 0]) == pytest.approx((1 + 3) ** 2 + 10 * (-3 - 9) ** 2)
    assert height_HW.shape == (side, side)


def after(steps: int, **settings: Any) -> DescentPlayground:
    playground = DescentPlayground(find_offer("descent").settings(settings))  # type: ignore[arg-type]
    for _ in range(steps):
        if not playground.finished:
            playground.step()
    return playground


@pytest.mark.slow
def test_presets_fail_for_the_reason_that_they_give() -> None:
    presets = {each.name: dict(each.settings) for each in find_offer("descent").presets}
    fast = after(1_500, **presets["too-fast"]).frame()["walkers"]
    assert {name for name, walker in fast.items() if walker["lost"]} == {"sgd"}
    assert not any(walker["lost"] for walker in after(1_500, sgd_rate=0.195).frame()["walkers"].values())
    for walker in after(800, **presets["dents"]).frame()["walkers"].values():
        assert walker["way"][-1].abs().max() > 1.5
        assert walker["height"] > 1
    stuck = after(800, **presets["pass"]).frame()["walkers"]
    assert all(float(walker["way"][-1][0]) == 0.0 and walker["height"] > 0.24 for walker in stuck.values())
    freed = after(800, **presets["pass"], noise=0.1).frame()["walkers"]
    assert all(walker["height"] < 0.1 for walker in freed.values())
    bend = after(400, **presets["bend"]).frame()["walkers"]
    assert max(bend["adam"]["height"], bend["momentum"]["height"]) < bend["sgd"]["height"]
    quiet, loud = after(500), after(500, **presets["noise"])
    assert loud.frame()["walkers"]["sgd"]["height"] > 100 * quiet.frame()["walkers"]["sgd"]["height"]


def test_who_is_lost_stops_and_a_way_is_no_longer_than_is_drawn() -> None:
    lost = after(500, sgd_rate=5.0, momentum_rate=5.0, rmsprop_rate=0.01, adam_rate=0.01)
    shown = lost.frame()["walkers"]
    assert shown["sgd"]["lost"]
    assert shown["sgd"]["steps"] < 30
    assert len(shown["adam"]["way"]) == SHOWN
    assert "left the picture" in lost.see().en
    assert not lost.finished


def test_a_start_can_be_dragged_within_the_picture() -> None:
    playground = after(5)
    playground.edit({"start": [1.0, -2]})
    assert playground.asked.start == (1.0, -2.0)
    assert playground.walkers["adam"].trail_LD.tolist() == [[1.0, -2.0]]
    with pytest.raises(UsageError, match="start="):
        playground.edit({"start": [1.0, -20]})
