"""Demonstrations beside replay, in whole learners: what a batch holds, exact resume, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from recordings import episodes, known_as
from states import hash_of, saved

from palestra.data.demonstrated import DemonstratedReplay
from palestra.data.hindsight import HindsightReplay
from palestra.datasets.episodes import write_episodes
from palestra.engine.learner import Learner
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.off_policy.replaying import OffPolicyConfig
from palestra.learners.off_policy.td3 import TD3, TD3Config
from palestra.learners.registry import learner_type
from palestra.nets.own import Networks

SMALL: dict[str, Any] = {
    "learning_starts": 8, "batch_size": 8, "buffer_size": 60, "train_frequency": 8, "gradient_steps": 2,
    "hidden_sizes": (8,), "demonstrations": "shown", "normed_critics": True,
}  # fmt: skip
ENV = {"sac": "Pendulum-v1", "td3": "Pendulum-v1", "ddpg": "Pendulum-v1", "discrete-sac": "CartPole-v1"}


def make(name: str, seed: int = 0, env: str = "", **settings: Any) -> Learner:
    config = learner_type(name).config_type(**{**SMALL, **settings})
    return learner_type(name)(World(env or ENV[name], 2), config, seed=seed)


def replay_of(learner: Any) -> DemonstratedReplay:
    assert isinstance(learner.loop.replay, DemonstratedReplay)
    return learner.loop.replay


@pytest.mark.parametrize("name", ENV)
def test_a_restored_learner_goes_on_bit_for_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known_as(monkeypatch, "shown", episodes(ENV[name], [5, 3]))
    agent, resumed = make(name), make(name, seed=1)
    for each in (agent, resumed):
        each.budget = 100
        for _ in range(3 + each.seed):
            each.step()
    assert resumed.load_state_dict(saved(agent)) == []
    for _ in range(2):
        assert agent.step() == resumed.step()
        assert hash_of(agent) == hash_of(resumed)
    known_as(monkeypatch, "shown", episodes(ENV[name], [5, 3], seed=1))
    notes = make(name, seed=1).load_state_dict(saved(agent))
    assert notes == ["not exact: the demonstrations are others than those that the training began with"]


def test_half_of_a_batch_is_what_was_shown_in_the_form_in_which_networks_know_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorded = episodes("Pendulum-v1", [4])
    recorded.actions[:, 0] = [-2.0, 2.0, 1.0, 2.5]  # the world clips the last
    recorded.rewards[:] = 1e6
    known_as(monkeypatch, "shown", recorded)
    agent: Any = make("td3")
    agent.step()
    b = agent.loop.replay.sample(8, torch.Generator().manual_seed(0), gamma=0.9)
    assert (b.return_B == 1e6).tolist() == [False] * 4 + [True] * 4
    shown = replay_of(agent).shown.take(torch.arange(4), gamma=0.9)
    assert shown.action_B[:, 0].tolist() == [-1.0, 1.0, 0.5, 1.0]
    facts = agent.facts()
    assert facts["demonstrations"] == {"steps": 4, "sha256": recorded.digest}
    assert "spaces" in facts
    plain = make("td3", demonstrations=None)
    assert "demonstrations" not in plain.facts()


def test_with_hindsight_what_was_shown_is_given_other_goals_too(monkeypatch: pytest.MonkeyPatch) -> None:
    known_as(monkeypatch, "shown", episodes("probe/GoalPoint", [4, 4]))
    agent = make("td3", env="probe/GoalPoint", hindsight=0.5)
    for _ in range(3):
        agent.step()
    assert isinstance(replay_of(agent).shown, HindsightReplay)
    assert isinstance(replay_of(agent).own, HindsightReplay)


def test_a_world_that_pays_for_something_else_or_shows_something_else_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known_as(monkeypatch, "shown", episodes("Pendulum-v1", [4]))
    said = "with demonstrations=shown, which was recorded in 'Pendulum-v1'"
    with pytest.raises(UsageError, match=f"in 'MountainCarContinuous-v0' {said} with other spaces; expected .*FILE"):
        make("sac", env="MountainCarContinuous-v0")
    recorded = episodes("Pendulum-v1", [4])
    recorded.facts["env"] = "Pendulum-v0"
    known_as(monkeypatch, "shown", recorded)
    with pytest.raises(UsageError, match="recorded in 'Pendulum-v0' where rewards may be for something else"):
        make("sac")
    with pytest.raises(UsageError, match="unknown recorded episodes 'nobody'"):
        make("sac", demonstrations="nobody")
    path = tmp_path / "shown.npz"
    write_episodes(path, episodes("Pendulum-v1", [4]))
    make("sac", demonstrations=str(path)).close()
    with np.load(path) as file:
        arrays = dict(file)
    for lacking, fault in (("rewards", "it has no rewards"), (None, "0 episodes do not part its 0 steps")):
        damaged = {name: x for name, x in arrays.items() if name != lacking}
        if lacking is None:
            damaged = {name: x if name == "facts" else x[:0] for name, x in arrays.items()}
        np.savez(tmp_path / "damaged.npz", **damaged)
        with pytest.raises(UsageError, match=f"holds no recorded episodes .{fault}"):
            make("sac", demonstrations=str(tmp_path / "damaged.npz"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"demonstration_share": 0.0}, "demonstration_share=0.0; expected a share above 0, below 1"),
        ({"demonstration_share": 1.0}, "demonstration_share=1.0; expected a share above 0, below 1"),
        ({"demonstration_share": 0.01}, "demonstration_share=0.01 of batch_size=8; expected one of a batch at least"),
        ({"demonstration_share": 0.99}, "demonstration_share=0.99 of batch_size=8; expected one of a batch at least"),
        ({"precision": "bfloat16"}, "precision=bfloat16 with normed_critics; expected precision=float32"),
    ],
)
def test_settings_out_of_range_are_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        OffPolicyConfig(**{**SMALL, **wrong})
    OffPolicyConfig(batch_size=1)  # without demonstrations any batch will do


def test_normed_critics_are_ours_and_beside_networks_of_ones_own_refused() -> None:
    settings = {"hidden_sizes": (8,), "normed_critics": True, "buffer_size": 10}
    agent = TD3("Pendulum-v1", TD3Config(**settings))
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    q_M = agent.critics(1e4 * x).abs().amax((1, 2))  # far from everything it stays as large as its last layer
    bound_M = [8**0.5 * net.last.weight.norm() + net.last.bias.abs().sum() for net in agent.critics.networks]
    assert (q_M <= torch.stack(bound_M) + 1e-4).all()
    assert torch.equal(agent.critics(x), torch.stack([net(x) for net in agent.critics.networks]))
    own = Networks(q=lambda inputs, outputs: torch.nn.Linear(inputs, outputs))
    with pytest.raises(UsageError, match=r"networks with q=.* and normed_critics; expected one of both"):
        TD3("Pendulum-v1", TD3Config(**settings), networks=own)
