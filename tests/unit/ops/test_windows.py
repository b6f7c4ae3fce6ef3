"""Windows over images: how many there are, and what they cover."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from palestra.ops.windows import output_size, pair, shape_of, windows


def test_the_number_of_places_is_pytorchs() -> None:
    tried = 0
    for size, window, stride, padding in itertools.product((1, 5, 8, 11), (1, 2, 3, 5), (1, 2, 3), (0, 1, 2)):
        if size + 2 * padding < window:
            with pytest.raises(ValueError, match="expected one that fits"):
                output_size(size, window, stride, padding)
            continue
        out = F.conv1d(torch.zeros(1, 1, size), torch.zeros(1, 1, window), stride=stride, padding=padding)
        assert output_size(size, window, stride, padding) == out.shape[-1]
        tried += 1
    assert tried > 100
    # 8 pixels, windows of 3 in leaps of 2, one row more on each side: (8 + 2 - 3) / 2 = 3.5, and one: 4 and a rest.
    assert output_size(8, 3, 2, 1) == 4


def test_every_window_is_its_piece_of_the_padded_image() -> None:
    image_BCHW = torch.arange(2 * 3 * 5 * 6, dtype=torch.float32).reshape(2, 3, 5, 6)
    size, stride, padding = (2, 3), (2, 1), (1, 2)
    seen = windows(image_BCHW, size, stride, padding, fill=-1.0)
    assert seen.shape == (2, 3, *shape_of(image_BCHW, size, stride, padding), 2, 3)
    padded = torch.full((2, 3, 7, 10), -1.0)
    padded[:, :, 1:6, 2:8] = image_BCHW
    for i, j in itertools.product(range(seen.shape[2]), range(seen.shape[3])):
        assert torch.equal(seen[:, :, i, j], padded[:, :, 2 * i : 2 * i + 2, j : j + 3])


def test_one_number_stands_for_two() -> None:
    assert pair(3) == (3, 3)
    assert pair((1, 2)) == (1, 2)
    with pytest.raises(ValueError, match="expected 4 dimensions"):
        windows(torch.zeros(3, 3), 2)
