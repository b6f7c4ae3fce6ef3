"""Frames as JSON: no NaN, figures as long as a picture needs."""

import json

import numpy as np
import pytest
import torch

from palestra.playgrounds.plain import line, plain, shades


def test_tensors_and_arrays_become_lists_and_what_is_no_number_null() -> None:
    frame = {
        "a": torch.tensor([[1 / 3, float("nan")], [float("inf"), -2.0]]),
        "b": np.array([1, 2]),
        "c": (True, None, "x", float("-inf")),
        1: np.float64(0.1234567),
    }
    told = json.loads(line(frame))
    assert told == {"a": [[0.33333, None], [None, -2.0]], "b": [1, 2], "c": [True, None, "x", None], "1": 0.12346}


def test_anything_else_is_no_frame() -> None:
    with pytest.raises(TypeError, match="object in a frame"):
        plain(object())


def test_shades_are_two_digits_each_row_by_row() -> None:
    assert shades(torch.tensor([[0.0, 1.0, 0.5], [2.0, -1.0, float("nan")]])) == "00ff80" + "ff0000"
