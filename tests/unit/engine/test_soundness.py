"""Weights that are no numbers any more are found, wherever a learner holds them."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from coin import Coin
from torch import nn

from palestra.engine.soundness import Diverged, all_finite, go_on, unsound_weight


class Inner:
    saves = ("table",)

    def __init__(self) -> None:
        self.table = torch.zeros(3)


class Outer:
    saves = ("net", "inner", "count")

    def __init__(self) -> None:
        self.net, self.inner, self.count = nn.Linear(2, 2), Inner(), 7


@pytest.mark.parametrize(("value", "finite"), [(1.0, True), (math.nan, False), (math.inf, False), (-math.inf, False)])
def test_metrics_are_finite_or_not(value: float, finite: bool) -> None:
    assert all_finite({"a": 0.0, "b": value}) is finite


def test_the_weight_is_named_wherever_it_is_held() -> None:
    whole = Outer()
    assert unsound_weight(whole) is None
    whole.inner.table[1] = math.nan
    assert unsound_weight(whole) == "inner.table"
    with torch.no_grad():
        whole.net.bias[0] = math.inf
    assert unsound_weight(whole) == "net.bias"
    agent: Any = SimpleNamespace(modules=nn.ModuleDict({"policy": nn.Linear(1, 1)}))
    assert unsound_weight(agent) is None
    nn.init.constant_(agent.modules["policy"].weight, math.nan)
    assert unsound_weight(agent) == "modules.policy.weight"


def test_an_infinite_value_is_a_value_where_no_network_holds_it() -> None:
    whole = Outer()
    whole.inner.table[0] = math.inf  # optimism
    assert unsound_weight(whole) is None


def test_what_is_said_names_what_is_odd_and_what_is_left(tmp_path: Path) -> None:
    learner = Coin()
    learner.clock = 4_096
    said = str(Diverged(learner, "policy.weight", {"train/loss": math.nan, "train/kl": 0.1}, 2_048))
    assert "4,096" in said
    assert "policy.weight are not finite (train/loss nan)" in said
    assert "the checkpoint of 2,048 is from before" in said
    assert "no checkpoint" in str(Diverged(learner, "policy.weight", {}, None))
    assert go_on(learner, tmp_path / "a run").endswith(f"palestra train --resume '{tmp_path}/a run'")
