"""The mistake that every deep agent is tried against: a time limit taken for the end of an episode."""

from typing import Any

import torch
from torch import Tensor

from palestra.data.rollout import Rollout, collect


def collect_confused(*args: Any, **kwargs: Any) -> tuple[Rollout, Tensor]:
    """``collect``, but what was cut is said to have terminated; to be put in its place."""
    rollout, obs = collect(*args, **kwargs)
    return rollout._replace(terminated=rollout.done, truncated=torch.zeros_like(rollout.done)), obs
