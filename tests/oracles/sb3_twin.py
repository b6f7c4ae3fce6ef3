"""An actor-critic of ours beside one of Stable-Baselines3 with the same parameters, and data for both."""

from collections.abc import Iterator
from typing import Any

import torch
from stable_baselines3.common.logger import configure
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from torch import Tensor, nn

from palestra.learners.on_policy.experience import Batch
from palestra.ops.statistics import explained_variance


def make_theirs(kind: type[OnPolicyAlgorithm], env_id: str, **settings: Any) -> Any:
    """One of theirs, without touching the global generator, and quiet."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = kind("MlpPolicy", env_id, device="cpu", **settings)
    model.set_logger(configure(None, []))
    return model


def pairs(ours: Any, theirs: Any) -> Iterator[tuple[Tensor, Tensor]]:
    """Our parameters beside theirs."""
    extractor, policy = theirs.policy.mlp_extractor, theirs.policy
    for mlp, body, head in (
        (ours.nets.actor, extractor.policy_net, policy.action_net),
        (ours.nets.value, extractor.value_net, policy.value_net),
    ):
        layers = [layer for layer in (*body, head) if isinstance(layer, nn.Linear)]
        for weight, bias, layer in zip(mlp.weights, mlp.biases, layers, strict=True):
            yield weight, layer.weight
            yield bias, layer.bias
    if hasattr(policy, "log_std"):
        yield ours.nets.head.log_std, policy.log_std


@torch.no_grad()
def adopt(ours: Any, theirs: Any) -> None:
    """Give ours the parameters of theirs."""
    for p, q in pairs(ours, theirs):
        p.copy_(q)
    assert sum(p.numel() for p in ours.modules.parameters()) == sum(p.numel() for p in theirs.policy.parameters())


@torch.no_grad()
def random_batch(ours: Any, samples: int, rng: torch.Generator) -> Batch:
    """Actions of the policy itself, with advantages and returns of their own, in the parameters' dtype."""
    weight = ours.nets.actor.weights[0]
    obs_BF = torch.randn(samples, weight.shape[1], generator=rng).to(weight.dtype)
    action_B = ours.nets.head.sample(ours.nets.actor(obs_BF), rng)
    value_B = ours.nets.value(obs_BF).squeeze(1)
    advantage_B = (2 * torch.randn(samples, generator=rng) + 1).to(weight.dtype)
    return_B = value_B + 1 + torch.rand(samples, generator=rng)
    explained = explained_variance(value_B, return_B)
    return Batch(obs_BF, action_B, value_B, advantage_B, return_B, explained)


def train_theirs(theirs: Any, obs_BF: Tensor, action_B: Tensor, **columns: Tensor) -> None:
    """Fill their buffer, with ``values``, ``advantages``, ``returns`` and ``log_probs`` (B,), and update."""
    buffer = theirs.rollout_buffer
    buffer.reset()
    buffer.observations = obs_BF.numpy()[:, None]  # their own array is of float32
    buffer.actions = action_B.numpy().reshape(len(obs_BF), 1, -1).astype(buffer.observations.dtype)
    for name, column in columns.items():
        setattr(buffer, name, column.numpy()[:, None])
    buffer.full = True
    theirs.train()
