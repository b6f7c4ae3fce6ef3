"""The episode tracker against a loop that handles one step of one environment at a time."""

import pytest
import torch

from palestra.data.episodes import WINDOW, EpisodeTracker, means
from palestra.data.rollout import Report
from palestra.runs.codec import decode, encode


class OneStepAtATime:
    """The same in plain Python."""

    def __init__(self, num_envs: int) -> None:
        self.running = [[0.0, 0] for _ in range(num_envs)]
        self.finished: list[tuple[float, int]] = []

    def add(self, reward: torch.Tensor, done: torch.Tensor) -> None:
        for reward_E, done_E in zip(reward.tolist(), done.tolist(), strict=True):
            for e, (r, d) in enumerate(zip(reward_E, done_E, strict=True)):
                self.running[e][0] += r
                self.running[e][1] += 1
                if d:
                    self.finished.append((self.running[e][0], self.running[e][1]))
                    self.running[e] = [0.0, 0]

    def metrics(self) -> dict[str, float]:
        recent = self.finished[-WINDOW:]
        if not recent:
            return {}
        return {
            "train/return_mean": sum(r for r, _ in recent) / len(recent),
            "train/length_mean": sum(n for _, n in recent) / len(recent),
            "train/episodes": float(len(self.finished)),
        }


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 1.0])
@pytest.mark.parametrize("num_envs", [1, 5])
def test_it_counts_as_a_loop_does_over_several_rollouts(share: float, num_envs: int) -> None:
    rng = torch.Generator().manual_seed(int(100 * share) + num_envs)
    ours, theirs = EpisodeTracker(num_envs), OneStepAtATime(num_envs)
    for steps in (1, 7, 40, 2, 60):
        reward = torch.randn(steps, num_envs, generator=rng)
        done = torch.rand(steps, num_envs, generator=rng) < share
        ours.add(reward, done)
        theirs.add(reward, done)
        assert ours.metrics() == pytest.approx(theirs.metrics(), abs=1e-9)


def test_only_the_last_hundred_episodes_count() -> None:
    tracker = EpisodeTracker(2)
    reward = torch.arange(300.0)[:, None].expand(300, 2)  # every step an episode, with its number as return
    tracker.add(reward, torch.ones(300, 2, dtype=torch.bool))
    # The last hundred episodes are the last fifty steps of both environments: 250 to 299.
    assert tracker.metrics() == {"train/return_mean": 274.5, "train/length_mean": 1.0, "train/episodes": 600.0}


def test_a_restarted_environment_forgets_its_unfinished_episode() -> None:
    tracker = EpisodeTracker(2)
    one, no = torch.ones(1, 2), torch.zeros(1, 2, dtype=torch.bool)
    tracker.add(one, no)
    tracker.restart(torch.tensor([True, False]))
    tracker.add(one, ~no)
    assert tracker.metrics() == {"train/return_mean": 1.5, "train/length_mean": 1.5, "train/episodes": 2.0}


def test_it_goes_on_from_a_saved_state_as_if_nothing_had_happened() -> None:
    rng = torch.Generator().manual_seed(0)
    rollouts = [(torch.randn(30, 3, generator=rng), torch.rand(30, 3, generator=rng) < 0.2) for _ in range(4)]
    tracker, resumed = EpisodeTracker(3), EpisodeTracker(3)
    for reward, done in rollouts[:2]:
        tracker.add(reward, done)
    resumed.load_state_dict(decode(*encode(tracker.state_dict())))
    for reward, done in rollouts[2:]:
        tracker.add(reward, done)
        resumed.add(reward, done)
    assert resumed.metrics() == tracker.metrics()


def told(tracker: EpisodeTracker, *numbers: dict[str, float]) -> None:
    """Episodes of one step each, one after the other in one environment, that report these."""
    ends = torch.ones(len(numbers), 1, dtype=torch.bool)
    tracker.add(ends.float(), ends, [Report(t, 0, said) for t, said in enumerate(numbers) if said])


def test_what_environments_said_is_averaged_over_the_last_hundred_that_said_it() -> None:
    tracker = EpisodeTracker(1)
    told(tracker, *[{"is_success": 1.0}] * 70, *[{}] * 30)
    assert tracker.metrics()["env/is_success"] == 1.0
    told(tracker, *[{"is_success": 0.0, "drag": 2.0}] * 10)
    assert tracker.metrics()["env/is_success"] == 60 / 70
    assert tracker.metrics()["env/drag"] == 2.0
    told(tracker, *[{}] * 100)
    assert set(tracker.metrics()) == {"train/return_mean", "train/length_mean", "train/episodes"}


def test_a_report_belongs_to_the_episode_that_ended_there() -> None:
    done = torch.tensor([[False, True], [True, True], [False, False]])
    reports = [Report(0, 1, {"x": 1.0}), Report(1, 0, {"x": 2.0}), Report(1, 1, {"x": 4.0})]
    tracker = EpisodeTracker(2)
    tracker.add(torch.ones(3, 2), done, reports)
    assert [(n, said) for _, n, said in tracker._recent] == [(1, {"x": 1.0}), (2, {"x": 2.0}), (1, {"x": 4.0})]


def test_what_was_said_is_saved_with_its_episode() -> None:
    tracker, resumed = EpisodeTracker(1), EpisodeTracker(1)
    told(tracker, *[{"is_success": 1.0, "far": float("inf")}] * 60, {}, {"drag": 0.1})
    resumed.load_state_dict(decode(*encode(tracker.state_dict())))
    for each in (tracker, resumed):
        told(each, *[{"is_success": 0.0}] * 90)
    assert resumed.metrics() == tracker.metrics()
    assert resumed.metrics()["env/is_success"] == 8 / 98


def test_metrics_are_the_callers_own() -> None:
    tracker = EpisodeTracker(1)
    told(tracker, {"x": 1.0})
    tracker.metrics()["train/loss"] = 3.0
    assert "train/loss" not in tracker.metrics()


def test_means_are_taken_name_by_name() -> None:
    assert means([{"b": 1.0, "a": 2.0}, {}, {"b": 2.0}]) == {"a": 2.0, "b": 1.5}
    assert list(means([{"b": 1.0, "a": 2.0}])) == ["a", "b"]
