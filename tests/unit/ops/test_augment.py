"""The random shift against one image at a time, its distribution, and what it must leave alone."""

import pytest
import torch
from torch import Generator, Tensor

from palestra.ops.augment import random_shift, six_views

PAD = 3


def images(num: int, channels: int = 2, height: int = 9, width: int = 12) -> Tensor:
    shape, generator = (num, channels, height, width), Generator().manual_seed(7)
    return torch.randint(256, shape, dtype=torch.uint8, generator=generator)


def shifted(image: Tensor, rows: int, columns: int) -> Tensor:
    """One image (C, H, W) pixel by pixel: each takes the colour so many pixels away, or that of the nearest border."""
    out = torch.empty_like(image)
    _, height, width = image.shape
    for y in range(height):
        for x in range(width):
            from_y = min(max(y + rows, 0), height - 1)
            from_x = min(max(x + columns, 0), width - 1)
            out[:, y, x] = image[:, from_y, from_x]
    return out


def drawn(num: int, pad: int, seed: int) -> Tensor:
    """(num, 2) the shifts that a generator of this seed gives."""
    return torch.randint(2 * pad + 1, (2, num), generator=Generator().manual_seed(seed)).t() - pad


def test_each_image_moves_by_its_own_shift() -> None:
    given = images(40)
    expected = [shifted(image, *shift) for image, shift in zip(given, drawn(40, PAD, seed=0).tolist(), strict=True)]
    out = random_shift(given, PAD, Generator().manual_seed(0))
    assert out.dtype == torch.uint8
    assert torch.equal(out, torch.stack(expected))
    assert len({tuple(shift) for shift in drawn(40, PAD, seed=0).tolist()}) > 20


@pytest.mark.parametrize("change", [torch.Tensor.float, lambda x: x.contiguous(memory_format=torch.channels_last)])
def test_type_and_layout_do_not_matter(change: object) -> None:
    given = images(16)
    out = random_shift(change(given), PAD, Generator().manual_seed(1))
    assert out.dtype == change(given).dtype
    assert torch.equal(out.to(torch.uint8), random_shift(given, PAD, Generator().manual_seed(1)))


def test_every_shift_is_equally_likely() -> None:
    # A picture of its own coordinates tells by how much it was moved.
    num, size, pad = 49_000, 9, 3
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    coordinates = torch.stack((y, x)).to(torch.uint8).expand(num, -1, -1, -1)
    middle = random_shift(coordinates, pad, Generator().manual_seed(0))[:, :, size // 2, size // 2].long()
    moved = middle - size // 2 + pad
    counts = torch.bincount(moved[:, 0] * (2 * pad + 1) + moved[:, 1], minlength=49).double()
    assert len(counts) == 49
    chi_square = float(((counts - 1000) ** 2 / 1000).sum())
    assert 20 < chi_square < 85  # 48 degrees of freedom: beyond it in 1 of 1,000 tries on either side


def test_all_frames_of_a_stack_move_together() -> None:
    frame = images(64, channels=1)
    out = random_shift(frame.repeat(1, 4, 1, 1), PAD, Generator().manual_seed(3))
    assert torch.equal(out, out[:, :1].expand_as(out))
    assert not torch.equal(out[:, :1], frame)


def test_no_shift_and_one_colour_stay() -> None:
    given = images(8)
    assert torch.equal(random_shift(given, 0, Generator()), given)
    grey = torch.full((5, 3, 8, 8), 77, dtype=torch.uint8)
    assert torch.equal(random_shift(grey, 4, Generator()), grey)


def test_the_input_is_left_alone_and_a_batch_is_needed() -> None:
    given = images(8)
    before = given.clone()
    random_shift(given, PAD, Generator())
    assert torch.equal(given, before)
    with pytest.raises(ValueError, match="expected 4 dimensions"):
        random_shift(given[0], PAD, Generator())


def test_six_views_of_a_row_of_pixels() -> None:
    image_BCHW = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])[None, None]
    views = six_views(image_BCHW)
    assert [weight for weight, _ in views] == [0.25, 0.25, 0.125, 0.125, 0.125, 0.125]
    shown = [view[0, 0].tolist() for _, view in views]
    assert shown[0] == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert shown[1] == [[3, 2, 1], [6, 5, 4], [9, 8, 7]]
    assert shown[2] == [[5, 6, 5], [8, 9, 8], [5, 6, 5]]  # up and left; 5 6 | 5: what stands beyond 6 in a mirror
    assert shown[4] == [[5, 4, 5], [2, 1, 2], [5, 4, 5]]
    assert [[row[::-1] for row in shown[i]] for i in (2, 4)] == [shown[3], shown[5]]
