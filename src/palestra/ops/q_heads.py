"""Q heads: what a Q network's outputs say of the return of each action, and how they are moved towards a target."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from typing import Literal

import torch
from torch import Tensor

from palestra.ops import distributional as dist
from palestra.ops.gather import gather
from palestra.ops.td_losses import td_loss, td_loss_gradient
from palestra.ops.terms import Term

Distributional = Literal["none", "c51", "quantile"]


@cache
def _number(value: int, device: torch.device) -> Tensor:
    """A number as a tensor, which costs an operation half of what a number of Python's costs."""
    with torch.inference_mode(False):
        return torch.tensor(float(value), device=device)


class QHead(ABC):
    """Outputs ``out_BK`` hold Z numbers an action, side by side; those of one action are (B, Z), a scalar's (B,)."""

    num_atoms: int
    """Z."""

    @abstractmethod
    def values(self, out_BK: Tensor) -> Tensor:
        """Expected returns (B, A)."""

    def of(self, out_BK: Tensor, action_B: Tensor) -> Tensor:
        """The outputs (B, Z) of an action for each sample, recorded where ``out_BK`` is."""
        first_B1 = self.num_atoms * action_B[:, None]
        return gather(out_BK, 1, first_B1 + torch.arange(self.num_atoms, device=out_BK.device))

    @abstractmethod
    def backup(self, return_B: Tensor, discount_B: Tensor, next_BZ: Tensor) -> Tensor:
        """The target ``return + discount * X``, for X as the outputs (B, Z) of the next action say."""

    def loss(self, chosen_BZ: Tensor, target_BZ: Tensor, weight_B: Tensor | None = None) -> Term:
        """E[w l(Z, y)], each sample counting its weight if there are any (Schaul et al. 2016, section 3.4)."""

        def value() -> Tensor:
            loss_B = self.losses(chosen_BZ, target_BZ)
            return (loss_B if weight_B is None else weight_B * loss_B).mean()

        def slope_BZ() -> Tensor:
            by_BZ = self.slopes(chosen_BZ, target_BZ).div_(_number(len(chosen_BZ), chosen_BZ.device))
            return by_BZ if weight_B is None else by_BZ * weight_B.view(-1, *(1,) * (by_BZ.dim() - 1))

        return Term(value, (chosen_BZ, slope_BZ))

    @abstractmethod
    def losses(self, chosen_BZ: Tensor, target_BZ: Tensor) -> Tensor:
        """(B,) loss of each sample."""

    @abstractmethod
    def slopes(self, chosen_BZ: Tensor, target_BZ: Tensor) -> Tensor:
        """(B, Z) derivative of each sample's loss by its outputs, a new tensor."""

    @abstractmethod
    def surprise(self, chosen_BZ: Tensor, target_BZ: Tensor) -> Tensor:
        """(B,) how wrong each sample was, never negative: what prioritised replay goes by."""


class ScalarHead(QHead):
    """One number an action: its expected return. Outputs of one action are (B,)."""

    num_atoms = 1

    def __init__(self, kind: str):
        self.kind = kind

    def values(self, out_BK: Tensor) -> Tensor:
        """The outputs themselves."""
        return out_BK

    def of(self, out_BK: Tensor, action_B: Tensor) -> Tensor:
        """The value (B,) of an action for each sample, recorded where ``out_BK`` is."""
        return gather(out_BK, 1, action_B.unsqueeze(1), squeeze=True)

    def backup(self, return_B: Tensor, discount_B: Tensor, next_BZ: Tensor) -> Tensor:
        """(B,) y = G + gamma^m Q (Mnih et al. 2015, eq. 2)."""
        return torch.addcmul(return_B, discount_B, next_BZ)

    def losses(self, chosen_BZ: Tensor, target_BZ: Tensor) -> Tensor:
        """Huber's or the squared error."""
        return td_loss(chosen_BZ, target_BZ, self.kind)

    def slopes(self, chosen_BZ: Tensor, target_BZ: Tensor) -> Tensor:
        """Its derivative (B,)."""
        return td_loss_gradient(chosen_BZ, target_BZ, self.kind)

    def surprise(self, chosen_BZ: Tensor, target_BZ: Tensor) -> Tensor:
        """|delta| (Schaul et al. 2016, section 3.3)."""
        return (target_BZ - chosen_BZ).abs()


class CategoricalReturnHead(QHead):
    """C51: logits of Z evenly spaced atoms an action (Bellemare, Dabney & Munos 2017).

    Args:
        low: the first atom, a return.
        high: the last one.
        num_atoms: Z.
        device: where it is used.
    """

    def __init__(self, low: float, high: float, num_atoms: int, device: torch.device):
        self.num_atoms = num_atoms
        self.support_Z = torch.linspace(low, high, num_atoms, device=device)

    def values(self, out_BK: Tensor) -> Tensor:
        """Expected returns (B, A)."""
        return torch.softmax(out_BK.reshape(out_BK.shape[0], -1, self.num_atoms), 2) @ self.support_Z

    def backup(self, return_B: Tensor, discount_B: Tensor, next_BZ: Tensor) -> Tensor:
        """(B, Z) probabilities of the target, put back onto the atoms."""
        return dist.project_categorical(torch.softmax(next_BZ, 1), return_B, discount_B, self.support_Z)

    def losses(self, chosen_BZ: Tensor, target_BZ: Tensor) -> Tensor:
        """Cross-entropy."""
        return dist.categorical_loss(chosen_BZ, target_BZ)

    def slopes(self, chosen_BZ: Tensor, target_BZ: Tensor) -> Tensor:
        """Its derivative (B, Z) by the logits."""
        return dist.categorical_loss_gradient(chosen_BZ, target_BZ)

    def surprise(self, chosen_BZ: Tensor, target_BZ: Tensor) -> Tensor:
        """KL divergence from the target (Hessel et al. 2018, "The integrated agent")."""
        return dist.categorical_divergence(chosen_BZ, target_BZ).clamp(min=0.0)


class QuantileReturnHead(QHead):
    """QR-DQN: Z quantiles of the return an action (Dabney et al. 2018)."""

    def __init__(self, num_atoms: int):
        self.num_atoms = num_atoms

    def values(self, out_BK: Tensor) -> Tensor:
        """Their means (B, A)."""
        return out_BK.reshape(out_BK.shape[0], -1, self.num_atoms).mean(2)

    def backup(self, return_B: Tensor, discount_B: Tensor, next_BZ: Tensor) -> Tensor:
        """(B, Z) samples of the target."""
        return torch.addcmul(return_B[:, None], discount_B[:, None], next_BZ)

    def losses(self, chosen_BZ: Tensor, target_BZ: Tensor) -> Tensor:
        """The quantile Huber loss."""
        return dist.quantile_huber_loss(chosen_BZ, target_BZ)

    def slopes(self, chosen_BZ: Tensor, target_BZ: Tensor) -> Tensor:
        """Its derivative (B, Z)."""
        return dist.quantile_huber_loss_gradient(chosen_BZ, target_BZ)

    def surprise(self, chosen_BZ: Tensor, target_BZ: Tensor) -> Tensor:
        """The sample's own loss."""
        return dist.quantile_huber_loss(chosen_BZ, target_BZ)


def make_q_head(
    distributional: Distributional, num_atoms: int, value_range: Sequence[float], loss: str, device: torch.device
) -> QHead:
    """The head that the settings of a learner ask for."""
    if distributional == "c51":
        return CategoricalReturnHead(value_range[0], value_range[1], num_atoms, device)
    return QuantileReturnHead(num_atoms) if distributional == "quantile" else ScalarHead(loss)
