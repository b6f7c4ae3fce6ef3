"""Losses of actor-critics that learn from replay: of critics, of actors that climb them, of temperatures.

Like those of ``palestra.ops.losses`` they are terms of a whole loss, each with its derivative in closed form.
"""

import torch
from torch import Tensor

from palestra.ops.shapes import check_rank, check_same_shape
from palestra.ops.terms import Term


def mean(x: Tensor) -> Term:
    """E[x]."""
    return Term(lambda: x.mean(), (x, lambda: 1.0 / x.numel()))


def squared_error(q_MB1: Tensor, target_B: Tensor) -> Term:
    """sum_i E[(Q_i - y)^2] of N critics side by side, all towards the same targets."""
    check_rank(3, q=q_MB1)
    check_rank(1, target=target_B)
    target_B1 = target_B[:, None]
    check_same_shape(q=q_MB1[0], target=target_B1)
    error_MB1 = q_MB1.detach() - target_B1
    return Term(
        lambda: error_MB1.square().mean(1).sum(),
        (q_MB1, lambda: error_MB1 * (2.0 / len(target_B))),
    )


def squared_distance(action_BA: Tensor, done_BA: Tensor) -> Term:
    """E[(a - d)^2] over all numbers of actions and of those that were taken instead."""
    check_rank(2, action=action_BA)
    check_same_shape(action=action_BA, done=done_BA)
    apart_BA = action_BA.detach() - done_BA
    return Term(lambda: apart_BA.square().mean(), (action_BA, lambda: apart_BA * (2.0 / apart_BA.numel())))


def mean_of_least(q_MB1: Tensor) -> Term:
    """E[min_i Q_i], whose derivative goes to the critic that gave the least."""
    check_rank(3, q=q_MB1)
    q_MB1, recorded_MB1 = q_MB1.detach(), q_MB1

    def slope_MB1() -> Tensor:
        return torch.zeros_like(q_MB1).scatter_(0, q_MB1.argmin(0, keepdim=True), 1.0 / q_MB1[0].numel())

    return Term(lambda: q_MB1.amin(0).mean(), (recorded_MB1, slope_MB1))


def entropy_to_hold(log_alpha: Tensor, log_prob_B: Tensor, target_entropy: Tensor | float) -> Term:
    """E[-log alpha (log pi(a|s) + H)] (Haarnoja et al. 2018, eq. 18, in log alpha as its authors' code has it).

    It raises alpha where the entropy is below the target H, and lowers it where it is above.
    """
    check_rank(1, log_prob=log_prob_B)
    surplus = log_prob_B.detach().mean() + target_entropy
    return Term(lambda: -log_alpha * surplus, (log_alpha, lambda: -surplus))
