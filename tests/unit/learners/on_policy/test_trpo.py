"""TRPO's own rules: the Fisher product is the Hessian of the divergence, and no step leaves the region."""

from typing import Any

import pytest
import torch
from torch import Tensor

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.experience import Batch
from palestra.learners.on_policy.trpo import TRPO, TRPOConfig
from palestra.ops.trust_region import conjugate_gradient

ENVS = ["CartPole-v1", "Pendulum-v1"]


def make(env_id: str = "CartPole-v1", **settings: Any) -> TRPO:
    defaults = {"num_steps": 64, "hidden_sizes": (4,), "cg_damping": 0.0}
    return TRPO(World(env_id, 4), TRPOConfig(**defaults | settings), seed=3)


def batch_of(agent: TRPO) -> Batch:
    return agent.experience.collect(agent.nets)


def hessian_of_the_divergence(agent: TRPO, obs_BF: Tensor) -> Tensor:
    """By autograd, of the divergence as torch.distributions has it, in all parameters of policy and head at once."""
    shapes, layers = [p.shape for p in agent.parameters], len(agent.nets.actor.weights)

    def distribution(theta_D: Tensor) -> torch.distributions.Distribution:
        parts = [part.view(s) for part, s in zip(theta_D.split([s.numel() for s in shapes]), shapes, strict=True)]
        out = obs_BF
        for i, (weight, bias) in enumerate(zip(parts[:layers], parts[layers : 2 * layers], strict=True)):
            out = (torch.tanh(out) if i else out) @ weight.t() + bias
        if len(parts) == 2 * layers:
            return torch.distributions.Categorical(logits=out)
        return torch.distributions.Independent(torch.distributions.Normal(out, parts[-1].exp()), 1)

    theta_D = agent.theta_D.clone()
    with torch.no_grad():
        old = distribution(theta_D)
    return torch.autograd.functional.hessian(
        lambda x: torch.distributions.kl_divergence(old, distribution(x)).mean(), theta_D
    )


@pytest.mark.parametrize("damping", [0.0, 0.3])
@pytest.mark.parametrize("env_id", ENVS)
def test_the_fisher_product_is_the_hessian_of_the_divergence(env_id: str, damping: float) -> None:
    agent = make(env_id, cg_damping=damping)
    agent.step()  # away from the initial policy, which is nearly the same everywhere
    obs_BF = batch_of(agent).obs_BF[:50]
    out_BK = agent.nets.actor(obs_BF)
    product = agent.fisher_product(agent.nets.head.frozen(out_BK), out_BK)
    hessian_KK = hessian_of_the_divergence(agent, obs_BF) + damping * torch.eye(len(agent.theta_D))
    rows = torch.stack([product(one_K) for one_K in torch.eye(len(agent.theta_D))])
    torch.testing.assert_close(rows, hessian_KK, rtol=1e-4, atol=1e-6)
    assert float(hessian_KK.abs().max()) > 1e-2


def test_the_fisher_matrix_is_the_covariance_of_the_score() -> None:
    # E[grad log pi grad log pi'] over both actions and all states: the other definition of the matrix.
    agent = make()
    agent.step()
    obs_BF = batch_of(agent).obs_BF[:20]
    out_BK = agent.nets.actor(obs_BF)
    product = agent.fisher_product(agent.nets.head.frozen(out_BK), out_BK)
    covariance_KK = torch.zeros(len(agent.theta_D), len(agent.theta_D))
    log_prob_BA = torch.log_softmax(out_BK, 1)
    for log_prob in log_prob_BA.flatten():
        score_K = torch.cat([g.flatten() for g in torch.autograd.grad(log_prob, agent.parameters, retain_graph=True)])
        covariance_KK += float(log_prob.detach().exp()) * torch.outer(score_K, score_K) / len(obs_BF)
    rows = torch.stack([product(one_K) for one_K in torch.eye(len(agent.theta_D))])
    torch.testing.assert_close(rows, covariance_KK, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("target_kl", [0.001, 0.01, 0.3])
@pytest.mark.parametrize("env_id", [*ENVS])
def test_no_step_leaves_the_region(env_id: str, target_kl: float) -> None:
    agent = make(env_id, target_kl=target_kl, cg_damping=0.01)
    moved = []
    for _ in range(8):
        b = batch_of(agent)
        with torch.no_grad():
            frozen = agent.nets.head.frozen(agent.nets.actor(b.obs_BF))
        metrics = agent.update(b)
        with torch.no_grad():
            kl = float(agent.nets.head.kl(frozen, agent.nets.actor(b.obs_BF)).mean())
        assert kl <= target_kl
        assert metrics["train/kl"] == pytest.approx(kl, abs=1e-6)
        moved.append(kl)
    assert max(moved) > target_kl / 4  # it makes use of the room


def test_a_step_that_gains_nothing_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = make(line_search_steps=3, cg_damping=0.1)
    b = batch_of(agent)
    before = agent.theta_D.clone()
    monkeypatch.setattr(
        "palestra.learners.on_policy.trpo.conjugate_gradient", lambda *args, **kw: -conjugate_gradient(*args, **kw)
    )
    metrics = agent.improve_policy(b)
    assert (metrics["train/step_fraction"], metrics["train/kl"]) == (0.0, 0.0)
    assert torch.equal(agent.theta_D, before)


def test_numbers_that_are_none_move_nothing() -> None:
    agent = make()
    b = batch_of(agent)
    before = agent.theta_D.clone()
    agent.improve_policy(b._replace(advantage_B=torch.full_like(b.advantage_B, torch.nan)))
    assert torch.equal(agent.theta_D, before)


def test_the_step_is_the_longest_that_the_second_order_allows() -> None:
    # Small enough for the second order to be exact: then s' H s / 2 = delta, and the divergence is delta.
    agent = make("Pendulum-v1", target_kl=1e-5, cg_steps=3, line_search_shrink=0.98)
    divergences = [agent.improve_policy(batch_of(agent))["train/kl"] for _ in range(6)]
    assert divergences == pytest.approx([1e-5] * 6, rel=0.06)


def test_values_learn_and_the_policy_of_the_value_step_stays() -> None:
    agent = make(value_learning_rate=1e-2)
    b = batch_of(agent)
    agent.improve_policy(b)
    theta = agent.theta_D.clone()
    errors = [
        agent.update(b._replace(advantage_B=torch.zeros_like(b.advantage_B)))["train/value_loss"] for _ in range(9)
    ]
    assert errors[-1] < 0.7 * errors[0]
    torch.testing.assert_close(agent.theta_D, theta, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target_kl": 0.0}, "target_kl=0.0"), ({"cg_steps": 0}, "cg_steps=0"), ({"cg_damping": -1.0}, "cg_damping=-1"),
        ({"line_search_shrink": 1.0}, "line_search_shrink=1.0"), ({"line_search_steps": 0}, "line_search_steps=0"),
        ({"value_learning_rate": 0.0}, "value_learning_rate=0.0"), ({"value_epochs": 0}, "value_epochs=0"),
        ({"gamma": 2.0}, "gamma=2.0"), ({"hidden_sizes": (0,)}, "hidden_sizes"),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TRPOConfig(**settings)
