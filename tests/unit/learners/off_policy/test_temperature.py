"""The temperature's settings, and what of it learns."""

import math

import pytest
import torch

from palestra.errors import UsageError
from palestra.learners.off_policy.temperature import SoftConfig, SoftLearned, Temperature
from palestra.ops.terms import Term


def test_a_learned_one_begins_where_the_settings_say() -> None:
    alpha = Temperature(SoftConfig(initial_temperature=0.25), target_entropy=-2.0)
    assert alpha.fixed is None
    assert float(alpha.log.detach().exp()) == pytest.approx(0.25)
    assert alpha.target_entropy == -2.0
    assert Temperature(SoftConfig(target_entropy=0.5), target_entropy=-2.0).target_entropy == 0.5
    assert list(alpha.state_dict()) == ["log"]


def test_a_fixed_one_is_what_it_is() -> None:
    for value in (0.2, 0.0):
        alpha = Temperature(SoftConfig(temperature=value), target_entropy=-2.0)
        assert alpha.fixed is not None
        assert float(alpha.fixed) == pytest.approx(value)
        assert list(alpha.state_dict()) == ["log"]  # it is a setting, and comes from there


def test_what_was_learned_is_told_by_its_means() -> None:
    q = torch.tensor([[[1.0], [2.0]], [[3.0], [6.0]]])
    log_prob = torch.tensor([-1.0, -2.0])
    found = SoftLearned(Term(lambda: 0.5), q, log_prob, torch.tensor(0.1)).figures()
    assert {name: float(value) for name, value in found.items()} == pytest.approx(
        {"critic_loss": 0.5, "q_mean": 3.0, "entropy": 1.5, "temperature": 0.1}
    )


@pytest.mark.parametrize(
    "wrong", [{"temperature": -0.1}, {"initial_temperature": 0.0}, {"initial_temperature": -math.inf}]
)
def test_settings_out_of_range_are_named(wrong: dict[str, float]) -> None:
    ((name, value),) = wrong.items()
    with pytest.raises(UsageError, match=f"{name}={value}; expected"):
        SoftConfig(**wrong)
