"""Sampling: each outcome of each state and action as often as its probability says, and never an impossible one."""

import pytest
import torch

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.finite.catalogue import FINITE, finite_mdp
from palestra.envs.finite.dynamics import FiniteDynamics, make_finite_vec, process_of, show_indices, state_index
from palestra.envs.finite.mdp import from_table, garnet
from palestra.envs.registry import make_vec
from palestra.errors import UsageError


@pytest.mark.parametrize("env_id", FINITE)
def test_outcomes_of_random_states_and_actions_come_as_often_as_they_should(env_id: str) -> None:
    mdp, generator = finite_mdp(env_id), torch.Generator().manual_seed(0)
    copies = 4_000
    env = TorchVectorEnv(FiniteDynamics(mdp, copies))
    show_indices(env)
    env.reset(0)
    worst = 0.0
    pairs = torch.randint(mdp.num_states * mdp.num_actions, (1_000 // 5,), generator=generator)
    for pair in pairs.tolist():
        state, action = divmod(pair, mdp.num_actions)
        env.set_state(torch.full((copies, 1), state))
        result = env.step(torch.full((copies,), action))
        rows = slice(mdp.offset[pair], mdp.offset[pair + 1])
        expected: dict[tuple[int, float, bool], float] = {}
        for p, s, r, t in zip(mdp.probability[rows], mdp.next_state[rows], mdp.reward[rows], mdp.terminated[rows]):
            key = (int(s), float(r.float()), bool(t))
            expected[key] = expected.get(key, 0.0) + float(p)
        seen: dict[tuple[int, float, bool], int] = {}
        for key in zip(result.final_obs.tolist(), result.reward.tolist(), result.terminated.tolist()):
            seen[key] = seen.get(key, 0) + 1
        assert set(seen) <= {key for key, p in expected.items() if p > 0}
        for key, p in expected.items():
            worst = max(worst, abs(seen.get(key, 0) / copies - p))
        ended = result.terminated
        assert torch.equal(result.obs[~ended], result.final_obs[~ended])
        assert (mdp.start[result.obs[ended]] > 0).all()
    assert worst < 5 * 0.5 / copies**0.5


def test_episodes_begin_as_the_start_distribution_says() -> None:
    table = {s: {0: [(1.0, s, 0.0, True)]} for s in range(4)}
    env = TorchVectorEnv(FiniteDynamics(from_table(table, start=[0.0, 0.25, 0.75, 0.0]), 10_000))
    count = torch.bincount(state_index(env.reset(0)), minlength=4)
    assert count[[0, 3]].tolist() == [0, 0]
    assert abs(int(count[1]) - 2_500) < 5 * 43


def test_what_has_no_probability_never_happens() -> None:
    row = [(0.0, 0, 0.0, False), (0.5, 1, 0.0, False), (0.0, 2, 0.0, False), (0.5, 3, 0.0, False), (0.0, 4, 0.0, False)]
    dynamics = FiniteDynamics(from_table({s: {0: row} for s in range(5)}), 20_000)
    env = TorchVectorEnv(dynamics)
    show_indices(env)
    env.reset(0)
    for uniform in (0.0, 0.5, 1 - 2**-24):  # the ends of what the generator can give
        dynamics._uniform = lambda num, u=uniform: torch.full((num,), u, dtype=torch.float64)  # type: ignore[method-assign]
        assert set(env.step(torch.zeros(20_000, dtype=torch.int64)).obs.tolist()) == ({1} if uniform < 0.5 else {3})


def test_indices_are_what_the_rows_show() -> None:
    rows, indices = (TorchVectorEnv(FiniteDynamics(garnet(), 8)) for _ in range(2))
    show_indices(indices)
    assert (rows.observation_space.shape, indices.observation_space.shape) == ((100,), ())
    obs, index = rows.reset(3), indices.reset(3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        assert torch.equal(obs, torch.nn.functional.one_hot(index, 100).float())
        assert torch.equal(state_index(obs), state_index(index))
        action = torch.randint(4, (8,), generator=generator)
        obs, index = rows.step(action).obs, indices.step(action).obs


def test_the_process_is_known_of_finite_worlds_only() -> None:
    mdp = garnet()
    assert process_of(TorchVectorEnv(FiniteDynamics(mdp, 2))) is mdp
    other = make_vec("CartPole-v1", 2)
    assert process_of(other) is None
    show_indices(other)
    assert other.observation_space.shape == (4,)


def test_time_limits_and_settings() -> None:
    assert make_vec("FrozenLake-v1", 1).max_episode_steps == 100
    assert make_vec("FrozenLake8x8-v1", 1).max_episode_steps == 200
    assert make_vec("CliffWalking-v1", 1).max_episode_steps is None
    assert make_vec("Taxi-v4", 1, env_kwargs={"max_episode_steps": 7}).max_episode_steps == 7
    assert make_vec("Taxi-v4", 1, env_kwargs={"max_episode_steps": -1}).max_episode_steps is None
    assert make_vec("palestra/Garnet-v0", 1).max_episode_steps == 1_000
    assert make_vec("FrozenLake-v1", 1, env_kwargs={"map_name": "8x8"}).observation_space.shape == (64,)
    with pytest.raises(UsageError, match="use backend='sync'"):
        make_finite_vec("Taxi-v4", 1, env_kwargs={"fickle_passenger": True})


@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "Taxi-v4", "palestra/Garnet-v0"])
def test_looked_up_by_numpy_or_by_pytorch_the_steps_are_the_same(env_id: str) -> None:
    mdp, copies = finite_mdp(env_id), 300
    fast, plain = (TorchVectorEnv(FiniteDynamics(mdp, copies, max_episode_steps=20)) for _ in range(2))
    assert fast.dynamics._arrays is not None
    plain.dynamics._arrays = None
    assert torch.equal(fast.reset(3), plain.reset(3))
    generator = torch.Generator().manual_seed(0)
    for _ in range(60):
        action = torch.randint(mdp.num_actions, (copies,), generator=generator)
        for ours, theirs in zip(fast.step(action), plain.step(action), strict=True):
            assert ours.dtype == theirs.dtype
            assert torch.equal(ours, theirs)


def test_before_the_first_step_no_table_to_draw_by_is_held() -> None:
    env = make_finite_vec("FrozenLake-v1", 2)
    assert isinstance(env.dynamics, FiniteDynamics)
    env.reset(0)
    assert "_outcomes" not in vars(env.dynamics)  # of ten million slippery states it is a gigabyte and more
    env.step(torch.zeros(2, dtype=torch.int64))
    ladder, *_ = vars(env.dynamics)["_outcomes"]
    assert len(ladder) == len(env.dynamics.mdp.next_state)
