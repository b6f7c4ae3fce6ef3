"""Principal components (Pearson 1901): of all planes of a size, the one that rows lie closest to."""

from typing import NamedTuple

import torch
from torch import Tensor

from palestra.errors import require
from palestra.ops.shapes import check_rank

TOGETHER = 4_096
"""Rows that are in memory as float64 at once."""


class Plane(NamedTuple):
    """Where rows lie, as closely as a plane of its size can say."""

    mean_F: Tensor
    """A point of it, float64."""
    axis_KF: Tensor
    """Its directions, each of length 1 and at right angles to the others, the widest first."""
    variance_K: Tensor
    """Of the rows along each; their mean squared distance from the mean, not divided by one less."""

    def code(self, sample_BF: Tensor) -> Tensor:
        """(B, K) places in the plane."""
        return (sample_BF.double() - self.mean_F) @ self.axis_KF.T

    def decoded(self, code_BK: Tensor) -> Tensor:
        """(B, F) the points at places in the plane."""
        return code_BK @ self.axis_KF + self.mean_F


def mean_row(sample_BF: Tensor) -> Tensor:
    """(F,) float64 mean of rows of any type."""
    return torch.stack([part.double().sum(0) for part in sample_BF.split(TOGETHER)]).sum(0) / len(sample_BF)


def principal_plane(sample_BF: Tensor, count: int) -> Plane:
    """The plane of ``count`` directions from which rows (B, F) of any type are the least squared distance away.

    Of each direction, either way along it is as good; the one is taken in which its largest number is positive.
    """
    check_rank(2, sample_BF=sample_BF)
    rows, features = sample_BF.shape
    require(1 <= count <= min(rows, features), f"{count} directions", f"1 to {min(rows, features)}, as rows allow")
    mean_F = mean_row(sample_BF)
    covariance = mean_F.new_zeros(features, features)
    for part_BF in sample_BF.split(TOGETHER):
        centred_BF = part_BF.double() - mean_F
        covariance += centred_BF.T @ centred_BF / rows
    variance_F, direction_FF = torch.linalg.eigh(covariance)
    axis_KF = direction_FF.flip(1)[:, :count].T
    largest_K1 = axis_KF.gather(1, axis_KF.abs().argmax(1, keepdim=True))
    return Plane(mean_F, axis_KF * largest_K1.sign(), variance_F.flip(0)[:count].clamp(min=0))
