"""What theory says of bandits: divergences between arms, bounds on regret, and schedules of exploration.

A bandit here is a column: (A, B) holds a figure for each of A arms of each of B bandits. ``gap`` is the best arm's
mean minus an arm's own; the regret of T pulls is the sum of the gaps of the arms pulled.
"""

import math

import torch
from torch import Generator, Tensor

from palestra.ops.columns import array, places, tensor
from palestra.ops.shapes import check_rank, check_same_shape


def bernoulli_kl(p: Tensor, q: Tensor) -> Tensor:
    """KL(Bernoulli(p) || Bernoulli(q)) in nats, elementwise: infinite where q excludes what p allows."""
    check_same_shape(p=p, q=q)
    return torch.xlogy(p, p) - torch.xlogy(p, q) + torch.xlogy(1 - p, 1 - p) - torch.xlogy(1 - p, 1 - q)


def gaussian_kl(p: Tensor, q: Tensor, std: float) -> Tensor:
    """KL(N(p, std^2) || N(q, std^2)) = (p - q)^2 / (2 std^2) in nats, elementwise."""
    check_same_shape(p=p, q=q)
    return (p - q).square() / (2.0 * std * std)


def lai_robbins(gap_AB: Tensor, kl_AB: Tensor) -> Tensor:
    """(B,) C such that no good policy's regret grows slower than C log t (Lai & Robbins 1985, theorem 2).

    C = sum over arms with a gap of gap / KL(arm || best arm). It holds as t goes to infinity: at a given t, arms whose
    gap is too small to be told apart have not cost that much yet.
    """
    check_rank(2, gap=gap_AB, kl=kl_AB)
    check_same_shape(gap=gap_AB, kl=kl_AB)
    return torch.where(gap_AB > 0, gap_AB / kl_AB, 0.0).sum(0)


def ucb1_pulls_bound(gap_AB: Tensor, pulls: int) -> Tensor:
    """(A, B) bound on how often UCB1 pulls each arm in expectation; infinite for the best.

    8 ln(n) / gap^2 + 1 + pi^2 / 3, for rewards in [0, 1] (Auer, Cesa-Bianchi & Fischer 2002, proof of theorem 1).
    """
    check_rank(2, gap=gap_AB)
    return 8.0 * math.log(pulls) / gap_AB.square() + 1.0 + math.pi**2 / 3.0


def ucb1_regret_bound(gap_AB: Tensor, pulls: int) -> Tensor:
    """(B,) bound on UCB1's expected regret after this many pulls (Auer, Cesa-Bianchi & Fischer 2002, theorem 1)."""
    bound_AB = gap_AB * ucb1_pulls_bound(gap_AB, pulls)
    return torch.where(gap_AB > 0, bound_AB, 0.0).sum(0)


def epsilon_at(schedule: str, time_T: Tensor, start: float, end: float, horizon: float) -> Tensor:
    """(T,) probability of exploring at pulls (T,) counted from 1.

    ==============  ==============================================  ======================================
    constant        start
    inverse         start / t, at most 1                            Auer et al. 2002, with start = c A / d^2
    inverse-sqrt    start / sqrt(t), at most 1
    exponential     end + (start - end) exp(-t / horizon)
    linear          from start to end over ``horizon`` pulls
    ==============  ==============================================  ======================================
    """
    check_rank(1, time=time_T)
    if schedule == "constant":
        return torch.full_like(time_T, start)
    if schedule == "inverse":
        return (start / time_T).clamp(max=1.0)
    if schedule == "inverse-sqrt":
        return (start / time_T.sqrt()).clamp(max=1.0)
    if schedule == "exponential":
        return end + (start - end) * torch.exp(-time_T / horizon)
    if schedule == "linear":
        return start + (end - start) * (time_T / horizon).clamp(max=1.0)
    raise ValueError(f"schedule {schedule!r}; expected constant, inverse, inverse-sqrt, exponential or linear")


def explorers(epsilon_T: Tensor, num_bandits: int, generator: Generator) -> Tensor:
    """(L,) int64, ascending: t B + b of each pull t of each bandit b that explores, with probability epsilon_T[t] each.

    It does if u < epsilon, where u = (byte + w) / 256 is uniform. Random numbers are most of the cost, and a byte is a
    quarter of one: w is drawn where the byte leaves it open.
    """
    check_rank(1, epsilon=epsilon_T)
    number = len(epsilon_T) * num_bandits
    words = torch.empty(-(-number // 8), dtype=torch.int64, device=epsilon_T.device)
    byte_TB = words.random_(-(2**63), None, generator=generator).view(torch.uint8)[:number].view(-1, num_bandits)
    reach_T = 256 * epsilon_T
    most_T1 = reach_T.clamp(max=255).byte()[:, None]
    place_L = tensor(places(array(byte_TB) <= array(most_T1)))
    above_L = reach_T.index_select(0, tensor(array(place_L) // num_bandits)) - byte_TB.view(-1).index_select(0, place_L)
    w_L = torch.rand(above_L.shape, generator=generator, device=above_L.device)
    return place_L.index_select(0, tensor(places(array(w_L < above_L))))
