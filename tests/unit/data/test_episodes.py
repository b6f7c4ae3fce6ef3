"""The episode tracker against a loop that handles one step of one environment at a time."""

import pytest
import torch

from palestra.data.episodes import WINDOW, EpisodeTracker
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
