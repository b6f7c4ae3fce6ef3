"""Agents of Stable-Baselines3 as agents of ours: their networks, in a learner that goes on learning.

Its zips are read by Stable-Baselines3 itself, which unpickles a part of them: a zip can run whatever its maker wanted.
So nothing is read without being told to trust the file, and then in the process of whoever said so.

What is taken are weights, their sizes, the activation and the discount; all other settings are ours. Whether ours then
acts as theirs does is tried on observations of its world before anybody gets it.
"""

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.envs.world import World
from palestra.errors import PalestraError, UsageError, missing_extra, require
from palestra.exports.drawn import COUNT, draw
from palestra.learners.registry import learner_type
from palestra.nets.ensemble import Ensemble
from palestra.nets.mlp import MLP

Algorithm = Literal["ppo", "a2c", "dqn", "sac", "td3", "ddpg"]
"""Of those that both have; each by the same name."""
ON_POLICY = ("ppo", "a2c")
ACTIVATIONS = {nn.Tanh: "tanh", nn.ReLU: "relu"}
LIMIT = 1e-5
"""Of the difference between an action of theirs and ours, as a share of it where it is larger than 1."""


def import_agent(
    file: str | Path, algo: Algorithm, env: str | World, *, trust_pickle: bool = False, seed: int = 0
) -> Learner:
    """An agent of ours that acts as the one in a zip of Stable-Baselines3 does, to be saved, measured or trained on.

    Args:
        file: the zip.
        algo: which algorithm wrote it; the zip does not say.
        env: the world, which the zip does not hold: an id, or a World.
        trust_pickle: whether the file may run code, which reading it can do.
        seed: of what the learner draws from now on, and of the observations that both are tried on.

    Raises UsageError for what is not trusted, and for a policy that ours has no place for; PalestraError if ours would
    act otherwise.
    """
    if not trust_pickle:
        raise UsageError(
            f"{file} is a zip of Stable-Baselines3, and reading it unpickles what is in it: it can run any code its"
            " maker wanted; expected --trust-pickle (trust_pickle=True), if you made it or trust who did"
        )
    require(Path(file).is_file(), f"{file}, which is no file", "a zip that model.save wrote")
    try:
        library = importlib.import_module("stable_baselines3")
    except ModuleNotFoundError as error:
        raise missing_extra("bench", "reading zips of Stable-Baselines3") from error
    try:
        model = getattr(library, algo.upper()).load(file, device="cpu")
    except Exception as error:  # of whatever is in it
        raise UsageError(
            f"{file} cannot be read as {algo.upper()}: {error}; expected the --algo that wrote it"
        ) from error
    agent = _agent(model, algo, World(env, 1) if isinstance(env, str) else env, seed)
    try:
        with torch.no_grad():
            for ours, theirs in _pairs(agent, model, algo):
                ours.copy_(theirs)
        _compare(agent, model, seed)
    except BaseException:
        agent.close()
        raise
    return agent


def _agent(model: Any, algo: Algorithm, world: World, seed: int) -> Learner:
    """One of ours with networks of the same shape."""
    policy = model.policy
    sees = policy if algo in ON_POLICY else policy.q_net if algo == "dqn" else policy.actor
    plain = type(sees.features_extractor).__name__
    require(plain == "FlattenExtractor", f"a policy that sees by {plain}", "one of vectors (MlpPolicy)")
    require(not getattr(model, "use_sde", False), "a policy with state-dependent exploration", "use_sde=False")
    settings: dict[str, Any] = {"gamma": model.gamma}
    if algo in ON_POLICY:
        extractor = policy.mlp_extractor
        settings["hidden_sizes"], settings["value_hidden_sizes"] = map(
            _widths, (extractor.policy_net, extractor.value_net)
        )
        settings |= {"activation": _activation(policy.activation_fn), "scale_actions": False}
    elif algo == "dqn":
        settings |= {"hidden_sizes": _widths(policy.q_net)[:-1], "activation": _activation(policy.activation_fn)}
    else:
        require(policy.activation_fn is nn.ReLU, f"activation {policy.activation_fn.__name__}", "ReLU")
        body = policy.actor.latent_pi if algo == "sac" else policy.actor.mu
        settings["hidden_sizes"] = _widths(body) if algo == "sac" else _widths(body)[:-1]
        settings["value_hidden_sizes"] = _widths(policy.critic.qf0)[:-1]
    registered = learner_type(algo)
    agent = registered(world, registered.config_type(**settings), seed=seed, device="cpu")
    assert isinstance(agent, Agent)
    ours, theirs = (agent.env.observed.own, agent.env.action_space), (model.observation_space, model.action_space)
    if ours != theirs:
        agent.close()
        raise UsageError(
            f"{world.id!r} with {ours[0]} and {ours[1]}; expected {theirs[0]} and {theirs[1]}, as the zip has"
        )
    return agent


def _pairs(agent: Any, model: Any, algo: Algorithm) -> Iterator[tuple[Tensor, Tensor]]:
    """Our parameters beside theirs, of all networks that learn and of their slow copies."""
    policy = model.policy
    match algo:
        case "ppo" | "a2c":
            extractor = policy.mlp_extractor
            yield from _of_mlp(agent.nets.actor, [extractor.policy_net, policy.action_net])
            yield from _of_mlp(agent.nets.value, [extractor.value_net, policy.value_net])
            if hasattr(policy, "log_std"):
                yield agent.nets.head.log_std, policy.log_std
        case "dqn":
            yield from _of_mlp(agent.q, [policy.q_net])
            yield from _of_mlp(agent.target, [policy.q_net_target])
        case _:
            yield from _of_ensemble(agent.critics, _critics(policy.critic))
            slow = agent.target if algo == "sac" else agent.target_critics
            yield from _of_ensemble(slow, _critics(policy.critic_target))
            yield from _of_ensemble(agent.actor, [_actor(policy.actor)])
            if algo == "sac":
                if model.log_ent_coef is not None:
                    yield agent.temperature.log, model.log_ent_coef.squeeze()
            else:
                yield from _of_ensemble(agent.target_actor, [_actor(policy.actor_target)])


def _of_mlp(net: MLP, parts: Sequence[nn.Module]) -> Iterator[tuple[Tensor, Tensor]]:
    layers = [layer for part in parts for layer in _linear(part)]
    for weight, bias, (their_weight, their_bias) in zip(net.weights, net.biases, layers, strict=True):
        yield weight, their_weight
        yield bias, their_bias


def _of_ensemble(net: Ensemble, members: Sequence[list[tuple[Tensor, Tensor]]]) -> Iterator[tuple[Tensor, Tensor]]:
    for n, member in enumerate(members):
        for weight, bias, (their_weight, their_bias) in zip(net.weights, net.biases, member, strict=True):
            yield weight[n], their_weight.t()
            yield bias[n, 0], their_bias


def _linear(part: nn.Module) -> list[tuple[Tensor, Tensor]]:
    return [(layer.weight, layer.bias) for layer in part.modules() if isinstance(layer, nn.Linear)]


def _critics(critic: Any) -> list[list[tuple[Tensor, Tensor]]]:
    return [_linear(net) for net in critic.q_networks]


def _actor(actor: Any) -> list[tuple[Tensor, Tensor]]:
    """Its layers; of a Gaussian one the last says means and logarithms of deviations side by side."""
    if not hasattr(actor, "latent_pi"):
        return _linear(actor.mu)
    both = [torch.cat(pair) for pair in zip(*(_linear(head)[0] for head in (actor.mu, actor.log_std)))]
    return [*_linear(actor.latent_pi), (both[0], both[1])]


def _widths(part: nn.Module) -> tuple[int, ...]:
    return tuple(len(bias) for _, bias in _linear(part))


def _activation(kind: type[nn.Module]) -> str:
    require(kind in ACTIVATIONS, f"activation {kind.__name__}", "Tanh or ReLU")
    return ACTIVATIONS[kind]


def _compare(agent: Learner, model: Any, seed: int) -> None:
    """Raise PalestraError unless both act alike."""
    assert isinstance(agent, Agent)
    given, where = draw(agent, seed)
    (obs,) = given.values()
    ours, theirs = np.asarray(agent.predict(obs)), np.asarray(model.predict(obs, deterministic=True)[0])
    theirs = theirs.reshape(ours.shape)
    if ours.dtype.kind == "f":
        far = np.abs(ours.astype(float) - theirs) / np.maximum(1.0, np.abs(theirs))
        odd, said = far.max() > LIMIT, f"by up to {far.max():.2g}"
    else:
        odd, said = bool((ours != theirs).any()), f"{int((ours != theirs).sum())} of {COUNT:,} times"
    if odd:
        raise PalestraError(f"what was imported acts otherwise than the zip, {said}, on observations {where}")
