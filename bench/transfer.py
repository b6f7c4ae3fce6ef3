"""How much of what an arm learns in one world holds in another? The twin, PyBullet and MuJoCo, from each to each.

The three share the task, the inverse kinematics and the robot's file. They do not share motors, contacts or cameras
(``docs/arm.md``). What is learned is ``arm-reach-state``, by imitation of the scripted expert of the world that is
trained in, with few steps: the question is not how well it can be learned, but what the way to another world costs.
Beside the plain worlds stand twins whose motors vary (at the level "high", and automatically), and the twin whose
motors were fitted to MuJoCo's motion: twenty random steps of sixteen arms, recorded there.

Every agent and its episodes are one file under ``--out``; what is there is not done again, so that the command can be
stopped, or run once for some seeds and again for others. ``--report`` makes the table of what is there.

``palestra bench transfer --seeds 0 1 2 3 4``
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch

from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.arena import acting
from palestra.engine.evaluate import run_episodes
from palestra.envs.arm.drive import describe
from palestra.envs.arm.identification import fit_drive, record
from palestra.envs.arm.objects import object_set
from palestra.envs.arm.robot import load_robot
from palestra.envs.registry import make_vec, reference_env
from palestra.envs.world import World
from palestra.learners.imitation.dagger import DAgger, DAggerConfig
from palestra.ops.evidence import bootstrap_interval, iqm, wilson_interval
from palestra.runs.atomic import write_bytes
from report import publish

REACH = "palestra/ArmReach-v0"
SIMULATORS = ("pybullet", "mujoco")
TO = ("twin", *SIMULATORS)
FITTED = "twin, fitted to mujoco"
FROM: dict[str, dict[str, Any]] = {
    "twin": {},
    "twin, motors varied (high)": {"drive": "high"},
    "twin, motors varied (automatic)": {"drive": "automatic"},
    FITTED: {},
    **{name: {"simulator": name} for name in SIMULATORS},
}
"""Each world that is trained in, and its arguments; of the fitted twin they are found first."""
EXPERT = "the expert, who learns nothing"
COPIES, STEPS = 16, 4_800
CONFIG = DAggerConfig(num_steps=8, gradient_steps=32, buffer_size=25_000, hidden_sizes=(256, 256))
"""As the recipe ``arm-reach-state/dagger``, whose budget is five times as large."""
SEED = 20_000
"""Of the episodes, the same for all agents; no training seed comes near it."""


def fitted(simulator: str, out: Path) -> dict[str, Any]:
    """The motors of the twin that move as a simulator's do, and how well; measured once."""
    file = out / f"fit-{simulator}.json"
    if not file.is_file():
        kwargs = {"view": "state", "radius": 1e-3, "simulator": simulator, "objects": one_object()}
        env = make_vec(REACH, COPIES, backend="sync", env_kwargs=kwargs)
        fit = fit_drive(load_robot(), record(env, 20, seed=0))
        env.close()
        keep(file, {"drive": describe(fit.drive), "error": fit.error, "exact_error": fit.exact_error,
                    "place_error": fit.place_error})  # fmt: skip
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def one_object() -> str:
    """The path of an object. A simulator is trained in with this one alone: the state shows no shape."""
    import pybullet_data  # type: ignore[import-not-found]

    return str(Path(pybullet_data.getDataPath()) / str(object_set("train")[0]))


def trained(start: str, seed: int, steps: int, out: Path) -> Agent:
    """A student of the expert in one world."""
    kwargs = {"view": "state", **FROM[start]}
    if start == FITTED:
        kwargs["drive"] = fitted("mujoco", out)["drive"]
    if start in SIMULATORS:
        world = World(REACH, COPIES, "sync", {**kwargs, "objects": one_object()})
    else:
        world = World(REACH, COPIES, "torch", kwargs)
    agent = DAgger(world, CONFIG, seed=seed)
    agent.learn(steps)
    return agent


def reached(agent: Agent | None, end: str, episodes: int) -> int:
    """In how many episodes of a world an agent reaches the object, or the expert where there is none."""
    if end == "twin":
        env = make_vec(REACH, episodes, backend="torch", env_kwargs={"view": "state"})
        act = acting(agent.policy, env) if agent is not None else lambda obs: env.expert()
        returns, _ = run_episodes(act, env, seed=SEED)
        return int((returns > 0.5).sum())
    world = reference_env(REACH, env_kwargs={"view": "state", "objects": "held-out", "simulator": end})
    try:
        return sum(reaches(world, agent, seeding.derive(SEED, "episode", n) % 2**31) for n in range(episodes))
    finally:
        world.close()


def reaches(env: gym.Env[Any, Any], agent: Agent | None, seed: int) -> bool:
    """One episode."""
    obs, _ = env.reset(seed=seed)
    while True:
        action = env.unwrapped.expert() if agent is None else agent.decide(obs, env)  # type: ignore[attr-defined]
        obs, _, terminated, truncated, info = env.step(action)
        if terminated or truncated:
            return bool(info["is_success"])


def keep(file: Path, what: dict[str, Any]) -> None:
    """Write a file whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(file, (json.dumps(what, indent=1) + "\n").encode())


def measure(start: str, seed: int, steps: int, episodes: int, out: Path) -> None:
    """Train one agent and play it in every world, unless that was done."""
    file = out / f"{start.replace(' ', '-').replace(',', '')}-{seed}.json"
    if file.is_file():
        return
    begun = time.process_time()
    agent = None if start == EXPERT else trained(start, seed, steps, out)
    seconds = time.process_time() - begun
    there = {end: reached(agent, end, episodes) for end in TO}
    grown = {}
    if agent is not None:
        growth = getattr(getattr(agent.env, "dynamics", None), "growth", None)
        grown = {} if growth is None else growth.report()
        agent.close()
    keep(file, {"from": start, "seed": seed, "steps": steps, "episodes": episodes, "reached": there, "grown": grown,
                "seconds": seconds})  # fmt: skip
    print(f"{start}, seed {seed}: {there} of {episodes}, {seconds:.0f} s of training", flush=True)


def cell(found: list[dict[str, Any]], end: str) -> str:
    """Successes of all episodes with Wilson's interval, and over seeds the IQM with a bootstrap's."""
    total, successes = sum(each["episodes"] for each in found), sum(each["reached"][end] for each in found)
    low, high = wilson_interval(successes, total)
    text = f"{100 * successes / total:.1f}% [{100 * low:.1f}, {100 * high:.1f}]"
    if len(found) < 5:
        return text
    shares = [each["reached"][end] / each["episodes"] for each in found]
    low, high = bootstrap_interval(iqm, shares)
    return f"{text}; seeds {100 * float(iqm(shares)):.1f}% [{100 * float(low):.1f}, {100 * float(high):.1f}]"


def rows(found: dict[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """The table, a line for each world that is trained in."""
    for start, each in found.items():
        seconds = "-" if start == EXPERT else f"{np.mean([one['seconds'] for one in each]):.0f}"
        yield {
            "trained in": start,
            "seeds": len(each),
            **{f"reached in {end}": cell(each, end) for end in TO},
            "s of training": seconds,
        }


def report(out: Path) -> None:
    """The table of what was measured."""
    found: dict[str, list[dict[str, Any]]] = {}
    for start in (EXPERT, *FROM):
        files = sorted(out.glob(f"{start.replace(' ', '-').replace(',', '')}-[0-9]*.json"))
        if files:
            found[start] = [json.loads(file.read_text()) for file in files]
    steps = {one["steps"] for each in found.values() for one in each if one["steps"]}
    fits = {simulator: fitted(simulator, out) for simulator in SIMULATORS}
    share = {
        start: {end: float(np.mean([one["reached"][end] / one["episodes"] for one in each])) for end in TO}
        for start, each in found.items()
    }
    said = [
        f"Twin fitted to {name}: lag {', '.join(f'{1e3 * x:.0f}' for x in fit['drive']['lag'])} ms, sag"
        f" {', '.join(f'{1e3 * x:.1f}' for x in fit['drive']['sag'])} mrad, {fit['drive']['latency']} steps late; a"
        f" joint is foretold to {1e3 * fit['error']:.2f} mrad rms ({1e3 * fit['exact_error']:.2f} by the exact twin),"
        f" the end effector to {1e3 * fit['place_error']:.1f} mm."
        for name, fit in fits.items()
    ]
    publish(
        "transfer",
        "How much of what an arm learns in one world holds in another?",
        {"ours": share.get(FITTED, {}).get("mujoco"), "peer": share.get("twin", {}).get("mujoco"),
         "ratio": None, "unit": "share of episodes in MuJoCo", "seeds": {s: len(each) for s, each in found.items()},
         "values": found, "fits": fits},
        list(rows(found)),
        [
            f"arm-reach-state/dagger with {', '.join(f'{n:,}' for n in sorted(steps))} steps (the recipe has 25,000);"
            " the same episodes for all agents.",
            "In PyBullet and MuJoCo on held-out objects, without randomisation; in the twin with its own shapes.",
            "Intervals of all episodes are Wilson's; those over seeds are a bootstrap's of the IQM.",
            *said,
        ],
    )  # fmt: skip


def main() -> None:
    """Train and play what is missing, then the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=list(range(5)))
    parser.add_argument("--only", nargs="*", default=list(FROM), help="worlds to train in")
    parser.add_argument("--steps", type=int, default=STEPS, help="of each training")
    parser.add_argument("--episodes", type=int, default=40, help="of each agent in each world")
    parser.add_argument("--out", type=Path, default=Path("runs/transfer"))
    parser.add_argument("--report", action="store_true", help="train nothing")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if not args.report:
        for start in args.only:
            if start not in FROM and start != EXPERT:
                parser.error(f"--only {start!r}; expected some of {[*FROM, EXPERT]}")
        for seed in args.seeds:
            for start in args.only:
                measure(start, seed, args.steps, args.episodes, args.out)
        measure(EXPERT, 0, 0, 5 * args.episodes, args.out)
    report(args.out)


if __name__ == "__main__":
    main()
