"""Diffusion against closed forms, against what is known of Gaussians, and against another library."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from palestra.ops.diffusion import (
    LEVEL_NUMBERS,
    average_share,
    denoised,
    level_numbers,
    noise_in,
    noise_schedule,
    noised,
    told_error,
    visited,
)
from palestra.ops.terms import differentiate


def test_the_cosine_is_that_of_its_formula() -> None:
    """Nichol & Dhariwal 2021, eq. 17: kept(t) = f(t) / f(0), but for the last level, which keeps a thousandth."""
    levels = 20
    kept = noise_schedule("cosine", levels)
    f = [math.cos((k / levels + 0.008) / 1.008 * math.pi / 2) ** 2 for k in range(levels + 1)]
    expected = [each / f[0] for each in f[1:-1]]
    assert kept.tolist() == pytest.approx([*expected, expected[-1] * 0.001])


def test_the_line_is_that_of_ho_et_al_in_a_thousand_levels_and_as_much_noise_in_fewer() -> None:
    beta = [1e-4 + (0.02 - 1e-4) * k / 999 for k in range(1_000)]
    kept = math.prod(1 - b for b in beta)
    assert float(noise_schedule("linear", 1_000)[-1]) == pytest.approx(kept)
    assert float(noise_schedule("linear", 100)[-1]) == pytest.approx(kept, rel=0.7)
    assert float(noise_schedule("linear", 100)[0]) == pytest.approx(1 - 1e-3)
    assert float(noise_schedule("linear", 5)[0]) == pytest.approx(1 - 0.02)
    assert float(noise_schedule("linear", 5)[-1]) > 0
    with pytest.raises(ValueError, match="0 levels of noise"):
        noise_schedule("cosine", 0)


@pytest.mark.parametrize("kind", ["cosine", "linear"])
def test_noise_grows(kind: Any) -> None:
    kept = noise_schedule(kind, 50)
    assert (kept.diff() < 0).all()
    assert 0 < float(kept[-1]) < 1e-2


def test_what_is_noised_keeps_its_share_of_the_variance() -> None:
    clean, noise = torch.tensor([[0.5, -1.0], [0.5, -1.0]]), torch.tensor([[1.0, 2.0], [1.0, 2.0]])
    expected = [[0.5 * 0.5 + 0.75**0.5, -0.5 + 2 * 0.75**0.5], [0.5, -1.0]]
    torch.testing.assert_close(noised(clean, noise, torch.tensor([0.25, 1.0])), torch.tensor(expected))
    with pytest.raises(ValueError, match="shapes differ"):
        noised(clean, noise[:1], torch.ones(2))


def test_levels_are_told_by_waves() -> None:
    made = level_numbers(10)
    assert made.shape == (10, LEVEL_NUMBERS)
    expected = [
        [f(math.pi * j * (k + 0.5) / 10) for f in (math.sin, math.cos) for j in (1, 2, 3, 4)] for k in range(10)
    ]
    torch.testing.assert_close(made, torch.tensor(expected))
    assert torch.cdist(made, made).fill_diagonal_(9.0).min() > 0.3  # no two look alike


def test_the_error_of_what_is_told_is_a_mean_of_squares() -> None:
    told, true = torch.tensor([[1.0, 2.0], [0.0, -1.0]]).requires_grad_(), torch.tensor([[0.0, 2.0], [0.0, 1.0]])
    error = told_error(told, true)
    assert float(error.value) == (1 + 0 + 0 + 4) / 4
    assert differentiate(error, lambda _: True).at[id(told)].tolist() == [[0.5, 0.0], [0.0, -1.0]]
    with pytest.raises(ValueError, match="shapes differ"):
        told_error(told, true[:1])


def test_what_is_clean_says_what_the_noise_is() -> None:
    rng = torch.Generator().manual_seed(0)
    clean, noise = torch.randn(5, 3, generator=rng), torch.randn(5, 3, generator=rng)
    x = noised(clean, noise, torch.full((5,), 0.3))
    torch.testing.assert_close(noise_in(x, clean, 0.3), noise)
    within = clean.clamp(-1.0, 1.0)
    torch.testing.assert_close(denoised(x, noise_in(x, within, 0.3), 0.3, 1.0), within)


def test_told_the_noise_a_step_back_leads_to_the_same_with_less_of_it() -> None:
    rng = torch.Generator().manual_seed(0)
    clean, noise = 2 * torch.rand(5, 3, generator=rng) - 1, torch.randn(5, 3, generator=rng)
    x = noised(clean, noise, torch.full((5,), 0.3))
    torch.testing.assert_close(denoised(x, noise, 0.3, 1.0), clean, rtol=0, atol=1e-5)
    torch.testing.assert_close(denoised(x, noise, 0.3, 0.7), noised(clean, noise, torch.full((5,), 0.7)))


def test_what_is_told_wrongly_stays_within_bounds() -> None:
    x = torch.full((1, 2), 5.0)
    assert denoised(x, torch.zeros(1, 2), 0.1, 1.0).tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_of_a_gaussian_the_way_back_has_its_mean_and_deviation(eta: float) -> None:
    """Of clean numbers N(m, s^2) the noise to be expected in x is known, and so is what comes of many small steps."""
    m, s, levels = 0.2, 0.1, 200
    kept = noise_schedule("cosine", levels).tolist()
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(20_000, 1, generator=rng)
    for level in reversed(range(levels)):
        variance = kept[level] * s**2 + 1 - kept[level]
        noise = (1 - kept[level]) ** 0.5 * (x - kept[level] ** 0.5 * m) / variance
        drawn = torch.randn(x.shape, generator=rng)
        x = denoised(x, noise, kept[level], kept[level - 1] if level else 1.0, eta, drawn)
    assert float(x.mean()) == pytest.approx(m, abs=0.005)
    assert float(x.std()) == pytest.approx(s, rel=0.1)  # with all that is new, a step takes a little too much away


def test_levels_on_the_way_back_are_spread_evenly() -> None:
    assert visited(50, 10) == [47, 42, 37, 32, 27, 22, 17, 12, 7, 2]
    assert visited(4, 4) == [3, 2, 1, 0]
    assert visited(7, 1) == [3]
    with pytest.raises(ValueError, match="5 of 4 levels"):
        visited(4, 5)


def test_an_average_of_power_one_is_the_mean_of_all_there_were() -> None:
    values, average = [3.0, -1.0, 4.0, 10.0], 100.0
    for update, value in enumerate(values):
        share = average_share(update, 1.0)
        average = share * average + (1 - share) * value
    assert average == pytest.approx(4.0)
    assert average_share(0, 0.75) == 0.0
    assert average_share(9_999, 0.75) == pytest.approx(0.999)  # Karras and Crowson's note on it


def way_back_of_the_papers(kind: str, levels: int, x: list[float], told: list[list[float]], drawn: Any) -> list[float]:
    """Ho et al. 2020, algorithm 2, of single numbers in loops, by alpha and beta in the place of shares.

    x_t-1 = mu(x_t, x_0) + sigma_t z (eq. 6 and 7), with x_0 by eq. 15, clipped, as in the code of its authors.
    """
    if kind == "linear":
        first, last = 1e-4 * 1_000 / levels, 0.02 * 1_000 / levels
        beta = [min(first + (last - first) * t / (levels - 1), 0.999) for t in range(levels)]
    else:
        f = [math.cos((t / levels + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(levels + 1)]
        beta = [min(1 - f[t + 1] / f[t], 0.999) for t in range(levels)]
    bar = [math.prod(1 - b for b in beta[: t + 1]) for t in range(levels)]
    for t in reversed(range(levels)):
        before = bar[t - 1] if t else 1.0
        for i, value in enumerate(x):
            clean = (value - math.sqrt(1 - bar[t]) * told[t][i]) / math.sqrt(bar[t])
            clean = max(-1.0, min(1.0, clean))
            mean = math.sqrt(before) * beta[t] / (1 - bar[t]) * clean
            mean += math.sqrt(1 - beta[t]) * (1 - before) / (1 - bar[t]) * value
            x[i] = mean + math.sqrt((1 - before) / (1 - bar[t]) * beta[t]) * drawn[t][i]
    return x


@pytest.mark.parametrize("kind", ["cosine", "linear"])
def test_with_all_that_is_new_and_every_level_it_is_the_sampling_of_ho_et_al(kind: Any) -> None:
    levels, rng = 8, torch.Generator().manual_seed(0)
    x, told, drawn = (torch.randn(*shape, generator=rng).double() for shape in ((5,), (levels, 5), (levels, 5)))
    expected = way_back_of_the_papers(kind, levels, x.tolist(), told.tolist(), drawn.tolist())
    kept, ours = noise_schedule(kind, levels).tolist(), x[None]
    for now in reversed(range(levels)):
        ours = denoised(ours, told[now][None], kept[now], kept[now - 1] if now else 1.0, 1.0, drawn[now][None])
    torch.testing.assert_close(ours[0], torch.tensor(expected).double(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("eta", [0.0, 0.5])
def test_with_levels_left_out_it_is_the_sampling_of_song_et_al(eta: float) -> None:
    """Eq. 12 with the sigma of eq. 16, of single numbers in loops."""
    levels, rng = 12, torch.Generator().manual_seed(1)
    kept, path = noise_schedule("cosine", levels).tolist(), visited(12, 4)
    assert path == [10, 7, 4, 1]
    x, told, drawn = (torch.randn(*shape, generator=rng).double() for shape in ((5,), (4, 5), (4, 5)))
    expected, ours = x.tolist(), x[None]
    for i, now in enumerate(path):
        a, b = kept[now], kept[path[i + 1]] if i + 1 < len(path) else 1.0
        sigma = eta * math.sqrt((1 - b) / (1 - a)) * math.sqrt(1 - a / b)
        for j, value in enumerate(expected):
            clean = max(-1.0, min(1.0, (value - math.sqrt(1 - a) * float(told[i, j])) / math.sqrt(a)))
            noise = (value - math.sqrt(a) * clean) / math.sqrt(1 - a)  # of a clean number that was clipped
            ahead = math.sqrt(b) * clean + math.sqrt(max(0.0, 1 - b - sigma**2)) * noise
            expected[j] = ahead + sigma * float(drawn[i, j])
        ours = denoised(ours, told[i][None], a, b, eta, drawn[i][None])
    torch.testing.assert_close(ours[0], torch.tensor(expected).double(), rtol=1e-6, atol=1e-6)


def plain(kind: str, levels: int, offset: int) -> tuple[Any, Any]:
    """The schedulers of the library diffusers, for sampling as Ho et al. and as Song et al. do."""
    diffusers = pytest.importorskip("diffusers", reason="another library to be held against")
    named = {"cosine": "squaredcos_cap_v2", "linear": "linear"}[kind]
    settings = {
        "num_train_timesteps": levels, "beta_schedule": named, "beta_start": 1e-4 * 1_000 / levels,
        "beta_end": 0.02 * 1_000 / levels, "clip_sample": True,
    }  # fmt: skip
    return diffusers.DDPMScheduler(**settings), diffusers.DDIMScheduler(**settings, steps_offset=offset)


def rows(seed: int) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(6, 8, generator=rng), torch.randn(6, 8, generator=rng)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["cosine", "linear"])
def test_schedules_noise_and_steps_are_those_of_diffusers(kind: Any) -> None:
    levels, count = 50, 10
    ddpm, ddim = plain(kind, levels, levels // count // 2)
    kept = noise_schedule(kind, levels)
    torch.testing.assert_close(kept.float(), ddpm.alphas_cumprod, rtol=1e-3, atol=1e-7)
    share = kept.tolist()
    clean, noise = rows(0)
    level = torch.tensor([0, 3, 10, 25, 40, 49])
    torch.testing.assert_close(
        noised(clean, noise, kept[level].float()), ddpm.add_noise(clean, noise, level), rtol=1e-4, atol=1e-5
    )
    ddim.set_timesteps(count)
    assert ddim.timesteps.tolist() == visited(levels, count)
    path = visited(levels, count)
    for i, now in enumerate(path[:-1]):
        x, told = rows(now)
        theirs = ddim.step(told, now, x, use_clipped_model_output=True).prev_sample
        ours = denoised(x, told, share[now], share[path[i + 1]])
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)
        drawn = rows(now + 1)[0]
        theirs = ddim.step(told, now, x, 0.5, True, variance_noise=drawn).prev_sample
        torch.testing.assert_close(
            denoised(x, told, share[now], share[path[i + 1]], 0.5, drawn), theirs, rtol=1e-3, atol=1e-3
        )
    ddpm.set_timesteps(levels)
    for now in (48, 30, 5, 1):  # Ho et al.'s step, algorithm 2, is that with eta = 1 to the next level
        x, told = rows(now)
        theirs = ddpm.step(told, now, x, generator=torch.Generator().manual_seed(now)).prev_sample
        drawn = torch.randn(x.shape, generator=torch.Generator().manual_seed(now))
        ours = denoised(x, told, share[now], share[now - 1], 1.0, drawn)
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_average_of_weights_is_that_of_diffusers() -> None:
    training = pytest.importorskip("diffusers.training_utils", reason="another library to be held against")
    theirs = training.EMAModel([torch.zeros(1)], use_ema_warmup=True, power=0.75, decay=1.0)
    for update in (0, 1, 2, 10, 1_000):
        assert average_share(update, 0.75) == pytest.approx(theirs.get_decay(update + 1))
