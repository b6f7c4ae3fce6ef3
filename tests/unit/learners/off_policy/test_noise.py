"""Exploration noise: moments of the Gaussian one, the stationary variance and memory of the process."""

import pytest
import torch

from palestra.learners.off_policy.noise import NOISES, OU_RATE, GaussianNoise, OrnsteinUhlenbeckNoise

CPU = torch.device("cpu")


def test_gaussian_numbers_have_their_deviation_and_no_memory() -> None:
    noise, rng = GaussianNoise(0.3, 20_000, 2, CPU), torch.Generator().manual_seed(0)
    one, next_one = noise.next(rng), noise.next(rng)
    assert one.shape == (20_000, 2)
    assert one.std(0).tolist() == pytest.approx([0.3, 0.3], rel=0.02)
    assert abs(float((one * next_one).mean())) < 0.003


def test_the_process_comes_to_its_stationary_variance_and_correlation() -> None:
    # x' = (1 - theta) x + std eps: variance std^2 / (1 - (1 - theta)^2), of which x and x' share (1 - theta).
    noise, rng = OrnsteinUhlenbeckNoise(0.2, 20_000, 1, CPU), torch.Generator().manual_seed(0)
    for _ in range(60):
        before = noise.next(rng)
    after = noise.next(rng)
    variance = 0.2**2 / (1 - (1 - OU_RATE) ** 2)
    assert float(after.var()) == pytest.approx(variance, rel=0.03)
    assert float((after * before).mean()) == pytest.approx((1 - OU_RATE) * variance, rel=0.03)


def test_an_episode_begins_at_zero_and_the_others_go_on() -> None:
    noise = OrnsteinUhlenbeckNoise(1.0, 3, 2, CPU)
    before = noise.next(torch.Generator().manual_seed(0)).clone()
    noise.begin(torch.tensor([False, True, False]))
    assert noise.now_EA[1].tolist() == [0.0, 0.0]
    assert torch.equal(noise.now_EA[[0, 2]], before[[0, 2]])


def test_every_name_has_its_noise() -> None:
    assert {"gaussian": GaussianNoise, "ou": OrnsteinUhlenbeckNoise} == NOISES
