"""Columns are looked through as torch does it, ties and numbers that are none included."""

import numpy as np
import pytest
import torch

from palestra.ops.columns import array, count, first_best, floats, log, places, row, tensor


@pytest.mark.parametrize("rows", [1, 2, 10, 256, 257, 300])
def test_the_first_of_the_best(rows: int) -> None:
    value_AB = torch.randint(5, (rows, 700), generator=torch.Generator().manual_seed(rows)).float()
    value_AB[:, 0] = -torch.inf
    value_AB[-1, 1] = 9.0
    arm_B = first_best(value_AB)
    assert arm_B.dtype == np.int64
    assert np.array_equal(arm_B, [column.index(max(column)) for column in value_AB.T.tolist()])


def test_what_is_not_a_number_gives_an_arm_that_exists() -> None:
    assert first_best(torch.tensor([[0.0, 1.0], [torch.nan, 2.0], [1.0, 0.0]])).tolist() == [2, 1]


def test_a_row_is_the_tables_own_memory() -> None:
    table_AB = torch.zeros(2, 3)
    row(table_AB)[np.array([1, 5])] = 7.0
    assert table_AB.tolist() == [[0, 7, 0], [0, 0, 7]]
    assert tensor(array(table_AB)).data_ptr() == table_AB.data_ptr()
    assert array(array(table_AB)) is not None


def test_tensors_of_a_device_are_treated_alike() -> None:
    """What a tensor of another device goes through, on tensors of this one."""
    x = torch.tensor([0.0, 1.0, 0.5])
    assert places(x > 0.25).tolist() == places(x.numpy() > 0.25).tolist() == [1, 2]
    assert floats(x > 0.25).tolist() == floats(x.numpy() > 0.25).tolist() == [0.0, 1.0, 1.0]
    assert count(torch.stack((x, x)) > 0.25).tolist() == count(np.stack((x, x)) > 0.25).tolist() == [0, 2, 2]
    np.testing.assert_allclose(log(x).numpy(), log(x.numpy()), rtol=1e-6)
    assert log(x)[0] == log(x.numpy())[0] == -np.inf
