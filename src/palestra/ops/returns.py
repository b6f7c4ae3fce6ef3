"""Returns and advantages over rollouts of several environments side by side.

Two masks say how a transition ends, and they never merge:
``terminated`` zeroes the bootstrap, ``done = terminated | truncated`` cuts the recursion. ``next_value_TE`` is the
value of the *true* successor (``StepResult.final_obs``), so a truncated step bootstraps from the state it was cut in.
"""

import torch
from torch import Tensor

from palestra.ops.shapes import check_rank, check_same_shape


def td_residual(
    reward_TE: Tensor, value_TE: Tensor, next_value_TE: Tensor, terminated_TE: Tensor, gamma: float | Tensor
) -> Tensor:
    """delta_t = r_t + gamma * (1 - terminated_t) * V(s_{t+1}) - V(s_t), shape (T, E) (Sutton & Barto 2018, eq. 6.5)."""
    check_same_shape(reward=reward_TE, value=value_TE, next_value=next_value_TE, terminated=terminated_TE)
    return reward_TE + gamma * next_value_TE * ~terminated_TE - value_TE


def gae(
    reward_TE: Tensor,
    value_TE: Tensor,
    next_value_TE: Tensor,
    terminated_TE: Tensor,
    done_TE: Tensor,
    *,
    gamma: float | Tensor,
    gae_lambda: float | Tensor,
) -> Tensor:
    r"""Generalised advantage estimation, A_t = sum_l (gamma lambda)^l delta_{t+l} within an episode.

    Schulman et al. 2016, eq. 16, computed backwards: A_t = delta_t + gamma lambda (1 - done_t) A_{t+1}. With
    ``gae_lambda=1`` it is the Monte Carlo return minus the value; with 0, the one-step TD residual.

    Args:
        reward_TE: (T, E) float rewards.
        value_TE: (T, E) values of the states acted in.
        next_value_TE: (T, E) values of the true successors.
        terminated_TE: (T, E) bool, the successor is terminal.
        done_TE: (T, E) bool, the episode ended here for either reason.
        gamma: discount in [0, 1]; one for all, or one for each environment (E,).
        gae_lambda: trace decay in [0, 1]; likewise.

    Returns:
        (T, E) advantages. Add ``value_TE`` for the lambda-returns.
    """
    check_rank(2, reward=reward_TE)
    delta_TE = td_residual(reward_TE, value_TE, next_value_TE, terminated_TE, gamma)
    check_same_shape(delta=delta_TE, done=done_TE)
    decay_TE = (gamma * gae_lambda) * (~done_TE).to(delta_TE.dtype)
    advantage_TE = torch.empty_like(delta_TE)
    running_E = torch.zeros_like(delta_TE[0])
    for t in range(delta_TE.shape[0] - 1, -1, -1):
        running_E = torch.addcmul(delta_TE[t], decay_TE[t], running_E)
        advantage_TE[t] = running_E
    return advantage_TE


def lambda_return(
    reward_TE: Tensor,
    next_value_TE: Tensor,
    terminated_TE: Tensor,
    done_TE: Tensor,
    *,
    gamma: float,
    trace: float,
) -> Tensor:
    r"""Returns that trust the value of a successor as far as 1 - lambda, and what came after it for the rest.

    G_t = r_t + gamma (1 - terminated_t) ((1 - lambda) V(s_{t+1}) + lambda G_{t+1}) within an episode; at its end, and
    in the last row, G_t = r_t + gamma (1 - terminated_t) V(s_{t+1}) (Sutton & Barto 2018, section 12.1). With
    V = max_a Q it is Peng's Q(lambda), which does not ask whether the actions taken were greedy.

    Args:
        reward_TE: (T, E) float rewards.
        next_value_TE: (T, E) values of the true successors.
        terminated_TE: (T, E) bool, the successor is terminal.
        done_TE: (T, E) bool, the episode ended here for either reason.
        gamma: discount in [0, 1].
        trace: lambda in [0, 1].

    Returns:
        (T, E) targets.
    """
    check_rank(2, reward=reward_TE)
    check_same_shape(reward=reward_TE, next_value=next_value_TE, terminated=terminated_TE, done=done_TE)
    discount_TE = gamma * (~terminated_TE).to(reward_TE.dtype)
    goes_on_TE = trace * (~done_TE).to(reward_TE.dtype)
    target_TE = torch.empty_like(reward_TE)
    following_E = next_value_TE[-1]
    for t in range(reward_TE.shape[0] - 1, -1, -1):
        beyond_E = torch.lerp(next_value_TE[t], following_E, goes_on_TE[t])
        following_E = torch.addcmul(reward_TE[t], discount_TE[t], beyond_E)
        target_TE[t] = following_E
    return target_TE


def nstep_target(
    reward_BN: Tensor, terminated_BN: Tensor, done_BN: Tensor, gamma: float
) -> tuple[Tensor, Tensor, Tensor]:
    r"""The parts of an n-step return from windows of N consecutive transitions.

    The window stops at its first ``done``. With m the number of transitions used,
    G = sum_{k<m} gamma^k r_k + gamma^m (1 - terminated_{m-1}) V(s_m) (Sutton & Barto 2018, eq. 7.1).

    Returns:
        ``return_B``: (B,) the discounted sum of the rewards used.
        ``discount_B``: (B,) gamma^m, or 0 where the last used transition terminated: multiply the bootstrap by it.
        ``last_B``: (B,) int64, index m - 1 of the last used transition, whose successor to bootstrap from.
    """
    check_rank(2, reward=reward_BN, terminated=terminated_BN, done=done_BN)
    check_same_shape(reward=reward_BN, terminated=terminated_BN, done=done_BN)
    n = reward_BN.shape[1]
    ended_before_BN = torch.cat((torch.zeros_like(done_BN[:, :1]), done_BN[:, :-1]), 1).cummax(1).values
    used_BN = ~ended_before_BN
    power_N = gamma ** torch.arange(n, device=reward_BN.device, dtype=reward_BN.dtype)
    # Chosen, not multiplied by 0: beyond the window may lie memory that was never written, and 0 times NaN is NaN.
    return_B = (torch.where(used_BN, reward_BN, 0.0) * power_N).sum(1)
    last_B = used_BN.sum(1) - 1
    survives_B = ~terminated_BN.gather(1, last_B[:, None]).squeeze(1)
    discount_B = gamma * power_N[last_B] * survives_B
    return return_B, discount_B, last_B
