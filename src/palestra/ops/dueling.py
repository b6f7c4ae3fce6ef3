"""The dueling aggregation (Wang et al. 2016, https://arxiv.org/abs/1511.06581)."""

from typing import Literal

from torch import Tensor

from palestra.ops.shapes import check_rank

Dueling = Literal["none", "mean", "max"]


def dueling(value_BZ: Tensor, advantage_BAZ: Tensor, form: Dueling) -> Tensor:
    """Q (B, A, Z) from a value of the state (B, Z) and advantages of the actions (B, A, Z).

    ``mean``: Q = V + A - mean_a A (eq. 9); ``max``: Q = V + A - max_a A (eq. 8). Only what remains of A reaches Q, so
    that V and A cannot trade a constant between them. With Z > 1 each atom or quantile is treated so by itself.
    """
    check_rank(2, value=value_BZ)
    check_rank(3, advantage=advantage_BAZ)
    if form == "mean":
        centre_B1Z = advantage_BAZ.mean(1, keepdim=True)
    elif form == "max":
        centre_B1Z = advantage_BAZ.amax(1, keepdim=True)
    else:
        raise ValueError(f"dueling form {form!r}; expected 'mean' or 'max'")
    return value_BZ[:, None, :] + (advantage_BAZ - centre_B1Z)
