"""A world that an agent lives in: its copies go on where they stand, and say which ones could not."""

from typing import Any

import grasp
import pytest
import torch

from palestra.engine.interaction import Interaction
from palestra.envs.vector import Resumed
from palestra.envs.world import World
from palestra.runs.codec import decode, encode


def test_what_is_said_of_environments_that_began_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    living = Interaction(World("CartPole-v1", 3), seed=0)
    for restarted, said in (([False] * 3, []), ([True, False, True], ["not exact: 2 of 3 environments"])):
        resumed = Resumed(living.obs, torch.tensor(restarted))
        monkeypatch.setattr(living.env, "load_state_dict", lambda _, resumed=resumed: resumed)
        notes = living.load_state_dict(living.state_dict())
        assert [note[: len(start)] for note, start in zip(notes, said, strict=True)] == said
        assert living.restarted_E.tolist() == restarted


def test_what_is_collected_is_accounted_for_and_a_restored_one_goes_on_the_same() -> None:
    def act(obs: torch.Tensor) -> torch.Tensor:
        return (obs[:, 2] > 0).long()

    living, resumed = (Interaction(World("CartPole-v1", 3), seed=seed) for seed in (0, 1))
    rollout = living.collect(act, 200)
    assert living.num_envs == 3
    assert living.episodes.finished == int(rollout.done.sum()) > 0
    assert not torch.equal(living.obs, rollout.obs[-1])  # it stands one step further
    assert resumed.load_state_dict(living.state_dict()) == []
    assert torch.equal(resumed.obs, living.obs)
    ours, theirs = (each.collect(act, 50) for each in (living, resumed))
    assert torch.equal(ours.obs, theirs.obs)
    assert torch.equal(ours.reward, theirs.reward)
    assert resumed.episodes.metrics() == living.episodes.metrics()


@pytest.mark.parametrize("backend", ["sync", "async"])
def test_what_environments_say_goes_on_as_if_nothing_had_happened(backend: Any) -> None:
    world = World(grasp.ID, 3, backend)
    rng = torch.Generator().manual_seed(0)

    def act(obs: torch.Tensor) -> torch.Tensor:
        return torch.randint(2, (len(obs),), generator=rng)

    living, resumed = (Interaction(world, seed=seed) for seed in (0, 1))
    living.collect(act, 100)
    assert resumed.load_state_dict(decode(*encode(living.state_dict()))) == []
    before = living.episodes.metrics()
    metrics = []
    for each in (living, resumed):
        rng.manual_seed(1)
        each.collect(act, 23)
        metrics.append(each.episodes.metrics())
        each.close()
    assert metrics[0] == metrics[1] != before
    assert {"env/is_success", "env/drag", "env/time_to_success"} < set(before)


def test_who_remembers_is_told_of_each_step() -> None:
    told: list[tuple[torch.Tensor, ...]] = []
    living = Interaction(World("CartPole-v1", 3), seed=0)
    rollout = living.collect(lambda obs: (obs[:, 2] > 0).long(), 60, told=lambda *step: told.append(step))
    action, reward, done = (torch.stack(column) for column in zip(*told, strict=True))
    assert torch.equal(action, rollout.action)
    assert torch.equal(reward, rollout.reward)
    assert torch.equal(done, rollout.done)
    assert done.any()
