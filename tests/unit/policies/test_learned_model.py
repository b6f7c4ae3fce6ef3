"""A learned world: plans cost what a plain loop over its members says, and every planner can be given it."""

import shutil
from pathlib import Path

import pytest
import torch
from planners import LINE, NAMES
from torch import Generator, Tensor

import palestra
from palestra.engine.seeding import generator
from palestra.envs.registry import make_vec
from palestra.errors import UsageError
from palestra.learners.registry import learner_type
from palestra.nets.dynamics_ensemble import DynamicsEnsemble
from palestra.ops.expansion import jacobian
from palestra.policies.learned_model import LearnedModel, model_of

QUICK = {"random_episodes": 2, "hidden_sizes": (6,), "members": 3, "batches_per_step": 2}


def ensemble(observed: int = 2, acted: int = 1) -> DynamicsEnsemble:
    rng = Generator().manual_seed(0)
    net = DynamicsEnsemble(3, observed, acted, (6,), rng)
    rows = observed + acted, observed + 1
    net.standardise(*(torch.randn(30, size, generator=rng) * 0.5 + 0.1 for size in rows))
    return net


def model(env_id: str = LINE) -> LearnedModel:
    env = make_vec(env_id, 1)
    return LearnedModel(env, ensemble(env.observation_space.shape[0]))


def learned(folder: Path, env_id: str = "Pendulum-v1", seed: int = 0) -> str:
    kind = learner_type("dynamics-ensemble")
    learner = kind(env_id, kind.config_type(**QUICK), seed=seed)
    learner.step()
    return str(learner.save(folder))


@pytest.mark.parametrize("env_id", [LINE, "Pendulum-v1"])
def test_a_plan_costs_what_a_plain_loop_says(env_id: str) -> None:
    """Each member for itself, each step drawn with the luck of all plans, and only then the mean."""
    world, rng = model(env_id), Generator().manual_seed(1)
    size = world.state_size
    state, plan = torch.randn(4, size, generator=rng) * 0.3, torch.randn(5, 4, 1, generator=rng)
    low, high = (torch.from_numpy(bound) for bound in (world.dynamics.observation_space.low,
                                                       world.dynamics.observation_space.high))  # fmt: skip
    found = world.total(state, plan, generator(0, "luck"))
    luck, net, costs = generator(0, "luck"), world.learned, torch.zeros(3, 4)
    noise = [torch.randn(3, 1, size + 1, generator=luck) for _ in plan]
    for m in range(3):
        for b in range(4):
            at = state[b]
            for t in range(5):
                said = net(torch.cat((at, plan[t, b]))[None])
                drawn = said.mean_MBK[m, 0] + (said.log_var_MBK[m, 0] / 2).exp() * noise[t][m, 0]
                target = drawn / net.scale_K + net.shift_K
                at = (at + target[:-1]).maximum(low).minimum(high)
                costs[m, b] -= target[-1]
    torch.testing.assert_close(found, costs.mean(0), rtol=1e-4, atol=1e-5)
    other = world.total(state, plan, generator(1, "luck"))
    assert not torch.allclose(found, other)


def test_a_step_is_the_mean_of_the_members_and_its_derivatives_are_what_differences_say() -> None:
    world, rng = model(), Generator().manual_seed(1)
    at = torch.randn(5, 3, generator=rng, dtype=torch.float64)

    def after(rows: Tensor) -> Tensor:
        return world.step(rows[:, :2], rows[:, 2:])[0]

    said = world.learned.as_target(world.learned(at).mean_MBK).mean(0)
    torch.testing.assert_close(after(at), at[:, :2] + said[:, :2])
    torch.testing.assert_close(world.step(at[:, :2], at[:, 2:])[1], -said[:, 2])
    assert world.step(at[:, :2], at[:, 2:])[2] is None
    ways, step = torch.eye(3, dtype=torch.float64), 1e-5
    by_difference = torch.stack([(after(at + step * way) - after(at - step * way)) / (2 * step) for way in ways], -1)
    torch.testing.assert_close(jacobian(after, at), by_difference, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_every_planner_plans_in_what_a_run_has_learned(name: str, tmp_path: Path) -> None:
    run = learned(tmp_path / "model")
    kind = learner_type(name)
    small = {"horizon": 3, "samples": 4} | ({"elites": 2} if name == "cem" else {})
    agent = kind("Pendulum-v1", kind.config_type(model=run, **small), seed=0)
    assert isinstance(agent.policy.plans.model, LearnedModel)
    seen = torch.tensor([[1.0, 0.0, 0.5], [0.0, 1.0, -0.5]])
    saved, acted = agent.save(tmp_path / "planner"), agent.act(seen)
    learned(tmp_path / "model", seed=1)  # the run goes on; what was saved does not
    again = palestra.load(saved)
    assert torch.equal(again.act(seen), acted)
    shutil.rmtree(run)
    with pytest.raises(palestra.errors.PalestraError, match="unknown run"):
        palestra.load(saved)


def test_a_world_that_is_none_of_ours_can_be_planned_in_once_it_is_learned(tmp_path: Path) -> None:
    env = make_vec("Pendulum-v1", 2, backend="sync")
    with pytest.raises(UsageError, match="or model=RUN, what a run of dynamics-ensemble or pets has learned"):
        model_of(env, "")
    assert model_of(env, learned(tmp_path / "model")).state_size == 3
    env.close()


def test_what_does_not_fit_is_refused_in_one_line(tmp_path: Path) -> None:
    run, env = learned(tmp_path / "model"), make_vec(LINE, 1)
    with pytest.raises(UsageError, match="a model of 3 observed numbers and 1 of an action; expected one of observ"):
        model_of(env, run)
    with pytest.raises(UsageError, match="unknown run 'nowhere'"):
        model_of(env, "nowhere")
    other = learner_type("random")("Pendulum-v1").save(tmp_path / "other")
    with pytest.raises(UsageError, match="a run of random; expected one of dynamics-ensemble or pets"):
        model_of(env, str(other))
    with pytest.raises(UsageError, match="asked where episodes begin"):
        model().dynamics.initial_state(1)
