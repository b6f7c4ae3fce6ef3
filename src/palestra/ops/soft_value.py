"""The value of a categorical policy that is paid for its entropy: an exact sum over actions, no sample of them."""

from torch import Tensor

from palestra.ops.shapes import check_rank, check_same_shape
from palestra.ops.terms import Term


def soft_value(log_prob_BA: Tensor, q_BA: Tensor, alpha: Tensor | float) -> Tensor:
    """(B,) sum_a pi(a) (Q(a) - alpha log pi(a)) (Christodoulou 2019, eq. 10).

    Over all policies it is largest, alpha log sum_a exp(Q(a) / alpha), where pi is softmax(Q / alpha).

    Args:
        log_prob_BA: logarithms (B, A) of the policy's probabilities.
        q_BA: values (B, A) of the actions.
        alpha: what a nat of entropy is worth, a scalar.
    """
    check_rank(2, log_prob=log_prob_BA, q=q_BA)
    check_same_shape(log_prob=log_prob_BA, q=q_BA)
    return (log_prob_BA.exp() * (q_BA - alpha * log_prob_BA)).sum(1)


def soft_value_gradient(log_prob_BA: Tensor, q_BA: Tensor, alpha: Tensor | float) -> Tensor:
    """(B, A) derivative of ``soft_value`` by the policy's logits: pi(a) (Q(a) - alpha log pi(a) - V)."""
    worth_BA = q_BA - alpha * log_prob_BA
    prob_BA = log_prob_BA.exp()
    return prob_BA * (worth_BA - (prob_BA * worth_BA).sum(1, keepdim=True))


def mean_soft_value(logits_1BA: Tensor, log_prob_BA: Tensor, q_BA: Tensor, alpha: Tensor | float) -> Term:
    """E[V(s)] of the policy whose logits a network gave in its first rows, and whose ``log_prob`` is made from them.

    The values count as constants: what learns from it is the policy.
    """
    return Term(
        lambda: soft_value(log_prob_BA, q_BA, alpha).mean(),
        (logits_1BA, lambda: (soft_value_gradient(log_prob_BA, q_BA, alpha) / len(q_BA))[None]),
    )
