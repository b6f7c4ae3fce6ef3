"""Which world: copies as many as an algorithm likes, and a reference with arguments of its own."""

from typing import Any

import pytest

from palestra.envs import registry
from palestra.envs.world import World
from palestra.learners.on_policy.ppo import PPOConfig
from palestra.measure import Measure


def test_the_reference_is_gymnasiums_with_its_arguments_over_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def make_vec(
        env_id: str, num_envs: int, *, backend: str, device: Any, env_kwargs: Any, worker_timeout: float
    ) -> str:
        assert worker_timeout == 60
        made.append((env_id, num_envs, backend, env_kwargs))
        return "an environment"

    monkeypatch.setattr(registry, "make_vec", make_vec)
    world = World("some/World-v0", 4, "torch", {"a": 1, "b": 2}, {"b": 3})
    assert world.make() == "an environment"
    world.make(num_envs=7, reference=True)
    World("probe/Some", 2, "torch").make(reference=True)  # Gymnasium has none of ours
    assert made == [
        ("some/World-v0", 4, "torch", {"a": 1, "b": 2}),
        ("some/World-v0", 7, "sync", {"a": 1, "b": 3}),
        ("probe/Some", 2, "torch", None),
    ]


def test_a_name_has_as_many_copies_as_the_algorithm_likes() -> None:
    assert World.named("CartPole-v1", PPOConfig()) == World("CartPole-v1", PPOConfig.default_num_envs)


def test_its_words_are_a_measure() -> None:
    assert World("a").measure(episodes=5, seed=3, reference=True) == Measure(5, "reference", 3)
    assert World("a").measure() == Measure(100, "", 0)
