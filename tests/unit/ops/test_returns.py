"""Returns and advantages against their definitions, written out here with loops over time."""

import math

import pytest
import torch

from palestra.ops.returns import gae, lambda_return, nstep_target, td_residual


def random_rollout(rng: torch.Generator, steps: int, envs: int) -> dict[str, torch.Tensor]:
    """Rewards, values and the two kinds of ending; never both in one step."""
    shape = (steps, envs)
    share = float(torch.rand((), generator=rng))
    ended = torch.rand(shape, generator=rng) < 0.6 * share
    terminal = torch.rand(shape, generator=rng) < 0.5
    return {
        "reward": torch.randn(shape, generator=rng, dtype=torch.float64),
        "value": torch.randn(shape, generator=rng, dtype=torch.float64),
        "next_value": torch.randn(shape, generator=rng, dtype=torch.float64),
        "terminated": ended & terminal,
        "truncated": ended & ~terminal,
    }


def gae_by_definition(r: dict[str, torch.Tensor], gamma: float, gae_lambda: float) -> torch.Tensor:
    """Schulman et al. 2016, eq. 16: A_t = sum_l (gamma lambda)^l delta_{t+l} over the rest of the episode."""
    steps, envs = r["reward"].shape
    out = torch.zeros(steps, envs, dtype=torch.float64)
    for e in range(envs):
        for t in range(steps):
            total, weight = 0.0, 1.0
            for k in range(t, steps):
                bootstrap = 0.0 if r["terminated"][k, e] else gamma * float(r["next_value"][k, e])
                total += weight * (float(r["reward"][k, e]) + bootstrap - float(r["value"][k, e]))
                if r["terminated"][k, e] or r["truncated"][k, e]:
                    break
                weight *= gamma * gae_lambda
            out[t, e] = total
    return out


def our_gae(r: dict[str, torch.Tensor], gamma: float, gae_lambda: float) -> torch.Tensor:
    done = r["terminated"] | r["truncated"]
    return gae(
        r["reward"], r["value"], r["next_value"], r["terminated"], done, gamma=gamma, gae_lambda=gae_lambda
    )  # fmt: skip


def test_gae_is_its_definition_on_a_thousand_random_masks() -> None:
    rng = torch.Generator().manual_seed(1)
    for case in range(1_000):
        steps = 1 + case % 9
        r = random_rollout(rng, steps, envs=1 + case % 2)
        gamma, gae_lambda = (float(x) for x in torch.rand(2, generator=rng, dtype=torch.float64))
        torch.testing.assert_close(
            our_gae(r, gamma, gae_lambda), gae_by_definition(r, gamma, gae_lambda), rtol=1e-12, atol=1e-12
        )


def test_lambda_one_is_the_monte_carlo_return_minus_the_value() -> None:
    rng = torch.Generator().manual_seed(2)
    for _ in range(100):
        r = random_rollout(rng, 8, 2)
        returns = torch.zeros(8, 2, dtype=torch.float64)
        for e in range(2):
            for t in range(7, -1, -1):
                if r["terminated"][t, e]:
                    follow = 0.0
                elif r["truncated"][t, e] or t == 7:
                    follow = float(r["next_value"][t, e])
                else:
                    follow = float(returns[t + 1, e])
                returns[t, e] = float(r["reward"][t, e]) + 0.9 * follow
        # The successor's value must be the next row's for the sum to telescope.
        joined = ~(r["terminated"] | r["truncated"])[:-1]
        r["next_value"][:-1][joined] = r["value"][1:][joined]
        torch.testing.assert_close(our_gae(r, 0.9, 1.0), returns - r["value"])


def test_lambda_zero_is_the_td_residual() -> None:
    r = random_rollout(torch.Generator().manual_seed(3), 20, 4)
    residual = td_residual(r["reward"], r["value"], r["next_value"], r["terminated"], 0.95)
    torch.testing.assert_close(our_gae(r, 0.95, 0.0), residual, rtol=0, atol=0)


def test_gae_of_three_steps_by_hand() -> None:
    # gamma 0.5, lambda 0.5: gamma lambda = 0.25. The second step is truncated, the third terminates.
    column = [[1.0], [2.0], [4.0]]
    r = {
        "reward": torch.tensor(column),
        "value": torch.tensor([[10.0], [20.0], [30.0]]),
        "next_value": torch.tensor([[20.0], [8.0], [99.0]]),
        "terminated": torch.tensor([[False], [False], [True]]),
        "truncated": torch.tensor([[False], [True], [False]]),
    }
    delta = [1 + 0.5 * 20 - 10, 2 + 0.5 * 8 - 20, 4 + 0 - 30]  # 1, -14, -26
    expected = [[delta[0] + 0.25 * delta[1]], [delta[1]], [delta[2]]]  # -2.5, -14, -26
    assert our_gae(r, 0.5, 0.5).tolist() == expected == [[-2.5], [-14.0], [-26.0]]


def test_a_time_limit_is_not_death() -> None:
    # Reward 1 for ever is worth 1 / (1 - 0.9) = 10. Cut at ten steps, only the bootstrap keeps it at 10;
    # without it the first step would be worth (1 - 0.9^10) / 0.1 = 6.51.
    ones, ten = torch.ones(10, 1, dtype=torch.float64), torch.full((10, 1), 10.0, dtype=torch.float64)
    last = torch.zeros(10, 1, dtype=torch.bool)
    last[-1] = True
    never = torch.zeros_like(last)
    truncated = {"reward": ones, "value": ten, "next_value": ten, "terminated": never, "truncated": last}
    assert (ten + our_gae(truncated, 0.9, 1.0)).flatten().tolist() == pytest.approx([10.0] * 10)
    killed = {**truncated, "terminated": last, "truncated": never}
    assert float((ten + our_gae(killed, 0.9, 1.0))[0]) == pytest.approx((1 - 0.9**10) / 0.1) == pytest.approx(6.5132156)


def nstep_by_definition(
    reward: torch.Tensor, terminated: torch.Tensor, truncated: torch.Tensor, gamma: float
) -> tuple[float, float, int]:
    total = 0.0
    for k in range(len(reward)):
        total += gamma**k * float(reward[k])
        if terminated[k]:
            return total, 0.0, k
        if truncated[k]:
            break
    return total, gamma ** (k + 1), k


def test_nstep_target_is_its_definition_on_a_thousand_random_windows() -> None:
    rng = torch.Generator().manual_seed(4)
    for case in range(1_000):
        n = 1 + case % 6
        r = random_rollout(rng, n, envs=3)
        reward, terminated, truncated = (r[key].t() for key in ("reward", "terminated", "truncated"))
        gamma = float(torch.rand((), generator=rng, dtype=torch.float64))
        returns, discount, last = nstep_target(reward, terminated, terminated | truncated, gamma)
        for b in range(3):
            expected = nstep_by_definition(reward[b], terminated[b], truncated[b], gamma)
            assert (float(returns[b]), float(discount[b]), int(last[b])) == pytest.approx(expected, abs=1e-12)


def test_nstep_target_by_hand() -> None:
    reward = torch.tensor([[1.0, 2.0, 4.0], [1.0, 2.0, 4.0], [1.0, 2.0, 4.0]])
    terminated = torch.tensor([[False, False, False], [False, True, False], [False, False, False]])
    truncated = torch.tensor([[False, False, False], [False, False, False], [True, False, True]])
    returns, discount, last = nstep_target(reward, terminated, terminated | truncated, 0.5)
    assert returns.tolist() == [1 + 0.5 * 2 + 0.25 * 4, 1 + 0.5 * 2, 1]
    assert discount.tolist() == [0.5**3, 0.0, 0.5]  # a whole window; ended in death; cut after one step
    assert last.tolist() == [2, 1, 0]


@pytest.mark.parametrize("gamma", [0.0, 1.0])
def test_the_ends_of_the_range_of_gamma(gamma: float) -> None:
    reward = torch.tensor([[3.0, 5.0]])
    none = torch.zeros(1, 2, dtype=torch.bool)
    returns, discount, _ = nstep_target(reward, none, none, gamma)
    assert (float(returns), float(discount)) == (3.0 + gamma * 5.0, gamma)


def test_ranks_and_shapes_are_checked_at_the_door() -> None:
    flat, column = torch.zeros(4), torch.zeros(4, 1)
    mask = torch.zeros(4, 1, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"reward has shape \(4,\); expected 2 dimensions"):
        gae(flat, column, column, mask, mask, gamma=0.9, gae_lambda=0.9)
    with pytest.raises(ValueError, match="shapes differ: reward"):
        gae(column, torch.zeros(4, 2), column, mask, mask, gamma=0.9, gae_lambda=0.9)
    with pytest.raises(ValueError, match=r"done \(3, 1\)"):
        gae(column, column, column, mask, mask[:3], gamma=0.9, gae_lambda=0.9)
    with pytest.raises(ValueError, match="reward has shape"):
        nstep_target(flat, mask, mask, 0.9)
    with pytest.raises(ValueError, match="shapes differ"):
        nstep_target(column, mask, mask[:3], 0.9)


def test_nstep_target_never_looks_at_what_lies_beyond_the_window() -> None:
    reward = torch.tensor([[1.0, 2.0, math.nan, math.inf]])  # a ring buffer's unwritten memory may hold anything
    done = torch.tensor([[False, True, True, False]])
    returns, discount, last = nstep_target(reward, torch.zeros_like(done), done, 0.5)
    assert (returns.tolist(), discount.tolist(), last.tolist()) == ([2.0], [0.25], [1])


def test_lambda_returns_of_five_steps_are_what_the_hand_computes() -> None:
    """Gamma 1/2 and lambda 1/2; the third step is terminal, the fourth is cut, the fifth is the last of the rollout."""
    target = lambda_return(
        torch.tensor([[1.0], [2.0], [4.0], [1.0], [0.0]]),
        torch.tensor([[8.0], [4.0], [99.0], [6.0], [10.0]]),
        torch.tensor([[False], [False], [True], [False], [False]]),
        torch.tensor([[False], [False], [True], [True], [False]]),
        gamma=0.5, trace=0.5,
    )  # fmt: skip
    fifth = 0 + 0.5 * 10  # nothing comes after it
    fourth = 1 + 0.5 * 6  # cut: the value of where it was cut, whole
    third = 4.0  # the end: whatever the value of its successor
    second = 2 + 0.5 * (0.5 * 4 + 0.5 * third)
    first = 1 + 0.5 * (0.5 * 8 + 0.5 * second)
    assert target.flatten().tolist() == [first, second, third, fourth, fifth]


@pytest.mark.parametrize("trace", [0.0, 0.65, 1.0])
def test_lambda_returns_are_values_and_advantages_where_values_are_of_the_states(trace: float) -> None:
    rng = torch.Generator().manual_seed(4)
    for _ in range(50):
        r = random_rollout(rng, 7, 2)
        done = r["terminated"] | r["truncated"]
        inside = ~done[:-1]  # there the successor is the next row's state
        r["next_value"][:-1] = torch.where(inside, r["value"][1:], r["next_value"][:-1])
        ours = lambda_return(r["reward"], r["next_value"], r["terminated"], done, gamma=0.9, trace=trace)
        advantage = gae(
            r["reward"], r["value"], r["next_value"], r["terminated"], done, gamma=0.9, gae_lambda=trace
        )  # fmt: skip
        torch.testing.assert_close(ours, advantage + r["value"], rtol=1e-12, atol=1e-12)


def test_a_terminal_state_beyond_which_nothing_is_known_leaves_no_trace() -> None:
    nothing = torch.full((2, 1), math.nan)
    target = lambda_return(
        torch.ones(2, 1), torch.tensor([[3.0], [1e30]]), torch.tensor([[False], [True]]),
        torch.tensor([[False], [True]]), gamma=1.0, trace=1.0,
    )  # fmt: skip
    assert target.flatten().tolist() == [2.0, 1.0]
    with pytest.raises(ValueError, match="shapes differ"):
        lambda_return(torch.ones(2, 1), nothing[:1], target > 0, target > 0, gamma=1.0, trace=1.0)
