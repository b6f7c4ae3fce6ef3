"""Candidates: the plan itself among them, noise as wide and as long as was asked for, costs of each alone."""

import pytest
import torch
from planners import line, planner

from palestra.engine.seeding import generator
from palestra.envs.model import Model
from palestra.envs.registry import make_vec
from palestra.errors import UsageError
from palestra.policies.candidates import SamplingConfig, chosen, costs, drawn, half_range


def test_noise_is_as_wide_and_as_long_as_was_asked_for() -> None:
    plan = torch.ones(3, 10, 1)
    found = drawn(plan, torch.tensor([0.5]), 4000, 4, line(), generator(0, "test"))
    assert found.shape == (10, 3, 4000, 1)
    assert torch.equal(found[:, :, 0], plan.transpose(0, 1))
    assert torch.equal(found[0], found[3])
    assert not torch.equal(found[3], found[4])
    assert torch.equal(found[8], found[9])  # the last is held for as long as there is
    noise = found[:, :, 1:] - 1
    assert float(noise.std()) == pytest.approx(0.5, rel=0.02)
    assert float(noise.mean()) == pytest.approx(0.0, abs=0.02)
    wide = torch.ones(3, 10, 1) * torch.tensor([0.1, 0.2, 0.3])[:, None, None]
    each = drawn(plan, wide, 4000, 1, line(), generator(0, "test"))[:, :, 1:].std((0, 2))[:, 0]
    torch.testing.assert_close(each, torch.tensor([0.1, 0.2, 0.3]), rtol=0.03, atol=0)


def test_they_keep_to_the_bounds() -> None:
    model = Model(make_vec("Pendulum-v1", 1))
    found = drawn(torch.zeros(1, 5, 1), torch.tensor([9.0]), 100, 1, model, generator(0, "test"))
    assert (float(found.min()), float(found.max())) == (-2.0, 2.0)


def test_costs_are_those_of_each_alone() -> None:
    model, rng = line(), torch.Generator().manual_seed(0)
    state, candidates = torch.randn(3, 2, generator=rng), torch.randn(6, 3, 4, 1, generator=rng)
    found = costs(model, state, candidates, generator(0, "luck"))
    for e in range(3):
        for k in range(4):
            alone = model.follow(state[e : e + 1], candidates[:, e : e + 1, k]).total
            torch.testing.assert_close(found[e, k], alone[0])
    picked = chosen(candidates, torch.tensor([[1], [0], [3]]))
    assert picked.shape == (3, 1, 6, 1)
    assert torch.equal(picked[2, 0], candidates[:, 2, 3])


def test_without_bounds_there_is_no_width() -> None:
    env = make_vec("Pendulum-v1", 1)
    model = Model(env)
    assert half_range(model).tolist() == [2.0]
    model.high = model.high + torch.inf
    with pytest.raises(UsageError, match="expected bounds, to draw plans between"):
        half_range(model)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"samples": 1}, "samples=1; expected at least 2"), ({"deviation": 0.0}, "deviation=0.0; expected more than 0")],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SamplingConfig(**settings)
    assert planner("mppi").config.samples >= 2
