"""DAgger against plain autograd and least squares; that it learns, from whom, and from what."""

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from plain_layers import doubled, plain_encoder, plain_mlp
from torch import Tensor, nn

from palestra.engine.agent import Actor
from palestra.envs import registry
from palestra.envs.dynamics import Dynamics
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.imitation.dagger import DAgger, DAggerConfig
from palestra.nets import encoders
from palestra.policies.expert import Expert

ENV = "probe/PixelTarget"
LR, BATCH = 1e-2, 32


def make(env: str = ENV, num_envs: int = 8, seed: int = 0, **settings: Any) -> DAgger:
    fields = {"num_steps": 4, "gradient_steps": 2, "batch_size": BATCH, "buffer_size": 512, "hidden_sizes": (16,)}
    return DAgger(World(env, num_envs), DAggerConfig(**{**fields, **settings}), seed=seed)


@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_updates_in_a_row_move_every_parameter_as_autograd_does(loss: Any) -> None:
    ours = doubled(make(loss=loss, learning_rate=LR, max_grad_norm=0.1))
    encoder = plain_encoder(ours.student.encoder).double()  # type: ignore[arg-type]
    student = plain_mlp(ours.student.net).double()
    theirs = [*encoder.parameters(), *student.parameters()]
    before = [p.detach().clone() for p in theirs]
    adam = torch.optim.Adam(theirs, LR)
    rng = torch.Generator().manual_seed(0)
    for _ in range(5):
        image = torch.randint(256, (BATCH, 1, 24, 24), dtype=torch.uint8, generator=rng)
        action = 2 * torch.rand(BATCH, 2, generator=rng).double() - 1
        ours.gradient_step(image, action)
        error = torch.tanh(student(encoder(image.double() / 255))) - action
        small = error.abs() < 1
        each = error**2 if loss == "squared" else torch.where(small, error**2 / 2, error.abs() - 0.5)
        adam.zero_grad()
        each.mean().backward()
        nn.utils.clip_grad_norm_(theirs, 0.1)
        adam.step()
    mine = [
        *zip(ours.student.encoder.weights, ours.student.encoder.biases),
        *zip(ours.student.net.weights, ours.student.net.biases),
    ]  # type: ignore[arg-type]
    for p, q, start in zip([p for pair in mine for p in pair], theirs, before, strict=True):
        torch.testing.assert_close(p.detach(), q.detach(), rtol=0, atol=1e-10)
        assert float((q.detach() - start).abs().max()) > 1e-3


class Linear(Dynamics):
    """Wanders, whatever is done; its expert is the squashed value of a matrix at what is seen."""

    MATRIX = torch.tensor([[0.8, -0.5, 0.1], [0.3, 0.4, -0.7]])
    observation_space = spaces.Box(-1.0, 1.0, (3,))
    action_space = spaces.Box(np.array([-2.0, 0.0], np.float32), np.array([2.0, 1.0], np.float32))
    max_episode_steps = 5

    def initial_state(self, num: int) -> Tensor:
        return torch.rand(num, 3, generator=self.generator) * 2 - 1

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.initial_state(len(state)), state[:, 0], self.never

    def expert(self, state: Tensor) -> Tensor:
        unit = (state @ self.MATRIX.t()).tanh()
        return torch.lerp(torch.tensor([-2.0, 0.0]), torch.tensor([2.0, 1.0]), (unit + 1) / 2)


def test_the_fixed_point_of_a_linear_student_is_the_least_squares_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.PROBES, "probe/Linear", Linear)
    agent = make("probe/Linear", 16, hidden_sizes=(), learning_rate=3e-2, batch_size=64).learn(6_400)
    obs, unit = agent.demonstrations.sample(400, torch.Generator().manual_seed(0))
    known = torch.cat((obs, torch.ones(400, 1)), 1).double()
    solution = torch.linalg.lstsq(known, unit.double().atanh()).solution.t().float()
    torch.testing.assert_close(solution[:, :3], Linear.MATRIX, rtol=0, atol=1e-4)  # the expert's bounds are undone
    torch.testing.assert_close(agent.student.net.weights[0].detach(), solution[:, :3], rtol=0, atol=1e-2)
    torch.testing.assert_close(agent.student.net.biases[0].detach(), solution[:, 3], rtol=0, atol=1e-2)
    agent.env.reset(5)
    seen = agent.env.load_state_dict(agent.env.state_dict()).obs
    torch.testing.assert_close(agent.act(seen).detach(), agent.env.expert(), rtol=0, atol=2e-2)


def learned(**settings: Any) -> float:
    agent = make(num_envs=64, num_steps=2, gradient_steps=2, batch_size=128, buffer_size=4_096, **settings)
    return float(agent.learn(10_240).evaluate(episodes=100).score)


def test_from_pixels_it_comes_to_what_the_expert_does() -> None:
    assert learned() > 0.97  # the expert has 1, and whoever does not see 0.267 at most


def test_without_the_update_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DAgger, "update", lambda _: {})
    assert learned() < 0.4


def test_it_comes_to_goals_that_its_expert_comes_to() -> None:
    def reached(kind: Any, config: Any, steps: int) -> float:
        agent = kind(World("probe/GoalPoint", 16), config, seed=0)
        return float(agent.learn(steps).evaluate(episodes=100).score)

    config = DAggerConfig(num_steps=4, gradient_steps=8, batch_size=128, hidden_sizes=(64, 64), learning_rate=3e-3)
    assert reached(partial(Actor, Expert), None, 1) == 1.0
    assert reached(DAgger, config, 6_400) > 0.95


def test_the_expert_acts_first_and_the_student_later_and_the_expert_is_always_asked() -> None:
    agent = make("probe/GoalPoint", num_envs=256, num_steps=1, expert_share=0.8, expert_fraction=0.5)
    agent.budget = 256 * 8
    shares = []
    for _ in range(6):
        obs, expert = agent.interaction.obs, agent.env.expert()
        shown: list[Tensor] = []
        step = agent.env.step
        agent.env.step = lambda action, step=step, shown=shown: shown.append(action) or step(action)  # type: ignore
        metrics = agent.step()
        agent.env.step = step  # type: ignore[method-assign]
        (by_expert,) = [(shown[0] == expert).all(1)]
        student_now = agent.demonstrations._action[agent.demonstrations._head - 256 : agent.demonstrations._head]
        torch.testing.assert_close(student_now, expert)  # whoever acted
        assert torch.equal(
            agent.demonstrations._obs[agent.demonstrations._head - 256 : agent.demonstrations._head], obs
        )
        shares.append((metrics["train/expert_share"], float(by_expert.float().mean())))
        agent.demonstrations._head = agent.demonstrations.size = 0
    assert [share for share, _ in shares] == pytest.approx([0.8, 0.6, 0.4, 0.2, 0.0, 0.0])
    for share, seen in shares:
        assert seen == pytest.approx(share, abs=0.1)


def test_only_updates_shift(monkeypatch: pytest.MonkeyPatch) -> None:
    shifted: list[int] = []
    monkeypatch.setattr(encoders, "random_shift", lambda image, pad, generator: shifted.append(pad) or image)
    agent = make(random_shift=2)
    agent.act(agent.interaction.obs)
    agent.evaluate(episodes=3)
    assert shifted == []
    agent.step()
    assert shifted == [2, 2]


@pytest.mark.parametrize("env", [ENV, "probe/GoalPoint"])
def test_a_restored_learner_goes_on_bit_for_bit(env: str) -> None:
    shift = 2 if env == ENV else 0
    first, second = (make(env, seed=seed, random_shift=shift, buffer_size=70, expert_fraction=1.0) for seed in (0, 1))
    for agent in (first, second):
        agent.budget = 800
        for _ in range(3 + agent.seed):
            agent.step()
    assert second.load_state_dict(first.state_dict()) == []
    assert [first.step() for _ in range(3)] == [second.step() for _ in range(3)]
    for p, q in zip(first.modules.parameters(), second.modules.parameters(), strict=True):
        assert torch.equal(p, q)


def test_worlds_without_an_expert_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"dagger has nobody to imitate in 'Pendulum-v1': .* has no expert"):
        DAgger("Pendulum-v1")
    with pytest.raises(UsageError, match=r"expert cannot act in 'Pendulum-v1': .* has no expert"):
        Actor(Expert, "Pendulum-v1")
    with pytest.raises(UsageError, match=r"dagger has nobody to imitate in 'MountainCarContinuous-v0'"):
        DAgger(World("MountainCarContinuous-v0", 1, "sync"))
    with pytest.raises(UsageError, match=r"dagger cannot act in Discrete\(2\)"):
        DAgger("CartPole-v1")


def test_the_expert_is_asked_nothing_that_only_observations_tell() -> None:
    agent = Actor(Expert, World(ENV, 2))
    assert agent.evaluate(episodes=5).score == 1.0
    with pytest.raises(UsageError, match="acts by the true state, not by observations"):
        agent.predict(agent.env.observation_space.sample())


def test_in_an_environment_of_gymnasium_the_expert_is_its_own() -> None:
    class Known(gym.Env[Any, Any]):
        def expert(self) -> float:
            return 0.25

    assert Actor(Expert, World(ENV, 2)).decide(None, gym.Wrapper(Known())) == 0.25


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"batch_size": 0}, "batch_size=0; expected at least 1"),
        ({"expert_share": 1.5}, "expert_share=1.5; expected a share from 0 to 1"),
        ({"expert_fraction": 0.0}, "expert_fraction=0.0; expected a share above 0"),
        ({"learning_rate": 0.0}, "learning_rate=0.0; expected a positive"),
        ({"random_shift": -1}, "random_shift=-1; expected 0 or more"),
    ],
)
def test_settings_out_of_range_are_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        DAggerConfig(**wrong)


def test_vectors_cannot_be_shifted() -> None:
    with pytest.raises(UsageError, match="random_shift=2 of vectors"):
        make("probe/GoalPoint", random_shift=2)
