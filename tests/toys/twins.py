"""Twins of the arm's world with few settings told, their rules at hand."""

from typing import Any

from torch import Tensor

from palestra.envs.arm.settings import ArmSettings
from palestra.envs.arm.twin import ArmTwin
from palestra.envs.backends.torch import TorchVectorEnv


def made(num: int, max_episode_steps: int = 40, **settings: Any) -> TorchVectorEnv:
    """A twin with these fields of ``ArmSettings``."""
    return TorchVectorEnv(ArmTwin(num, settings=ArmSettings(**settings), max_episode_steps=max_episode_steps))


def rules(twin: TorchVectorEnv) -> ArmTwin:
    """Its dynamics."""
    assert isinstance(twin.dynamics, ArmTwin)
    return twin.dynamics


def arrange(twin: TorchVectorEnv, joints: Tensor, place: Tensor) -> Tensor:
    """What is seen of joints and places as told."""
    return twin.set_state(rules(twin).arranged(joints, place))
