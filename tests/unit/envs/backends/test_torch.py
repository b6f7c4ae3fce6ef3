"""What every batched torch environment has, whatever its dynamics: time limits, autoreset, saving, use in autograd."""

import pytest
import torch

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic.cartpole import CartPole
from palestra.envs.classic.pendulum import Pendulum
from palestra.envs.probes import Counting, ForeverOne
from palestra.errors import UsageError


def test_a_copy_is_cut_at_its_own_limit_when_episodes_are_out_of_step() -> None:
    env = TorchVectorEnv(Counting(64))
    env.reset(0)
    action = torch.zeros(64, dtype=torch.int64)
    elapsed = torch.zeros(64, dtype=torch.int64)
    for _ in range(100):
        result = env.step(action)
        elapsed += 1
        assert torch.equal(result.truncated, (elapsed == 6) & ~result.terminated)
        elapsed[result.terminated | result.truncated] = 0
    assert len(elapsed.unique()) > 3


def test_looking_for_ended_copies_and_not_looking_give_the_same_episodes() -> None:
    """Both reset paths, over an environment whose starts are all the same, so that their random streams agree."""
    envs = [TorchVectorEnv(ForeverOne(5)), TorchVectorEnv(ForeverOne(5))]
    envs[1]._can_look = False
    for env in envs:
        env.reset(0)
    action = torch.zeros(5, dtype=torch.int64)
    for step in range(1, 41):
        first, second = (env.step(action) for env in envs)
        assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
        assert bool(first.truncated.all()) == (step % 10 == 0)


def test_nothing_is_copied_while_no_episode_ends() -> None:
    env = TorchVectorEnv(CartPole(4))
    env.reset(0)
    result = env.step(torch.zeros(4, dtype=torch.int64))
    assert result.obs is result.final_obs


@pytest.mark.parametrize("made_inside", [False, True])
def test_inference_mode_may_be_left_and_entered(made_inside: bool) -> None:
    with torch.inference_mode(made_inside):
        env = TorchVectorEnv(CartPole(8))
        env.reset(0)
    action = torch.ones(8, dtype=torch.int64)
    for step in range(60):
        with torch.inference_mode(step % 3 == 0):
            result = env.step(action)
    weight = torch.ones(8, requires_grad=True)
    (weight * result.reward * (1.0 - result.truncated.float())).sum().backward()
    assert weight.grad is not None
    assert torch.equal(weight.grad, torch.ones(8))
    saved = env.state_dict()
    (weight * saved["state"].sum(1)).sum().backward()


def test_a_saved_state_is_not_changed_by_later_steps_nor_by_a_copy_that_continues_it() -> None:
    env = TorchVectorEnv(CartPole(8))
    env.reset(0)
    saved = env.state_dict()
    kept = {name: value.clone() for name, value in saved.items()}
    other = TorchVectorEnv(CartPole(8))
    other.load_state_dict(saved)
    for one in (env, other):
        for _ in range(40):
            one.step(torch.ones(8, dtype=torch.int64))
    assert all(torch.equal(saved[name], kept[name]) for name in kept)


def test_a_state_of_another_size_is_refused() -> None:
    env = TorchVectorEnv(Pendulum(4))
    env.reset(0)
    with pytest.raises(UsageError, match="4 copies for an environment of 5"):
        TorchVectorEnv(Pendulum(5)).load_state_dict(env.state_dict())
    with pytest.raises(UsageError, match="2 states"):
        env.set_state(torch.zeros(2, 2))
    with pytest.raises(UsageError, match="num_envs=0"):
        TorchVectorEnv(Pendulum(0))


def test_elapsed_steps_are_saved() -> None:
    env = TorchVectorEnv(Pendulum(2))
    env.reset(0)
    action = torch.zeros(2, 1)
    for _ in range(150):
        env.step(action)
    other = TorchVectorEnv(Pendulum(2))
    other.load_state_dict(env.state_dict())
    cut = [bool(other.step(action).truncated.all()) for _ in range(60)]
    assert cut.index(True) == 49
    assert sum(cut) == 1
