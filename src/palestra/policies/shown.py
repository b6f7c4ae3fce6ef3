"""What a planner does, to be looked at: one episode, and where the plans on the way meant to go."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.engine.policy import Policy
from palestra.envs.vector import VectorEnv
from palestra.pictures.panels import Lines, Panels
from palestra.policies.plans import Plans

STEPS = 1_000
"""Of an episode in a world without a time limit."""
PLANS = 6
"""That are shown, from moments as far from one another."""


def planned_episode(policy: Policy, env: VectorEnv) -> list[Exhibit]:
    """Every number of the state over one episode in one copy of a world, and of plans; then actions and costs.

    The policy begins an episode, and is left where it ends. It has ``plans``.
    """
    limit = env.max_episode_steps or STEPS
    states, actions, costs = list[NDArray[Any]](), list[NDArray[Any]](), list[float]()
    meant: dict[int, NDArray[Any]] = {}
    with torch.inference_mode():
        obs = env.reset(0)
        policy.reset(env.num_envs, seed=0)
        model = _plans(policy).model
        for step in range(limit):
            action = policy.act(obs)
            states.append(model.state(obs)[0].cpu().numpy())
            if step % -(-limit // PLANS) == 0:
                plan = _plans(policy).proposed.transpose(0, 1)
                meant[step] = model.follow(model.state(obs).to(plan.dtype), plan).states[:, 0].cpu().numpy()
            result = env.step(action)
            policy.told(action, result.reward, result.terminated | result.truncated)
            actions.append(action[0].cpu().numpy())
            costs.append(-float(result.reward[0]))
            if bool(result.terminated[0] | result.truncated[0]):
                break
            obs = result.obs
    went, steps = np.stack(states), np.arange(len(states))
    panels = []
    for i, name in enumerate(model.state_names):
        path = np.unwrap(went[:, i]) if i in model.angles else went[:, i]
        lines = {"what happened": (steps, path)}
        for start, plan_states in meant.items():
            way = np.unwrap(plan_states[:, i]) if i in model.angles else plan_states[:, i]
            lines[f"planned at {start}"] = (start + np.arange(len(way)), way - way[0] + path[start])
        panels.append(Lines(name, "step", lines))
    done = {f"action {i + 1}": (steps, column) for i, column in enumerate(np.stack(actions).T)}
    panels.append(Lines("actions", "step", done))
    panels.append(Lines("cost of each step", "step", {"cost": (steps, np.array(costs))}))
    said = f"one episode of {len(states)} steps at a cost of {sum(costs):.4g}, and plans on the way"
    return [Panels(getattr(policy, "name", "a plan"), said, panels, columns=2)]


def _plans(policy: Any) -> Plans:
    plans: Plans = policy.plans
    return plans
