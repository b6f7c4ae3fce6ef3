"""A probe passes through what was learned, from data or from a world, the same one every time."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

import palestra
from palestra.errors import UsageError
from palestra.trials.probe import send_probe


def seen_by(learner: Any, network: torch.nn.Module) -> list[torch.Tensor]:
    """What reached a network while a probe was sent."""
    reached: list[torch.Tensor] = []
    handle = network.register_forward_pre_hook(lambda _, given: reached.append(given[0].clone()))
    send_probe(learner)
    handle.remove()
    return reached


def test_rows_of_data_are_the_same_ones_every_time() -> None:
    learner = palestra.Autoencoder("digits", palestra.AutoencoderConfig(code=2, hidden_sizes=(8,)), seed=0)
    first, again = seen_by(learner, learner.network.encoder), seen_by(learner, learner.network.encoder)
    assert len(first) > 0
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))


def test_a_world_that_is_not_here_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = palestra.PPO("CartPole-v1")

    def nowhere(*_: Any, **__: Any) -> Any:
        raise UsageError("no such world")

    monkeypatch.setattr(agent, "arena", lambda: SimpleNamespace(make_env=nowhere))
    assert seen_by(agent, agent.policy.actor) == []
