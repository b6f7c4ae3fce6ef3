"""Every backend through the same probes of the vector-environment contract."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic.pendulum import dynamics as pendulum_dynamics
from palestra.envs.registration import ENVS
from palestra.envs.registry import ARM, make_vec, torch_env_ids
from palestra.envs.vector import StepResult, VectorEnv
from palestra.errors import PalestraError, UsageError

NUM_ENVS = 3


class CountingEnv(gym.Env[Any, Any]):
    """Gymnasium's form of the probe of the same name: observes (episode, step), reward the step."""

    observation_space = spaces.Box(0.0, 2.0**20, (2,), np.float64)
    action_space = spaces.Discrete(2, start=1)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.count = np.array([self.np_random.integers(2**20), 0], np.float64)
        return self.count, {}

    def step(self, action: Any) -> Any:
        assert self.action_space.contains(action)
        self.count[1] += 1  # in place: a final observation that is not copied would be overwritten by the reset
        return self.count, self.count[1], self.count[1] >= 3 + self.count[0] % 6, False, {}


gym.register("test/Counting-v0", entry_point=CountingEnv, max_episode_steps=6)


def without_looking(env_id: str) -> VectorEnv:
    """A torch environment that works as it does on an accelerator, where it never reads a value back."""
    env = make_vec(env_id, NUM_ENVS)
    assert isinstance(env, TorchVectorEnv)
    env._can_look = False
    return env


def arm(view: str, looks: bool = True, **env_kwargs: Any) -> VectorEnv:
    """The torch backend's arm in one of its views, with few enough steps that some episodes are cut."""
    env = make_vec("palestra/ArmReach-v0", NUM_ENVS, env_kwargs={"view": view, "max_episode_steps": 9, **env_kwargs})
    assert isinstance(env, TorchVectorEnv)
    env._can_look = looks
    return env


def case(env_id: str, backend: str) -> Any:
    make: Callable[[], VectorEnv] = lambda: make_vec(env_id, NUM_ENVS, backend=backend)  # noqa: E731
    return pytest.param(make, id=f"{env_id}-{backend}")


COUNTING = [
    case("probe/Counting", "torch"),
    pytest.param(lambda: without_looking("probe/Counting"), id="probe/Counting-accelerator"),
    case("test/Counting-v0", "sync"),
    case("test/Counting-v0", "async"),
]
CARTPOLE = [
    case("CartPole-v1", "torch"),
    pytest.param(lambda: without_looking("CartPole-v1"), id="CartPole-v1-accelerator"),
    case("CartPole-v1", "sync"),
    case("CartPole-v1", "async"),
    case("CartPole-v1", "envpool"),
]
ATARI = [case("ALE/Breakout-v5", "ale")]
PENDULUM = [case("Pendulum-v1", backend) for backend in ("torch", "sync", "async", "envpool")]
OTHERS = [case(env_id, "torch") for env_id in torch_env_ids()]
OTHERS += [
    pytest.param(lambda: arm("goal"), id="arm-goal"),
    pytest.param(lambda: arm("pixels", image_size=20, randomisation="high", frame_skip=2), id="arm-pixels"),
    pytest.param(lambda: arm("pixels", looks=False, image_size=20, randomisation="high"), id="arm-pixels-accelerator"),
]
OTHERS += [case(env_id, "sync") for env_id in ENVS if env_id not in ARM]  # a copy of the arm is a whole simulator
OTHERS = [each for each in OTHERS if each.id not in {known.id for known in COUNTING + CARTPOLE + PENDULUM}]
RICHER = PENDULUM + ATARI + OTHERS
ALL = COUNTING + CARTPOLE + RICHER
WITHOUT_CHANCE = {
    f"probe/{name}-torch"
    for name in (
        "ActionDependent",
        "ConstantReward",
        "ConstantRewardBox",
        "ContinuousTarget",
        "DelayedReward",
        "DelayedRewardBox",
        "ForeverOne",
        "ForeverOneBox",
        "TwoTargets",
    )
} | {"CliffWalking-v1-torch", "palestra/GridWorld-v0-torch", "palestra/GridWorld-v0-sync"}


@pytest.fixture
def env(request: pytest.FixtureRequest) -> Iterator[VectorEnv]:
    if "envpool" in request.node.callspec.id:
        pytest.importorskip("envpool", reason="the [envpool] extra is not installed")
    if request.node.callspec.id.startswith("ALE/"):
        pytest.importorskip("ale_py", reason="the [atari] extra is not installed")
    made = request.param()
    yield made
    made.close()


def random_action(env: VectorEnv, generator: torch.Generator) -> Tensor:
    space = env.action_space
    if isinstance(space, spaces.Discrete):
        return torch.randint(int(space.n), (env.num_envs,), generator=generator)
    assert isinstance(space, spaces.Box)
    low, high = torch.from_numpy(space.low), torch.from_numpy(space.high)
    return low + (high - low) * torch.rand(env.num_envs, *space.shape, generator=generator)


def rollout(env: VectorEnv, num_steps: int, seed: int = 0) -> list[StepResult]:
    generator = torch.Generator().manual_seed(seed)
    return [env.step(random_action(env, generator)) for _ in range(num_steps)]


def equal(first: list[StepResult], second: list[StepResult]) -> bool:
    return all(torch.equal(x, y) for a, b in zip(first, second, strict=True) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("env", ALL, indirect=True)
def test_shapes_dtypes_and_bounds_hold_and_an_end_is_of_one_kind(env: VectorEnv) -> None:
    space = env.observation_space
    obs = env.reset(0)
    low, high = torch.from_numpy(space.low), torch.from_numpy(space.high)
    for result in rollout(env, 60):
        for seen in (obs, result.obs, result.final_obs):
            assert seen.shape == (NUM_ENVS, *space.shape)
            assert seen.dtype == (torch.uint8 if space.dtype == np.uint8 else torch.float32)
            assert seen.is_contiguous()
            assert ((seen >= low) & (seen <= high)).all()
        assert (result.reward.dtype, result.reward.shape) == (torch.float32, (NUM_ENVS,))
        assert (result.terminated.dtype, result.terminated.shape) == (torch.bool, (NUM_ENVS,))
        assert (result.truncated.dtype, result.truncated.shape) == (torch.bool, (NUM_ENVS,))
        assert not (result.terminated & result.truncated).any()
        going = ~(result.terminated | result.truncated)
        assert torch.equal(result.obs[going], result.final_obs[going])
        assert all(tensor.device == env.device for tensor in result)


@pytest.mark.parametrize("env", COUNTING, indirect=True)
def test_no_transition_joins_two_episodes(env: VectorEnv) -> None:
    assert env.max_episode_steps == 6
    obs = env.reset(3)
    assert (obs[:, 1] == 0).all()
    ends = torch.zeros(2, dtype=torch.int64)
    for result in rollout(env, 80):
        episode, step = result.final_obs.unbind(1)
        assert torch.equal(episode, obs[:, 0])
        assert torch.equal(step, obs[:, 1] + 1)
        assert torch.equal(result.reward, step)
        assert torch.equal(result.terminated, step >= 3 + episode.remainder(6))
        assert torch.equal(result.truncated, (step >= 6) & ~result.terminated)
        ended = result.terminated | result.truncated
        assert (result.obs[ended, 1] == 0).all()
        assert (result.obs[ended, 0] != episode[ended]).all()
        ends += torch.stack((result.terminated.sum(), result.truncated.sum()))
        obs = result.obs
    assert (ends > 5).all()


@pytest.mark.parametrize("env", CARTPOLE, indirect=True)
def test_final_obs_is_beyond_the_limits_and_obs_is_a_start(env: VectorEnv) -> None:
    assert env.max_episode_steps == 500
    env.reset(1)
    ends = 0
    for result in rollout(env, 150):
        position, angle = result.final_obs[:, 0].abs(), result.final_obs[:, 2].abs()
        assert torch.equal(result.terminated, (position > 2.4) | (angle > 12 * np.pi / 180))
        assert (result.obs[result.terminated].abs() <= 0.05).all()
        assert (result.reward == 1).all()
        assert not result.truncated.any()
        ends += int(result.terminated.sum())
    assert ends > 10


@pytest.mark.parametrize("env", PENDULUM, indirect=True)
def test_a_time_limit_cuts_without_terminating_and_keeps_the_true_last_observation(env: VectorEnv) -> None:
    obs = env.reset(1)
    generator = torch.Generator().manual_seed(0)
    for step in range(1, 402):
        action = random_action(env, generator)
        angle = torch.atan2(obs[:, 1], obs[:, 0])
        state, reward = pendulum_dynamics(torch.stack((angle, obs[:, 2]), 1), action)
        expected = torch.stack((state[:, 0].cos(), state[:, 0].sin(), state[:, 1]), 1)
        result = env.step(action)
        torch.testing.assert_close(result.final_obs, expected, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(result.reward, reward, rtol=1e-3, atol=1e-3)
        assert not result.terminated.any()
        assert torch.equal(result.truncated, torch.full((NUM_ENVS,), step % 200 == 0))
        assert bool((result.obs != result.final_obs).any()) == (step % 200 == 0)
        obs = result.obs


@pytest.mark.parametrize("env", [each for each in ALL if each.id not in WITHOUT_CHANCE], indirect=True)
def test_a_seed_repeats_itself_and_no_other(env: VectorEnv) -> None:
    first_obs, first = env.reset(7), rollout(env, 40)
    second_obs, second = env.reset(7), rollout(env, 40)
    assert torch.equal(first_obs, second_obs)
    assert equal(first, second)
    env.reset(9)
    assert not equal(first, rollout(env, 40))


@pytest.mark.parametrize("env", [*COUNTING, *CARTPOLE, *PENDULUM], indirect=True)
def test_copies_differ(env: VectorEnv) -> None:
    obs = env.reset(0)
    assert len(obs.unique(dim=0)) == NUM_ENVS


@pytest.mark.parametrize("env", ALL, indirect=True)
def test_a_returned_tensor_is_not_written_again(env: VectorEnv) -> None:
    generator = torch.Generator().manual_seed(0)
    kept = [(obs := env.reset(0), obs.clone())]
    for _ in range(30):
        kept += [(tensor, tensor.clone()) for tensor in env.step(random_action(env, generator))]
    env.reset(1)
    assert all(torch.equal(tensor, clone) for tensor, clone in kept)


def plain(tree: Any) -> bool:
    """Whether a state holds nothing but dicts, tensors that autograd can use, and JSON values."""
    if isinstance(tree, dict):
        return all(isinstance(name, str) and plain(value) for name, value in tree.items())
    if isinstance(tree, Tensor):
        return not tree.is_inference()
    return json.loads(json.dumps(tree)) == tree


@pytest.mark.parametrize("env", ALL, indirect=True)
def test_a_saved_environment_goes_on_bit_for_bit_or_says_that_it_does_not(
    env: VectorEnv, request: pytest.FixtureRequest
) -> None:
    check_that_it_goes_on(env, False, request)


@pytest.mark.parametrize(
    "env", [*COUNTING, *CARTPOLE, *(pytest.param(*each.values, id=each.id, marks=pytest.mark.slow) for each in RICHER)],
    indirect=True,
)  # fmt: skip
def test_it_goes_on_so_where_nothing_is_differentiated(env: VectorEnv, request: pytest.FixtureRequest) -> None:
    check_that_it_goes_on(env, True, request)


def check_that_it_goes_on(env: VectorEnv, inference: bool, request: pytest.FixtureRequest) -> None:
    slow = any(name in request.node.callspec.id for name in ("arm-pixels", "DoublePendulum-v0-sync"))
    after = 30 if slow else 200  # some episodes of most
    with torch.inference_mode(inference):
        env.reset(5)
        before = rollout(env, 37)
        state = env.state_dict()
        assert plain(state)
        expected = rollout(env, after, seed=1)
    other: VectorEnv = request.node.callspec.params["env"]()
    resumed = other.load_state_dict(state)
    actual = rollout(other, after, seed=1)
    if request.node.callspec.id.endswith("envpool"):
        assert resumed.restarted.all()
        assert torch.equal(resumed.obs, other.load_state_dict(state).obs)
    else:
        assert not resumed.restarted.any()
        assert torch.equal(resumed.obs, before[-1].obs)
        assert equal(actual, expected)
    other.close()


def test_both_worker_backends_give_one_stream() -> None:
    envs = [make_vec("CartPole-v1", NUM_ENVS, backend=backend) for backend in ("sync", "async")]
    assert torch.equal(envs[0].reset(4), envs[1].reset(4))
    assert equal(rollout(envs[0], 100), rollout(envs[1], 100))
    envs[1].load_state_dict(envs[0].state_dict())
    assert equal(rollout(envs[0], 100), rollout(envs[1], 100))
    envs[1].close()


@pytest.mark.parametrize("env", ALL, indirect=True)
def test_misuse_is_told(env: VectorEnv) -> None:
    action = random_action(env, torch.Generator())
    with pytest.raises(PalestraError, match=r"call reset\(seed\) first"):
        env.step(action)
    with pytest.raises(PalestraError, match=r"call reset\(seed\) first"):
        env.state_dict()
    env.reset(0)
    with pytest.raises(UsageError, match="expected"):
        env.step(action[:-1])
    with pytest.raises(UsageError, match="seed=-1"):
        env.reset(-1)
