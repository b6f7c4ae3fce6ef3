"""Record episodes of trained agents: a file that imitation learns from."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from palestra.data.rollout import Rollout, collect
from palestra.datasets.episodes import Episodes, first_episodes, joined, write_episodes
from palestra.datasets.formats.lerobot import SECOND, check_new, write_lerobot
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.arena import acting
from palestra.engine.evaluate import CHUNK, MAX_STEPS
from palestra.engine.luck import lent
from palestra.engine.policy import Policy
from palestra.engine.signals import give_up_if_asked
from palestra.envs.arguments import to_json
from palestra.envs.space_json import space_to_json
from palestra.envs.vector import VectorEnv
from palestra.errors import UsageError, require
from palestra.policies.random import Random
from palestra.runs.provenance import machine_facts
from palestra.runs.store import Run
from palestra.trials.saved import Which, load, saved_folder

Layout = Literal["npz", "lerobot"]
"""How episodes are written: as one file of arrays, or as LeRobot has them, in a folder."""


@dataclass(frozen=True)
class Manner:
    """How episodes are played to be recorded."""

    episodes: int = 100
    """Of each agent."""
    seed: int = 0
    """Of the world and of what is drawn."""
    deterministic: bool = True
    """Whether agents take their greedy actions, or samples as while they learn."""
    random_share: float = 0.0
    """Share of the actions that are drawn uniformly instead."""
    max_steps: int = 0
    """Steps after which an episode is cut; 0 for the world's time limit, 10,000 where it has none."""

    def __post_init__(self) -> None:
        require(self.episodes >= 1, f"episodes={self.episodes}", "at least 1")
        require(self.seed >= 0, f"seed={self.seed}", "0 or more")
        require(0 <= self.random_share <= 1, f"random_share={self.random_share}", "a share from 0 to 1")
        require(self.max_steps >= 0, f"max_steps={self.max_steps}", "0 or more")


def record_episodes(
    runs: str | Path | Sequence[str | Path],
    to: str | Path,
    *,
    out: str | Path = "runs",
    which: Which = "best",
    device: str | None = None,
    layout: Layout = "npz",
    fps: int = SECOND,
    **manner: Any,
) -> Episodes:
    """Let trained agents play, and write their episodes into one file, which ``data=FILE`` learns from.

    Args:
        runs: one run or several of the same world, each a folder or an id, or what ``save`` wrote; episodes of good and
            bad agents together are mixed data.
        to: the file, an ``.npz``, or the folder. It is written whole or not at all.
        out: folder of the runs.
        which: the checkpoint of the best evaluation, or the last one.
        device: where agents compute, if not where they were trained.
        layout: ``npz`` for a file of arrays, ``lerobot`` for a folder of Parquet and JSON, as LeRobot has it.
        fps: of the latter, steps of a second.
        **manner: ``episodes`` (100, of each), ``seed``, ``deterministic`` (True), ``random_share`` (0) and
            ``max_steps``; see :class:`Manner`.

    Raises UsageError for runs of no agent, or of different worlds.
    """
    how, chosen = Manner(**manner), [runs] if isinstance(runs, str | Path) else [*runs]
    require(bool(chosen), "no run", "one or several")
    if layout == "lerobot":
        check_new(Path(to))
    parts: list[Episodes] = []
    for number, run in enumerate(chosen):
        agent = load(run, out=out, which=which, device=device)
        try:
            if not isinstance(agent, Agent):
                raise UsageError(f"{run} acts in no environment; expected a run of an agent")
            seed = seeding.derive(how.seed, "recording", number)
            part = _recorded(agent, how, seed, _source(saved_folder(run, out), agent))
        finally:
            agent.close()
        same = not parts or all(part.facts[name] == parts[0].facts[name] for name in ("env", "env_kwargs", "spaces"))
        require(same, f"{chosen[0]} and {run} of different worlds", "runs of one world, with the same arguments")
        parts.append(part)
    facts = {name: parts[0].facts[name] for name in ("env", "env_kwargs", "spaces")}
    facts |= {"recorded": [part.facts["source"] for part in parts], "arguments": {**asdict(how), "which": which}}
    facts |= {name: machine_facts()[name] for name in ("versions", "git_commit")}
    episodes = joined(parts, facts)
    if layout == "lerobot":
        write_lerobot(Path(to), episodes, fps)
    else:
        write_episodes(Path(to), episodes)
    return episodes


def _source(folder: Path, agent: Agent) -> dict[str, Any]:
    """Whose episodes they are."""
    known = {"run": folder.name, "learner": agent.name, "step": agent.clock}  # type: ignore[attr-defined]
    if (folder / "manifest.json").is_file():
        run = Run.open(folder, folder.parent)
        known |= {"recipe": run.config.get("recipe", ""), "commit": run.manifest.get("git_commit")}
    return known


def _recorded(agent: Agent, how: Manner, seed: int, source: dict[str, Any]) -> Episodes:
    """The episodes of one agent."""
    world = agent.world
    env = agent.arena().make_env(how.episodes, "")
    spaces = {"observation": space_to_json(env.observed.own), "action": space_to_json(env.action_space)}
    facts = {"env": world.id, "env_kwargs": to_json(world.kwargs), "spaces": spaces}
    limit = how.max_steps or max(MAX_STEPS, env.max_episode_steps or 0)
    batches = []
    try:
        with nullcontext(agent.policy) if how.deterministic else lent(agent.policy) as policy:
            act = _mixed(acting(policy, env), env, how.random_share, seed)
            for batch in range(-(-how.episodes // env.num_envs)):
                policy.reset(env.num_envs, seed=seeding.derive(seed, "policy", batch))
                played = _played(policy, act, env, seeding.derive(seed, "world", batch), limit)
                batches.append(_first(played, facts))
    finally:
        env.close()
    whole = joined(batches, facts).of(np.arange(how.episodes))
    returns = whole.returns
    summary = {f"return_{name}": float(getattr(returns, name)()) for name in ("mean", "std", "min", "max")}
    facts["source"] = {**source, "episodes": how.episodes, "steps": len(whole.rewards), **summary}
    return whole


def _mixed(act: Callable[[Tensor], Tensor], env: VectorEnv, share: float, seed: int) -> Callable[[Tensor], Tensor]:
    """Actions of an agent, and by chance uniform ones in their place."""
    if share == 0:
        return act
    uniform, deciding = Random(env, seed=seed), seeding.generator(seed, "who acts", device=env.device)

    def mixed(obs: Tensor) -> Tensor:
        own, drawn = act(obs), uniform.act(obs)
        by_chance = torch.rand(len(own), generator=deciding, device=env.device) < share
        return torch.where(by_chance.view(-1, *[1] * (own.dim() - 1)), drawn, own)

    return mixed


def _played(policy: Policy, act: Callable[[Tensor], Tensor], env: VectorEnv, seed: int, limit: int) -> list[Rollout]:
    """Rollouts until every copy's first episode has ended."""
    obs, rollouts = env.reset(seed), list[Rollout]()
    running = torch.ones(env.num_envs, dtype=torch.bool, device=env.device)
    for taken in range(0, limit, CHUNK):
        give_up_if_asked()
        rollout, obs = collect(env, act, obs, min(CHUNK, limit - taken), told=policy.told)
        rollouts.append(rollout)
        running &= ~rollout.done.any(0)
        if not running.any():
            break
    return rollouts


def _first(rollouts: list[Rollout], facts: dict[str, Any]) -> Episodes:
    obs, action, reward, terminated, truncated, next_obs = (torch.cat(each).cpu().numpy() for each in zip(*rollouts))
    return first_episodes(obs, action, reward, terminated, truncated, next_obs, facts)
