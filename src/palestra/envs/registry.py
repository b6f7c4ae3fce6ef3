"""From an environment's id to a vector environment, on the backend that suits it."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Literal, cast

import gymnasium as gym
import torch

from palestra.envs import probes
from palestra.envs.arm.catalogue import MAX_EPISODE_STEPS
from palestra.envs.arm.catalogue import TASKS as ARM_TASKS
from palestra.envs.arm.catalogue import env_id as arm_id
from palestra.envs.arm.settings import SIMULATED_ONLY, ArmSettings
from palestra.envs.arm.twin import ArmTwin
from palestra.envs.atari.catalogue import is_atari
from palestra.envs.backends.ale import AleVectorEnv
from palestra.envs.backends.envpool import EnvPoolVectorEnv
from palestra.envs.backends.gymnasium import WORKER_TIMEOUT, GymVectorEnv
from palestra.envs.backends.making import make_gym_env
from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic.acrobot import Acrobot
from palestra.envs.classic.cartpole import CartPole
from palestra.envs.classic.cartpole_swing_up import CartPoleSwingUp
from palestra.envs.classic.double_integrator import DoubleIntegrator
from palestra.envs.classic.double_pendulum import DoublePendulum
from palestra.envs.classic.mountain_car import MountainCar
from palestra.envs.classic.mountain_car_continuous import MountainCarContinuous
from palestra.envs.classic.pendulum import Pendulum
from palestra.envs.classic.pendulum_discrete import PendulumDiscrete
from palestra.envs.classic.planar_quadrotor import PlanarQuadrotor
from palestra.envs.classic.two_ways import TwoWays
from palestra.envs.dynamics import Dynamics
from palestra.envs.finite.blackjack import BLACKJACK, has_settings, make_blackjack_vec
from palestra.envs.finite.catalogue import FINITE, is_whole
from palestra.envs.finite.dynamics import make_finite_vec, process_vec, time_limit_of
from palestra.envs.finite.own_table import process_by_id
from palestra.envs.hidden.cartpole_masked import CartPoleMasked
from palestra.envs.hidden.t_maze import T_MAZE, TMaze, is_maze, make_t_maze_vec
from palestra.envs.vector import VectorEnv
from palestra.errors import UsageError, require, unknown_name

Rules = Callable[[int, str | torch.device], Dynamics]
"""From a number of copies and a device to the dynamics of a world."""
BACKENDS = ("auto", "torch", "ale", "sync", "async", "envpool")

CLASSIC: dict[str, Rules] = {
    "Acrobot-v1": Acrobot,
    "CartPole-v1": CartPole,
    "MountainCar-v0": MountainCar,
    "MountainCarContinuous-v0": MountainCarContinuous,
    "Pendulum-v1": Pendulum,
    "palestra/CartPoleMasked-v0": CartPoleMasked,
    "palestra/CartPoleSwingUp-v0": CartPoleSwingUp,
    "palestra/DoubleIntegrator-v0": DoubleIntegrator,
    "palestra/DoublePendulum-v0": DoublePendulum,
    "palestra/PendulumDiscrete-v1": PendulumDiscrete,
    "palestra/PlanarQuadrotor-v0": PlanarQuadrotor,
    "palestra/TwoWays-v0": TwoWays,
    "palestra/TMaze-v0": TMaze,
}
ARM = {arm_id(task): task for task in ARM_TASKS}
"""The arm's ids and tasks, which the torch backend has as twins of PyBullet's world."""
PROBES: dict[str, Rules] = {
    **{
        f"probe/{probe.__name__}": probe
        for probe in (
            probes.ActionDependent,
            probes.ConstantReward,
            probes.ContinuousTarget,
            probes.Counting,
            probes.DelayedReward,
            probes.ForeverOne,
            probes.GoalPoint,
            probes.ObservationDependent,
            probes.PixelTarget,
            probes.TwoTargets,
        )
    },
    **{
        f"probe/{probe.__name__}Box": probes.idle(probe)
        for probe in (
            probes.ConstantReward,
            probes.DelayedReward,
            probes.ForeverOne,
            probes.ObservationDependent,
        )
    },
}
MOST_COPIES = {"torch": 1 << 20, "ale": 1 << 12, "envpool": 1 << 14, "sync": 1 << 14, "async": 1 << 10}
"""Copies that a backend makes; more would fill the memory, or take hours, before anybody could say so."""
SIMULATORS = tuple(ARM)
"""Whose copies, outside of the torch backend, are a whole physics simulator each."""
MOST_SIMULATORS = 8
"""Copies of one that are worth having side by side in an evaluation."""


def torch_env_ids() -> list[str]:
    """The ids that the torch backend has: classic control, finite worlds, Blackjack, the arm, and the probes."""
    return [*CLASSIC, *FINITE, BLACKJACK, *ARM, *PROBES]


def is_simulator(env_id: str, backend: str) -> bool:
    """Whether each copy of an environment on this backend is a whole physics simulator."""
    return env_id in SIMULATORS and backend in ("sync", "async")


def make_vec(
    env_id: str,
    num_envs: int,
    *,
    backend: str = "auto",
    device: str | torch.device = "cpu",
    env_kwargs: dict[str, Any] | None = None,
    worker_timeout: float = WORKER_TIMEOUT,
) -> VectorEnv:
    """A vector environment of ``num_envs`` copies, obeying :class:`palestra.envs.vector.VectorEnv`.

    ``backend`` is "torch" (our batched environments), "ale" (Atari's games), "sync" or "async" (any Gymnasium id, in
    this process or one process a copy), "envpool" (where installed), or "auto": torch where it has the id with these
    ``env_kwargs``, or where the environment has a table ``P`` that proves true
    (:mod:`palestra.envs.finite.own_table`), ale for a game of Atari's, else sync.
    ``env_kwargs`` are the environment's own settings, for ``gymnasium.make`` or ``envpool.make``.

    A worker process that has not answered after ``worker_timeout`` seconds counts as hanging.

    Raises UsageError for an unknown id or backend, fewer than one copy, a missing extra, or settings or spaces that
    cannot be had.
    """
    if backend not in BACKENDS:
        raise unknown_name("backend", backend, BACKENDS)
    if backend == "auto" and is_atari(env_id):
        backend = "ale"
    require(num_envs >= 1, f"num_envs={num_envs}", "at least 1")
    most = MOST_COPIES.get(backend, MOST_COPIES["torch"])
    require(num_envs <= most, f"num_envs={num_envs}", f"at most {most:,}")
    if env_id.startswith("probe/") and env_id not in PROBES:
        raise unknown_name("environment", env_id, PROBES)
    process = None
    if backend == "auto":
        whole = env_id in PROBES or env_id in ARM or (env_id in CLASSIC and not env_kwargs)
        whole = whole or _in_catalogue(env_id, env_kwargs or {})
        whole = whole or (env_id == BLACKJACK and has_settings(env_kwargs or {}))
        whole = whole or is_maze(env_id, env_kwargs or {})
        process = None if whole else process_by_id(env_id, env_kwargs or {})
        backend = "torch" if whole or process is not None else "sync"
        require(num_envs <= MOST_COPIES[backend], f"num_envs={num_envs}", f"at most {MOST_COPIES[backend]:,}")
    if process is not None:
        return process_vec(process, num_envs, device, time_limit_of(env_id, env_kwargs or {}))
    if backend == "torch" and env_id in FINITE:
        return make_finite_vec(env_id, num_envs, device, env_kwargs)
    if backend == "torch" and env_id == BLACKJACK:
        return make_blackjack_vec(num_envs, device, env_kwargs)
    if backend == "torch" and env_id == T_MAZE:
        return make_t_maze_vec(num_envs, device, env_kwargs)
    if backend == "torch" and env_id in ARM:
        return _make_twin(env_id, num_envs, device, env_kwargs or {})
    if backend == "torch":
        rules = (CLASSIC | PROBES).get(env_id)
        if rules is None:
            raise UsageError(
                f"backend 'torch' does not have the environment {env_id!r}; it has {', '.join(torch_env_ids())}."
                " Any Gymnasium id works with backend='sync'"
            )
        if env_kwargs:
            raise UsageError(f"backend 'torch' got env_kwargs {env_kwargs}; expected none. Use backend='sync' for them")
        return TorchVectorEnv(rules(num_envs, device))
    if backend == "ale":
        return AleVectorEnv(env_id, num_envs, device, env_kwargs)
    if backend == "envpool":
        return EnvPoolVectorEnv(env_id, num_envs, device, env_kwargs)
    return GymVectorEnv(env_id, num_envs, cast(Literal["sync", "async"], backend), device, env_kwargs, worker_timeout)


def is_finite(env_id: str, env_kwargs: dict[str, Any]) -> bool:
    """Whether backend "auto" plays an environment as a finite process."""
    if _in_catalogue(env_id, env_kwargs):
        return True
    return env_id in gym.registry and process_by_id(env_id, env_kwargs) is not None


def _in_catalogue(env_id: str, env_kwargs: dict[str, Any]) -> bool:
    return env_id in FINITE and is_whole(env_id, env_kwargs)


def _make_twin(env_id: str, num_envs: int, device: str | torch.device, env_kwargs: dict[str, Any]) -> TorchVectorEnv:
    settings = dict(env_kwargs)
    limit = settings.pop("max_episode_steps", MAX_EPISODE_STEPS)
    known = [field.name for field in fields(ArmSettings) if field.name != "task"]
    for name, value in settings.items():
        if name in SIMULATED_ONLY:
            raise UsageError(
                f"{name}={value!r} for {env_id} on the torch backend, whose joints and shapes are its own; expected it"
                " with backend='sync', or in reference_kwargs, which are for a simulated world alone"
            )
        if name not in known:
            raise unknown_name(f"setting of {env_id} on the torch backend", name, [*known, "max_episode_steps"])
    return TorchVectorEnv(ArmTwin(num_envs, device, ArmSettings(ARM[env_id], **settings), limit))


def reference_env(
    env_id: str, render_mode: str | None = None, env_kwargs: dict[str, Any] | None = None
) -> gym.Env[Any, Any]:
    """One copy as Gymnasium made it, for video and for evaluation against the reference.

    Observations have the form that ``make_vec`` gives; ``step`` takes the environment's own actions, which
    :func:`palestra.envs.spaces.to_env_action` makes from a policy's. Raises UsageError as ``make_vec`` does.
    """
    if env_id in PROBES:
        raise UsageError(f"{env_id!r} exists only as a torch environment; expected a Gymnasium id")
    return make_gym_env(env_id, render_mode=render_mode, env_kwargs=env_kwargs)
