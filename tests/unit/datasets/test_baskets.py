"""Made baskets: what goes together goes together as often as is told, and the rest does not."""

import pytest
import torch

from palestra.datasets.baskets import NAMES, SHARES, confidence_of_butter, load
from palestra.datasets.dataset import Dataset
from palestra.errors import UsageError


def test_what_goes_together_and_what_does_not() -> None:
    table = load(train=200_000)["train"].inputs.bool()
    held = {name: table[:, place] for place, name in enumerate(NAMES)}
    assert float(held["butter"][held["bread"]].double().mean()) == pytest.approx(confidence_of_butter(), abs=0.005)
    assert bool(held["sugar"][held["flour"] & held["yeast"]].all())
    for name in ("bread", "milk", "apples"):
        assert float(held[name].double().mean()) == pytest.approx(SHARES[name], abs=0.005)
    assert float(held["milk"][held["bread"]].double().mean()) == pytest.approx(SHARES["milk"], abs=0.01)


def test_it_has_names_and_no_targets_and_a_seed_decides() -> None:
    named = Dataset("toy/baskets", {"seed": 3})
    assert named.class_names() == NAMES
    splits = named.load()
    assert splits["test"].targets is None
    assert splits["test"].inputs.shape == (2_000, 12)
    assert torch.equal(splits["test"].inputs, load(seed=3)["test"].inputs)
    assert not torch.equal(splits["test"].inputs, load()["test"].inputs)
    with pytest.raises(UsageError, match="test=0; expected 1 basket or more"):
        load(test=0)
