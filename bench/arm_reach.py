"""How often does the arm reach objects that it has never seen, in PyBullet? Beside random actions and the expert.

Every agent plays the same 200 episodes, on the hundred objects that are held out. An episode ends where the end
effector is within 0.1 m of the object; so that success at 0.05 and 0.02 m means something, these are episodes of their
own that go on until it is so near. The twin's column is the same agent in the world that it was trained in, without
randomisation: what the way to PyBullet loses. ``--levels`` adds success against the level of randomisation, in both.

``palestra bench arm_reach runs/arm/arm-reach-pixels-dagger-s0-... --train arm-reach-state/sac --seeds 3``
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch

from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.arena import acting
from palestra.engine.evaluate import run_episodes
from palestra.envs.arm.looks import LEVELS
from palestra.envs.registry import make_vec, reference_env
from palestra.ops.evidence import bootstrap_interval, iqm, wilson_interval
from palestra.recipes.arm import HELD_OUT, REACH
from palestra.recipes.registry import get_recipe
from palestra.runs.store import Run
from palestra.trials.plan import resolve
from palestra.trials.saved import load
from palestra.trials.train import train
from report import publish

RADII = (0.1, 0.05, 0.02)
BESIDE = ("arm-reach/random", "arm-reach/expert")
SEED = 20_000
"""Of the episodes; no training seed comes near it."""


@dataclass
class Tried:
    """What came of some episodes."""

    ended: list[str]
    """reached, left, or out of time."""
    distance: list[float]
    """Metres at the end."""

    @property
    def reached(self) -> int:
        return self.ended.count("reached")


def in_pybullet(agent: Agent, episodes: int, radius: float, level: str = "none") -> Tried:
    """Play whole episodes in PyBullet, one after the other."""
    kwargs = {**view_of(agent), **HELD_OUT, "radius": radius, "randomisation": level}
    env = reference_env(REACH, env_kwargs=kwargs)
    try:
        return Tried(*zip(*(play(env, agent, seeding.derive(SEED, "episode", n) % 2**31) for n in range(episodes))))
    finally:
        env.close()


def play(env: gym.Env[Any, Any], agent: Agent, seed: int) -> tuple[str, float]:
    """One episode: how it ended, and how far from the object."""
    obs, _ = env.reset(seed=seed)
    while True:
        obs, _, terminated, truncated, info = env.step(agent.decide(obs, env))
        if terminated or truncated:
            return info["ended"] or "out of time", float(info["distance"])


def in_the_twin(agent: Agent, episodes: int, level: str = "none") -> float:
    """Share of successes in the world of the training; a return of 1 is one."""
    kwargs = {**view_of(agent), "randomisation": level}
    env = make_vec(REACH, episodes, backend="torch", env_kwargs=kwargs)
    returns, _ = run_episodes(acting(agent.policy, env), env, seed=SEED)
    env.close()
    return float((returns > 0.5).double().mean())


def view_of(agent: Agent) -> dict[str, Any]:
    """The arguments of its world that decide what it sees."""
    return {k: v for k, v in agent.world.kwargs.items() if k != "randomisation"}


def agents(
    runs: list[Path], trained: list[str], seeds: int, out: Path
) -> Iterator[tuple[str, int, dict[str, Any], Agent]]:
    """Recipe, seed, manifest and agent of everything that is measured."""
    for recipe in BESIDE:
        agent = resolve(get_recipe(recipe)).make_learner()
        assert isinstance(agent, Agent)
        yield recipe, 0, {"steps": 0, "seconds": 0.0}, agent
    for recipe in trained:
        runs = [*runs, *(Path(train(recipe, seed=seed, out=out, claim=False).path) for seed in range(seeds))]
    for path in runs:
        run = Run.open(path, path.parent)
        agent = load(path)
        assert isinstance(agent, Agent)
        yield run.config["recipe"], run.manifest["seed"], run.manifest, agent


def share(successes: int, n: int) -> str:
    """``97.5% [94.3, 98.9]``."""
    low, high = wilson_interval(successes, n)
    return f"{100 * successes / n:.1f}% [{100 * low:.1f}, {100 * high:.1f}]"


def over_seeds(shares: list[float]) -> str:
    """What the seeds of one recipe say, from five on."""
    if len(shares) < 5:
        return "-"
    low, high = bootstrap_interval(iqm, shares)
    return f"{100 * float(iqm(shares)):.1f}% [{100 * float(low):.1f}, {100 * float(high):.1f}]"


def row(
    recipe: str, tried: list[tuple[int, dict[str, Any], dict[float, Tried], float]], episodes: int
) -> dict[str, Any]:
    """One recipe's line of the table, its seeds together."""
    total = episodes * len(tried)
    at = {radius: [by_radius[radius] for _, _, by_radius, _ in tried] for radius in RADII}
    whole = at[RADII[0]]
    kinds = Counter(end for one in whole for end in one.ended)
    twin = float(np.mean([twin for *_, twin in tried]))
    here = sum(one.reached for one in whole) / total
    return {
        "recipe": recipe,
        "seeds": len(tried),
        **{f"within {radius} m": share(sum(one.reached for one in at[radius]), total) for radius in RADII},
        "IQM of seeds": over_seeds([one.reached / episodes for one in whole]),
        "worst seed": f"{100 * min(one.reached for one in whole) / episodes:.1f}%",
        "final distance, median": f"{np.median([d for one in whole for d in one.distance]):.3f} m",
        "left": f"{100 * kinds['left'] / total:.1f}%",
        "out of time": f"{100 * kinds['out of time'] / total:.1f}%",
        "in the twin": f"{100 * twin:.1f}%",
        "lost on the way": f"{100 * (twin - here):+.1f} points",
        "steps": max(manifest["steps"] for _, manifest, _, _ in tried),
        "seconds, slowest": max(manifest["seconds"] for _, manifest, _, _ in tried),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", type=Path, help="finished runs of recipes arm-reach...")
    parser.add_argument("--train", nargs="*", default=[], help="recipes to train here, before they are measured")
    parser.add_argument("--seeds", type=int, default=5, help="of what is trained here")
    parser.add_argument("--episodes", type=int, default=200)
    parser.add_argument("--levels", action="store_true", help="success against the level of randomisation, too")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/arm"), help="where runs that are trained here go")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    found: dict[str, list[tuple[int, dict[str, Any], dict[float, Tried], float]]] = {}
    curves: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for recipe, seed, manifest, agent in agents(args.runs, args.train, args.seeds, args.out):
        tried = {radius: in_pybullet(agent, args.episodes, radius) for radius in RADII}
        found.setdefault(recipe, []).append((seed, manifest, tried, in_the_twin(agent, args.episodes)))
        if args.levels:
            by_level = curves.setdefault(recipe, {level: [] for level in LEVELS})
            for level in LEVELS:
                there = in_pybullet(agent, args.episodes, RADII[0], level).reached / args.episodes
                by_level[level].append((there, in_the_twin(agent, args.episodes, level)))
        agent.close()
        print(f"{recipe} seed {seed}: {share(tried[RADII[0]].reached, args.episodes)}", flush=True)
    table = [row(recipe, tried, args.episodes) for recipe, tried in found.items()]
    shares = {
        r: float(np.mean([t[RADII[0]].reached / args.episodes for _, _, t, _ in tried])) for r, tried in found.items()
    }
    best = max((r for r in found if r not in BESIDE), key=lambda r: shares[r], default=None)
    levels = [
        f"`{recipe}` by level of randomisation, PyBullet / twin: "
        + ", ".join(
            f"{level} {100 * np.mean([p for p, _ in pairs]):.1f}% / {100 * np.mean([t for _, t in pairs]):.1f}%"
            for level, pairs in by_level.items()
        )
        + "."
        for recipe, by_level in curves.items()
    ]
    publish(
        "arm_reach",
        "How often does the arm reach objects that it has never seen, in PyBullet?",
        {
            "ours": shares.get(best or ""), "peer": shares["arm-reach/expert"], "unit": "share of episodes",
            "ratio": shares[best] / shares["arm-reach/expert"] if best else None,
            "recipe": best, "seeds": {r: [seed for seed, *_ in tried] for r, tried in found.items()},
            "episodes": args.episodes,
            "values": {
                r: [{str(radius): one.reached for radius, one in t.items()} for _, _, t, _ in tried]
                for r, tried in found.items()
            },
            "levels": curves,
        },
        table,
        [
            f"{args.episodes} episodes a seed, the same for all, in PyBullet without randomisation, held-out objects.",
            "Intervals are Wilson's, of all episodes of a recipe together; that of the IQM of seeds is a bootstrap's.",
            "Within 0.05 and 0.02 m: episodes of their own that go on until so near. No agent was trained for that.",
            "Failures and distances are those of 0.1 m. Seconds are of training, evaluations in the twin included.",
            *levels,
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
