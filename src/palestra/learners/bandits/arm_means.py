"""What an arm has paid: counts and incremental means of rewards, for all arms of all bandits."""

import torch
from torch import Tensor


class ArmMeans:
    """Counts and estimated means (A, B) float32, updated in place at the arms pulled.

    Args:
        shape: (A, B).
        initial: what is believed of an arm never pulled; with sample means its first reward replaces it.
        step_size: weight of the newest reward; None for 1 / N, the sample mean.
        device: of the tensors.
    """

    saves = ("count_AB", "mean_AB")
    derives = ("_one_B",)

    def __init__(self, shape: tuple[int, int], initial: float, step_size: float | None, device: torch.device):
        self.count_AB = torch.zeros(shape, device=device)
        self.mean_AB = torch.full(shape, initial, device=device)
        self.step_size = step_size
        self._one_B = torch.ones(shape[1], device=device)

    def update(self, index_B: Tensor, reward_B: Tensor) -> Tensor:
        """Q <- Q + (R - Q) / N, or with a constant in the place of 1 / N (Sutton & Barto 2018, eq. 2.3 and 2.5).

        Returns the counts (B,) of the arms at flat indices (B,), with these pulls.
        """
        count_A, mean_A = self.count_AB.view(-1), self.mean_AB.view(-1)
        number_B = count_A.index_add_(0, index_B, self._one_B).index_select(0, index_B)
        error_B = reward_B - mean_A.index_select(0, index_B)
        if self.step_size is None:
            mean_A.index_add_(0, index_B, error_B.div_(number_B))
        else:
            mean_A.index_add_(0, index_B, error_B, alpha=self.step_size)
        return number_B
