"""The rows of the twin's state, packed and named."""

import torch
from twins import made, rules

from palestra.envs.arm.looks import LOOK_SIZE
from palestra.envs.arm.solids import SHAPE_SIZE
from palestra.envs.arm.state import ArmState


def test_packed_parts_are_the_state() -> None:
    twin = made(5, view="state", randomisation="high")
    twin.reset(0)
    parts = rules(twin).parts(twin.state)
    assert [part.shape[1] for part in parts] == [7, 3, LOOK_SIZE, SHAPE_SIZE, 3, 0, 0, 0]
    assert torch.equal(parts.packed(), twin.state)


def test_rows_are_taken_from_every_part() -> None:
    state = ArmState(*(torch.arange(5.0)[:, None] + 10 * part for part in range(8)))
    assert state.rows(torch.tensor([3, 1])).packed().tolist() == [list(range(3, 80, 10)), list(range(1, 80, 10))]
    assert torch.equal(torch.cat([few.packed() for few in state.split(2)]), state.packed())
