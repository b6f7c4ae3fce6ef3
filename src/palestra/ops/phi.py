r"""The weights Phi_t of the policy gradient E[sum_t Phi_t grad log pi(a_t | s_t)] (Schulman et al. 2016, section 2).

All have the same expected gradient where values are exact; they differ in variance, and in bias where values are not.
"""

from typing import Literal

import torch
from torch import Tensor

from palestra.ops.returns import gae, td_residual
from palestra.ops.shapes import check_rank, check_same_shape

Phi = Literal["return", "reward_to_go", "baseline", "q", "advantage", "td_residual", "gae"]


def reward_to_go(
    reward_TE: Tensor, next_value_TE: Tensor, terminated_TE: Tensor, done_TE: Tensor, gamma: float
) -> Tensor:
    """G_t = r_t + gamma G_{t+1}, (T, E); where the episode is cut, and in the last row, V(s_{t+1}) stands for G_{t+1}.

    A terminal state is worth nothing.
    """
    check_rank(2, reward=reward_TE)
    cut_TE = done_TE.clone()
    cut_TE[-1] = True
    zero_TE = torch.zeros_like(reward_TE)
    # With values of zero but for the bootstraps, the lambda-return of lambda = 1 is this sum.
    return gae(reward_TE, zero_TE, next_value_TE * cut_TE, terminated_TE, done_TE, gamma=gamma, gae_lambda=1.0)


def whole_return(return_TE: Tensor, done_TE: Tensor) -> Tensor:
    """G at the episode's first step, at all of its steps (T, E); an episode that began before counts from row 0."""
    check_same_shape(returns=return_TE, done=done_TE)
    row_T1 = torch.arange(len(done_TE), device=done_TE.device)[:, None]
    begins_TE = torch.cat((torch.ones_like(done_TE[:1]), done_TE[:-1]))
    first_TE = (row_T1 * begins_TE).cummax(0).values
    return return_TE.gather(0, first_TE)


def policy_gradient_weight(
    phi: Phi,
    reward_TE: Tensor,
    value_TE: Tensor,
    next_value_TE: Tensor,
    terminated_TE: Tensor,
    done_TE: Tensor,
    q_TE: Tensor,
    *,
    gamma: float,
    gae_lambda: float,
) -> tuple[Tensor, Tensor]:
    r"""Phi and what the critics are to learn, both (T, E).

    With G_t the reward to go and delta_t the TD residual:

    - return: G of the episode's first step, the same for all of its steps
    - reward_to_go: G_t, without what came before the action
    - baseline: G_t - V(s_t)
    - q: Q(s_t, a_t)
    - advantage: Q(s_t, a_t) - V(s_t)
    - td_residual: delta_t = r_t + gamma V(s_{t+1}) - V(s_t)
    - gae: sum_l (gamma lambda)^l delta_{t+l}

    Args:
        phi: which.
        reward_TE: (T, E) float rewards.
        value_TE: (T, E) values of the states acted in.
        next_value_TE: (T, E) values of the true successors.
        terminated_TE: (T, E) bool, the successor is terminal.
        done_TE: (T, E) bool, the episode ended here for either reason.
        q_TE: (T, E) action values, for ``q`` and ``advantage``; else anything of that shape.
        gamma: discount in [0, 1].
        gae_lambda: trace decay in [0, 1], for ``gae``.

    Returns:
        The weights, and the targets of the critics: V + Phi for the last two, which bootstrap, and G for the others.
    """
    check_same_shape(reward=reward_TE, q=q_TE)
    if phi == "td_residual":
        weight_TE = td_residual(reward_TE, value_TE, next_value_TE, terminated_TE, gamma)
        return weight_TE, value_TE + weight_TE
    if phi == "gae":
        weight_TE = gae(reward_TE, value_TE, next_value_TE, terminated_TE, done_TE, gamma=gamma, gae_lambda=gae_lambda)
        return weight_TE, value_TE + weight_TE
    return_TE = reward_to_go(reward_TE, next_value_TE, terminated_TE, done_TE, gamma)
    if phi == "return":
        return whole_return(return_TE, done_TE), return_TE
    if phi == "reward_to_go":
        return return_TE, return_TE
    if phi == "baseline":
        return return_TE - value_TE, return_TE
    return (q_TE if phi == "q" else q_TE - value_TE), return_TE
