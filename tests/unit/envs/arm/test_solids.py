"""The twin's random objects: of the sizes told, upright bodies with two bars across, axes at right angles."""

import torch

from palestra.envs.arm.solids import SHAPE_SIZE, SOLIDS, draw_shapes, place_puck, place_shapes

NUM = 2_000


def test_shapes_are_of_the_size_told_and_lie_where_told() -> None:
    size, at = torch.full((NUM,), 1.3), torch.tensor([[0.5, 0.1, 0.0]]).expand(NUM, 3)
    shape, height = draw_shapes(size, torch.Generator().manual_seed(0))
    assert shape.shape == (NUM, SHAPE_SIZE)
    placed = place_shapes(shape, at)
    body = placed.half_BS3[:, 0]
    assert (
        (body >= 1.3 * torch.tensor([0.033, 0.012, 0.012])) & (body <= 1.3 * torch.tensor([0.058, 0.026, 0.022]))
    ).all()
    assert (height >= body[:, 2]).all()
    assert torch.equal(placed.centre_BS3[:, 0], at)
    apart = (placed.centre_BS3 - at[:, None]).norm(dim=2)
    assert (apart <= body[:, :1] + 1e-6).all()  # the bars are on the body
    torch.testing.assert_close(placed.axes_BS33 @ placed.axes_BS33.mT, torch.eye(3).expand(NUM, SOLIDS, 3, 3))
    kinds = {tuple(kind) for kind in placed.weight_BS3.flatten(0, 1).tolist()}
    assert kinds == {(0, 0, 0), (0, 1, 1), (1, 1, 1)}


def test_a_puck_stands_upright() -> None:
    placed = place_puck(0.05, 0.06, torch.zeros(2, 3))
    assert placed.half_BS3.tolist() == [[[0.05000000074505806, 0.05000000074505806, 0.029999999329447746]]] * 2
    assert placed.weight_BS3.tolist() == [[[1.0, 1.0, 0.0]]] * 2
