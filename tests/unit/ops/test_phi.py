"""The weights of the policy gradient against their definitions, written out here with loops over time."""

from typing import get_args

import pytest
import torch

from palestra.ops.phi import Phi, policy_gradient_weight, reward_to_go, whole_return

GAMMA, LAMBDA = 0.9, 0.7
R = dict[str, torch.Tensor]


def random_rollout(rng: torch.Generator, steps: int, envs: int) -> R:
    """Rewards, values and the two kinds of ending, never both in one step; all of them independent of one another."""
    shape = (steps, envs)
    ended = torch.rand(shape, generator=rng) < 0.6 * float(torch.rand((), generator=rng))
    terminal = torch.rand(shape, generator=rng) < 0.5
    numbers = {
        key: torch.randn(shape, generator=rng, dtype=torch.float64) for key in ("reward", "value", "next_value", "q")
    }
    return {**numbers, "terminated": ended & terminal, "truncated": ended & ~terminal}


def ours(phi: Phi, r: R) -> tuple[torch.Tensor, torch.Tensor]:
    done = r["terminated"] | r["truncated"]
    return policy_gradient_weight(
        phi, r["reward"], r["value"], r["next_value"], r["terminated"], done, r["q"], gamma=GAMMA, gae_lambda=LAMBDA
    )


def ends(r: R, t: int, e: int) -> bool:
    return bool(r["terminated"][t, e] or r["truncated"][t, e])


def to_go(r: R, t: int, e: int) -> float:
    """The discounted rewards from t to the end of the episode or rollout, and the value where life goes on unseen."""
    total = 0.0
    for k in range(t, len(r["reward"])):
        total += GAMMA ** (k - t) * float(r["reward"][k, e])
        if r["terminated"][k, e]:
            return total
        if r["truncated"][k, e] or k == len(r["reward"]) - 1:
            return total + GAMMA ** (k - t + 1) * float(r["next_value"][k, e])
    raise AssertionError


def start(r: R, t: int, e: int) -> int:
    """The first row of t's episode in the rollout."""
    while t > 0 and not ends(r, t - 1, e):
        t -= 1
    return t


def delta(r: R, t: int, e: int) -> float:
    following = 0.0 if r["terminated"][t, e] else float(r["next_value"][t, e])
    return float(r["reward"][t, e]) + GAMMA * following - float(r["value"][t, e])


def gae(r: R, t: int, e: int) -> float:
    total = 0.0
    for k in range(t, len(r["reward"])):
        total += (GAMMA * LAMBDA) ** (k - t) * delta(r, k, e)
        if ends(r, k, e):
            break
    return total


DEFINITIONS = {
    "return": lambda r, t, e: (to_go(r, start(r, t, e), e), to_go(r, t, e)),
    "reward_to_go": lambda r, t, e: (to_go(r, t, e), to_go(r, t, e)),
    "baseline": lambda r, t, e: (to_go(r, t, e) - float(r["value"][t, e]), to_go(r, t, e)),
    "q": lambda r, t, e: (float(r["q"][t, e]), to_go(r, t, e)),
    "advantage": lambda r, t, e: (float(r["q"][t, e] - r["value"][t, e]), to_go(r, t, e)),
    "td_residual": lambda r, t, e: (delta(r, t, e), delta(r, t, e) + float(r["value"][t, e])),
    "gae": lambda r, t, e: (gae(r, t, e), gae(r, t, e) + float(r["value"][t, e])),
}
"""Weight and target of the critic at one step, in the time of a sum over the rest of the episode."""


@pytest.mark.parametrize("phi", get_args(Phi))
def test_every_weight_is_its_definition_on_random_masks(phi: Phi) -> None:
    rng = torch.Generator().manual_seed(1)
    for case in range(150):
        r = random_rollout(rng, 1 + case % 9, 1 + case % 2)
        for weights, which in zip(ours(phi, r), (0, 1), strict=True):
            expected = [
                [DEFINITIONS[phi](r, t, e)[which] for e in range(weights.shape[1])] for t in range(len(weights))
            ]
            torch.testing.assert_close(weights, torch.tensor(expected, dtype=torch.float64), rtol=1e-10, atol=1e-12)


def test_five_steps_by_hand() -> None:
    # gamma 0.5. Two steps that terminate, two that are cut in a state worth 8, one that the rollout leaves at 4.
    column = torch.tensor([[1.0], [2.0], [3.0], [4.0], [5.0]])
    next_value = torch.tensor([[99.0], [99.0], [99.0], [8.0], [4.0]])
    terminated = torch.tensor([[False], [True], [False], [False], [False]])
    done = torch.tensor([[False], [True], [False], [True], [False]])
    returns = reward_to_go(column, next_value, terminated, done, 0.5)
    expected = [1 + 0.5 * 2, 2, 3 + 0.5 * (4 + 0.5 * 8), 4 + 0.5 * 8, 5 + 0.5 * 4]
    assert returns.flatten().tolist() == expected == [2, 2, 7, 8, 7]
    assert whole_return(returns, done).flatten().tolist() == [2, 2, 7, 7, 7]


def test_with_gamma_one_reward_before_the_action_is_all_that_return_has_more() -> None:
    r = random_rollout(torch.Generator().manual_seed(2), 40, 3)
    done = r["terminated"] | r["truncated"]
    to_go_TE = reward_to_go(r["reward"], r["next_value"], r["terminated"], done, 1.0)
    before_TE = whole_return(to_go_TE, done) - to_go_TE
    for t in range(40):
        for e in range(3):
            past = r["reward"][start(r, t, e) : t, e].sum()
            assert float(before_TE[t, e]) == pytest.approx(float(past), abs=1e-9)


def test_ranks_and_shapes_are_checked_at_the_door() -> None:
    flat, mask = torch.zeros(4), torch.zeros(4, 1, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"reward has shape \(4,\); expected 2 dimensions"):
        reward_to_go(flat, flat, mask, mask, 0.9)
    with pytest.raises(ValueError, match="shapes differ"):
        whole_return(torch.zeros(3, 1), mask)
    column = torch.zeros(4, 1)
    with pytest.raises(ValueError, match=r"q \(4, 2\)"):
        policy_gradient_weight(
            "q", column, column, column, mask, mask, torch.zeros(4, 2), gamma=0.9, gae_lambda=0.9
        )  # fmt: skip
