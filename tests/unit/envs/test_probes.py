"""The probes have the values that they promise."""

import pytest
import torch

from palestra.envs import probes
from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.registry import make_vec
from palestra.envs.vector import VectorEnv


def discounted_return(env: VectorEnv, action: torch.Tensor, gamma: float, steps: int) -> torch.Tensor:
    """The return of each copy's first episode, with a cut episode continued by the value of staying in it for ever."""
    total, discount, going = torch.zeros(env.num_envs), 1.0, torch.ones(env.num_envs)
    for _ in range(steps):
        result = env.step(action)
        total += going * discount * result.reward
        discount *= gamma
        total += going * result.truncated * discount * result.reward / (1 - gamma)
        going *= (~(result.terminated | result.truncated)).float()
    assert not going.any()
    return total


@pytest.mark.parametrize(
    ("name", "action", "steps", "value"),
    [
        ("ConstantReward", 0, 1, 1.0),
        ("DelayedReward", 0, 2, 0.9),
        ("ActionDependent", 1, 1, 1.0),
        ("ActionDependent", 0, 1, -1.0),
        ("ForeverOne", 1, 10, 10.0),
    ],
)
def test_values(name: str, action: int, steps: int, value: float) -> None:
    env = make_vec(f"probe/{name}", 3)
    env.reset(0)
    actual = discounted_return(env, torch.full((3,), action), 0.9, steps)
    torch.testing.assert_close(actual, torch.full((3,), value))


def test_observation_dependent_rewards_what_it_shows() -> None:
    env = make_vec("probe/ObservationDependent", 200)
    obs = env.reset(0)
    assert set(obs.flatten().tolist()) == {-1.0, 1.0}
    result = env.step(torch.zeros(200, dtype=torch.int64))
    assert torch.equal(result.reward, obs[:, 0])
    assert result.terminated.all()
    assert not torch.equal(result.obs, obs)


def test_continuous_target_is_best_at_two() -> None:
    env = make_vec("probe/ContinuousTarget", 4)
    env.reset(0)
    result = env.step(torch.tensor([[-1.0], [2.0], [3.0], [0.5]]))
    assert result.reward.tolist() == [-9.0, 0.0, -1.0, -2.25]
    assert result.terminated.all()


def test_pixel_target_shows_where_to_point() -> None:
    env = make_vec("probe/PixelTarget", 3)
    corners = torch.tensor([[0.0, 0.0], [20.0, 5.0], [10.0, 10.0]])  # column, row
    assert isinstance(env, TorchVectorEnv)
    image = env.set_state(corners)
    assert (image.dtype, image.shape) == (torch.uint8, (3, 1, 24, 24))
    for shown, (column, row) in zip(image[:, 0].long(), corners.long().tolist(), strict=True):
        expected = torch.zeros(24, 24, dtype=torch.int64)
        expected[11:13, 11:13] = 128
        expected[row : row + 4, column : column + 4] = 255
        assert torch.equal(shown, expected)
    result = env.step(torch.tensor([[-1.0, -1.0], [1.0, 0.5], [0.0, 0.0]]))
    torch.testing.assert_close(result.reward, torch.tensor([1.0, 0.0, 1.0]))
    assert result.terminated.all()


def test_pixel_target_gives_the_blind_as_much_as_it_says() -> None:
    env = make_vec("probe/PixelTarget", 441)
    assert isinstance(env, TorchVectorEnv)
    env.set_state(torch.cartesian_prod(torch.arange(21.0), torch.arange(21.0)))
    assert float(env.step(torch.zeros(441, 2)).reward.mean()) == pytest.approx(1 - 2 * 22 / 60)
    seen = make_vec("probe/PixelTarget", 5_000).reset(0)
    lit = (seen[:, 0] == 255).float().mean(0)
    assert lit[12, 12] == pytest.approx(16 / 441, abs=0.012)  # every place is as likely
    assert lit[0, 0] == pytest.approx(1 / 441, abs=0.003)


def test_an_episode_of_the_constant_reward_is_one_step_whatever_is_done() -> None:
    env = TorchVectorEnv(probes.ConstantReward(2))
    env.reset(0)
    result = env.step(torch.tensor([0, 1]))
    assert result.terminated.tolist() == [True, True]
    assert result.reward.tolist() == [1.0, 1.0]
