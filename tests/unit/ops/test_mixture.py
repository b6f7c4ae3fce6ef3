"""Mixtures of Gaussians against PyTorch's, and their samples against their weights."""

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from palestra.ops.mixture import mixture_likeliest, mixture_log_prob, mixture_sample


def parts(rows: int = 7) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    rng = torch.Generator().manual_seed(0)
    shapes = ((rows, 3), (rows, 3, 2), (rows, 3, 2), (rows, 2))
    logit, mean, log_std, action = (torch.randn(shape, generator=rng, dtype=torch.float64) for shape in shapes)
    return logit, mean, log_std, action


def test_log_densities_and_their_derivatives_are_those_of_pytorch() -> None:
    *given, action = parts()
    for each in given:
        each.requires_grad_()
    logit, mean, log_std = given
    theirs = MixtureSameFamily(Categorical(logits=logit), Independent(Normal(mean, log_std.exp()), 1)).log_prob(action)
    ours = mixture_log_prob(logit, mean, log_std, action)
    torch.testing.assert_close(ours, theirs)
    for a, b in zip(torch.autograd.grad(ours.sum(), given), torch.autograd.grad(theirs.sum(), given), strict=True):
        torch.testing.assert_close(a, b)


def test_one_component_is_a_gaussian_and_far_from_all_nothing_overflows() -> None:
    logit, mean, log_std, action = parts()
    alone = mixture_log_prob(logit[:, :1], mean[:, :1], log_std[:, :1], action)
    torch.testing.assert_close(alone, Normal(mean[:, 0], log_std[:, 0].exp()).log_prob(action).sum(1))
    assert mixture_log_prob(logit, mean, log_std, 1e4 + action).isfinite().all()


def test_samples_come_as_often_as_their_weights_say_and_as_far_off_as_their_deviations() -> None:
    logit = torch.tensor([[0.7, 0.3]]).log().expand(20_000, 2)
    mean = torch.tensor([[[-1.0], [2.0]]]).expand(20_000, 2, 1)
    log_std = torch.tensor([[[0.1], [0.2]]]).log().expand(20_000, 2, 1)
    drawn = mixture_sample(logit, mean, log_std, torch.Generator().manual_seed(0)).squeeze(1)
    left, right = drawn[drawn < 0.5], drawn[drawn > 0.5]
    assert len(left) / len(drawn) == pytest.approx(0.7, abs=0.01)
    assert (float(left.mean()), float(left.std())) == pytest.approx((-1.0, 0.1), abs=0.01)
    assert (float(right.mean()), float(right.std())) == pytest.approx((2.0, 0.2), abs=0.01)


def test_the_likeliest_answer_is_one_of_them() -> None:
    logit, mean = torch.tensor([[0.0, 1.0], [2.0, 1.0]]), torch.tensor([[[-1.0], [1.0]], [[-3.0], [3.0]]])
    assert mixture_likeliest(logit, mean).tolist() == [[1.0], [-3.0]]
    with pytest.raises(ValueError, match="mean has shape"):
        mixture_log_prob(logit, mean[:, 0], mean[:, 0], mean[:, 0])
