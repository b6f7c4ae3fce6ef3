"""Where a learned world comes from: steps that somebody took, as rows to be fitted.

Random actions in the world itself; recorded episodes, a file or a name; or what the replay of a run holds.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from palestra.data.rollout import Rollout, collect
from palestra.datasets.order import permutation
from palestra.engine import seeding
from palestra.envs.spaces import from_unit
from palestra.envs.vector import VectorEnv
from palestra.envs.world import World
from palestra.errors import UsageError, require
from palestra.learners.imitation.lessons import lessons
from palestra.policies.random import Random
from palestra.runs import checkpoints

RANDOM = "random"
STEPS = 200
"""Of an episode of random actions, in a world without a time limit."""


@dataclass(eq=False)
class Rows:
    """Steps, one a row."""

    saves: ClassVar[tuple[str, ...]] = ("inputs_NF", "targets_NK", "episode_N")

    inputs_NF: Tensor
    """(N, F) what was seen, and what was done."""
    targets_NK: Tensor
    """(N, K) by how much what is seen changed, and the reward."""
    episode_N: Tensor
    """(N,) int64: of which episode it is, from 0."""

    def parted(self, share: float, seed: int) -> "tuple[Rows, Rows]":
        """Those to fit, and those of so large a share of the episodes, one at least, that are held out."""
        count = int(self.episode_N.max()) + 1
        require(count >= 2, f"{count} episode of experience", "2 at least, one of them to be judged on")
        held = permutation(seed, 0, count)[: max(1, round(share * count))].to(self.episode_N.device)
        out_N = torch.isin(self.episode_N, held)
        return self.of(~out_N), self.of(out_N)

    def of(self, chosen_N: Tensor) -> "Rows":
        """Those rows (N,) bool alone."""
        return Rows(self.inputs_NF[chosen_N], self.targets_NK[chosen_N], self.episode_N[chosen_N])


def rows_of(obs: Tensor, action: Tensor, reward: Tensor, next_obs: Tensor, episode_N: Tensor) -> Rows:
    """Rows of N steps, in order."""
    inputs_NF = torch.cat((obs, action), 1).float()
    return Rows(inputs_NF, torch.cat((next_obs - obs, reward[:, None]), 1).float(), episode_N)


def of_rollout(rollout: Rollout) -> Rows:
    """Rows of T steps in E copies, those of a copy together."""
    done_ET = rollout.done.T.long()
    before_ET = done_ET.cumsum(1) - done_ET
    begun_E = done_ET.sum(1) + 1  # the last of which may have no step yet
    number_N = (before_ET + (begun_E.cumsum(0) - begun_E)[:, None]).flatten()
    episode_N = torch.unique(number_N, return_inverse=True)[1]
    steps = (rollout.obs, rollout.action, rollout.reward, rollout.next_obs)
    obs, action, reward, next_obs = (part.transpose(0, 1).flatten(0, 1) for part in steps)
    return rows_of(obs, action, reward, next_obs, episode_N)


def experience(name: str, world: World, env: VectorEnv, algorithm: str, *, episodes: int, seed: int) -> Rows:
    """What is known of a world.

    Args:
        name: ``random``; a run with replay, its folder; or recorded episodes, as behaviour cloning names them.
        world: of which.
        env: copies of it.
        algorithm: who asks.
        episodes: so many of random actions.
        seed: decides them.

    Raises UsageError where there is none, and where it is of another world.
    """
    if name == RANDOM:
        return at_random(world, env.device, episodes, seed)
    if (Path(name).expanduser() / "checkpoints").is_dir():
        return replayed(name, env)
    recorded = lessons(name, world, env, algorithm)
    obs, final = (
        torch.from_numpy(each).to(env.device) for each in (recorded.observations, recorded.final_observations)
    )
    next_obs = torch.cat((obs[1:], obs[:1]))
    next_obs[torch.from_numpy(recorded.ends) - 1] = final
    action, reward, episode = (
        torch.from_numpy(each).to(env.device) for each in (recorded.actions, recorded.rewards, recorded.numbers)
    )
    return rows_of(obs, action, reward, next_obs, episode)


def at_random(world: World, device: torch.device, episodes: int, seed: int) -> Rows:
    """Episodes of random actions, side by side."""
    env = world.make(num_envs=episodes, device=device)
    try:
        policy = Random(env, seed=seeding.derive(seed, "random actions"))
        obs = env.reset(seeding.derive(seed, "experience"))
        rollout, _ = collect(env, policy.act, obs, env.max_episode_steps or STEPS)
    finally:
        env.close()
    return of_rollout(rollout)


def replayed(run: str, env: VectorEnv) -> Rows:
    """What is in the replay of a run's last checkpoint."""
    loaded = checkpoints.load_latest(Path(run).expanduser() / "checkpoints")
    given = f"experience={run}, a run of {loaded.info.get('learner')}"
    try:
        replay = loaded.state["learner"]["loop"]["replay"]
        fields, seen = replay["fields"], replay["seen"]
        parts = _in_order(replay["head"], (seen["obs"], fields["action"], fields["reward"], seen["next_obs"],
                                           fields["terminated"], fields["truncated"]))  # fmt: skip
    except (KeyError, TypeError) as error:
        expected = "one of sac, td3 or ddpg on vectors of numbers, which has a replay"
        raise UsageError(f"{given}; expected {expected}") from error
    obs, action, reward, next_obs, terminated, truncated = (part.to(env.device) for part in parts)
    space: Any = env.action_space
    sizes = (obs.shape[-1], action.shape[-1]) if action.dim() == 3 else None
    wanted = (env.observation_space.shape[0], space.shape[0])
    require(sizes == wanted, f"{given}, of {sizes} numbers seen and done", f"one of this world, of {wanted}")
    low, high = (torch.from_numpy(bound).to(env.device) for bound in (space.low, space.high))
    done = from_unit(action.flatten(0, 1), low, high).view_as(action)
    return of_rollout(Rollout(obs, done, reward, terminated, truncated, next_obs))


def _in_order(head: int, rings: tuple[Tensor, ...]) -> list[Tensor]:
    """Rings from the oldest row to the newest; those that are not full yet are as they are."""
    return [ring.roll(-(head % len(ring)), 0) for ring in rings]
