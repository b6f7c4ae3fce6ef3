"""Experience: true steps of the world, told apart by episode, from wherever they come."""

from pathlib import Path

import pytest
import torch
from recordings import episodes, known_as

from palestra.envs.classic.pendulum import dynamics
from palestra.envs.registry import make_vec
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.models.experience import Rows, experience
from palestra.learners.registry import learner_type

PENDULUM = World("Pendulum-v1", 2)


def known(name: str, **words: int) -> Rows:
    return experience(name, PENDULUM, make_vec("Pendulum-v1", 2), "test", **{"episodes": 3, "seed": 0, **words})


def check(rows: Rows) -> None:
    """Every row is a step of the pendulum."""
    obs, action = rows.inputs_NF.split((3, 1), 1)
    state = torch.stack((torch.atan2(obs[:, 1], obs[:, 0]), obs[:, 2]), 1)
    after, reward = dynamics(state, action)
    seen = torch.stack((after[:, 0].cos(), after[:, 0].sin(), after[:, 1]), 1)
    torch.testing.assert_close(rows.targets_NK[:, :3], seen - obs, rtol=0, atol=1e-4)
    torch.testing.assert_close(rows.targets_NK[:, 3], reward, rtol=1e-4, atol=1e-3)


def test_random_actions_are_steps_of_the_world_and_the_seed_decides_them() -> None:
    rows = known("random")
    check(rows)
    assert rows.episode_N.bincount().tolist() == [200] * 3
    assert torch.equal(known("random").inputs_NF, rows.inputs_NF)
    assert not torch.equal(known("random", seed=1).inputs_NF, rows.inputs_NF)


def test_a_replay_gives_what_was_done_in_the_worlds_own_units(tmp_path: Path) -> None:
    kind = learner_type("sac")
    agent = kind(PENDULUM, kind.config_type(buffer_size=500, learning_starts=10_000))
    for _ in range(300):  # the ring is full, and has come round
        agent.step()
    rows = known(str(agent.save(tmp_path / "sac")))
    check(rows)
    assert len(rows.inputs_NF) == 500
    assert rows.inputs_NF[:, 3].abs().max() > 1.9
    assert rows.episode_N.bincount().tolist() == [150, 100, 150, 100]  # cut at 200 of 300 steps, and 50 are forgotten


def test_recorded_episodes_end_where_they_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    made = episodes("Pendulum-v1", [3, 2])
    rows = known(known_as(monkeypatch, "some", made))
    assert rows.episode_N.tolist() == [0, 0, 0, 1, 1]
    after = rows.targets_NK[:, :3] + rows.inputs_NF[:, :3]
    seen, final = (torch.from_numpy(each) for each in (made.observations, made.final_observations))
    torch.testing.assert_close(after, torch.stack((seen[1], seen[2], final[0], seen[4], final[1])))


def test_whole_episodes_are_held_out() -> None:
    fitted, held = known("random", episodes=5).parted(0.4, 0)
    assert held.episode_N.unique().numel() == 2
    assert not set(held.episode_N.tolist()) & set(fitted.episode_N.tolist())
    assert len(fitted.inputs_NF) == 600
    with pytest.raises(UsageError, match="1 episode of experience; expected 2 at least"):
        Rows(held.inputs_NF, held.targets_NK, torch.zeros(400, dtype=torch.int64)).parted(0.5, 0)


def test_what_has_no_steps_of_this_world_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a run of random; expected one of sac, td3 or ddpg"):
        known(str(learner_type("random")("Pendulum-v1").save(tmp_path / "random")))
    kind = learner_type("sac")
    agent = kind("MountainCarContinuous-v0", kind.config_type(buffer_size=50, learning_starts=100))
    agent.step()
    with pytest.raises(UsageError, match=r"of \(2, 1\) numbers seen and done; expected one of this world, of \(3, 1\)"):
        known(str(agent.save(tmp_path / "car")))
    with pytest.raises(UsageError, match="unknown recorded episodes 'nothing'"):
        known("nothing")
