"""All ids that ``import palestra`` makes known to ``gymnasium.make``.

Entry points are text, so that neither torch nor PyBullet is imported before an environment is made.
"""

from typing import Any

from gymnasium.envs.registration import WrapperSpec, register, registry

from palestra.envs.arm import catalogue as arm

_FINITE: dict[str, Any] = {"max_episode_steps": 1_000}
"""A bad policy need never reach the goal, and a random process never ends."""
# The wrappers of a specification lie outside the time limit, so this one sees that it has struck.
_LATE = WrapperSpec("StepLimitReward", "palestra.envs.arm.gym_env:StepLimitReward", {})
_ARM: dict[str, Any] = {"max_episode_steps": arm.MAX_EPISODE_STEPS, "additional_wrappers": (_LATE,)}

ENVS: dict[str, dict[str, Any]] = {
    "palestra/CartPoleSwingUp-v0": {
        "entry_point": "palestra.envs.classic.cartpole_swing_up:CartPoleSwingUpEnv",
        "max_episode_steps": 250,
    },
    "palestra/DoubleIntegrator-v0": {
        "entry_point": "palestra.envs.classic.double_integrator:DoubleIntegratorEnv",
        "max_episode_steps": 100,
    },
    "palestra/DoublePendulum-v0": {
        "entry_point": "palestra.envs.classic.double_pendulum:DoublePendulumEnv",
        "max_episode_steps": 200,
    },
    "palestra/PendulumDiscrete-v1": {
        "entry_point": "palestra.envs.classic.pendulum_discrete:PendulumDiscreteEnv",
        "max_episode_steps": 200,
    },
    "palestra/PlanarQuadrotor-v0": {
        "entry_point": "palestra.envs.classic.planar_quadrotor:PlanarQuadrotorEnv",
        "max_episode_steps": 100,
    },
    "palestra/TwoWays-v0": {
        "entry_point": "palestra.envs.classic.two_ways:TwoWaysEnv",
        "max_episode_steps": 20,
    },
    "palestra/CartPoleMasked-v0": {
        "entry_point": "palestra.envs.hidden.cartpole_masked:CartPoleMaskedEnv",
        "max_episode_steps": 500,
    },
    "palestra/TMaze-v0": {"entry_point": "palestra.envs.hidden.t_maze:TMazeEnv", "max_episode_steps": 200},
    "palestra/GridWorld-v0": {"entry_point": "palestra.envs.finite.gym_env:GridWorldEnv", **_FINITE},
    "palestra/Garnet-v0": {"entry_point": "palestra.envs.finite.gym_env:GarnetEnv", **_FINITE},
    **{
        arm.env_id(task): {"entry_point": "palestra.envs.arm.gym_env:ArmEnv", "kwargs": {"task": task}, **_ARM}
        for task in arm.TASKS
    },
}
"""Id to what ``gymnasium.register`` takes."""


def register_envs() -> None:
    """Make the ids known to ``gymnasium.make``; more than once does nothing."""
    for env_id, arguments in ENVS.items():
        if env_id not in registry:
            register(env_id, **arguments)
