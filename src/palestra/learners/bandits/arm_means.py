"""What an arm has paid: counts and incremental means of rewards, for all arms of all bandits."""

import torch

from palestra.ops.columns import Array, row


class ArmMeans:
    """Counts and estimated means (A, B) float32, updated in place at the arms pulled.

    Args:
        shape: (A, B).
        initial: what is believed of an arm never pulled; with sample means its first reward replaces it.
        step_size: weight of the newest reward; None for 1 / N, the sample mean.
        device: of the tensors.
    """

    saves = ("count_AB", "mean_AB")
    derives = ("_count_L", "_mean_L")

    def __init__(self, shape: tuple[int, int], initial: float, step_size: float | None, device: torch.device):
        self.count_AB = torch.zeros(shape, device=device)
        self.mean_AB = torch.full(shape, initial, device=device)
        self.step_size = step_size
        self.resumed()

    def resumed(self) -> None:
        """The tables as rows, on the memory that they have now."""
        self._count_L, self._mean_L = row(self.count_AB), row(self.mean_AB)

    def step(self, error_B: Array, number_B: Array) -> Array:
        """How far means move that are off by so much, at the pull of that number."""
        return error_B / number_B if self.step_size is None else self.step_size * error_B

    def update(self, index_B: Array, reward_B: Array) -> Array:
        """Q <- Q + (R - Q) / N, or with a constant in the place of 1 / N (Sutton & Barto 2018, eq. 2.3 and 2.5).

        Returns the counts (B,) of the arms at flat indices (B,), with these pulls.
        """
        number_B, mean_B = self._count_L[index_B] + 1, self._mean_L[index_B]
        self._count_L[index_B] = number_B
        self._mean_L[index_B] = mean_B + self.step(reward_B - mean_B, number_B)
        return number_B
