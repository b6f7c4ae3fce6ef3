"""The cubic: its values without noise, and rows that a seed decides."""

import numpy as np
import torch

from palestra.datasets.dataset import Dataset
from palestra.datasets.polynomial import COEFFICIENTS, load


def test_without_noise_it_is_the_cubic() -> None:
    for split in load(noise=0.0).values():
        x = split.inputs[:, 0].double().numpy()
        assert split.targets is not None
        expected = np.polyval([COEFFICIENTS[3] / 6, COEFFICIENTS[2] / 2, COEFFICIENTS[1], COEFFICIENTS[0]], x)
        np.testing.assert_allclose(split.targets.double().numpy(), expected, rtol=1e-4, atol=1e-4)


def test_a_seed_decides_the_rows_and_the_noise_is_as_asked_for() -> None:
    splits, again, other = (Dataset("toy/polynomial", {"seed": seed}).load() for seed in (0, 0, 1))
    assert {name: len(split.inputs) for name, split in splits.items()} == {
        "train": 100,
        "validation": 100,
        "test": 1000,
    }
    assert torch.equal(splits["test"].inputs, again["test"].inputs)
    assert not torch.equal(splits["test"].inputs, other["test"].inputs)
    test, clean = splits["test"], load(noise=0.0)["test"]
    assert test.targets is not None
    assert clean.targets is not None
    assert 0.09 < float((test.targets - clean.targets).std()) < 0.11
