"""How many environment steps a second do SAC and TD3 train on HalfCheetah-v5? Against Stable-Baselines3's.

The same on both sides: two hidden layers of 256, batches of 256, one environment, one update for every step. Ours in
float32 and with hidden layers in bfloat16; ``bench/sac_curves.py`` compares what they learn. Also the share of the
machine's matrix roofline: the time that the matrix products of the algorithm would take at the speed of one large
single-precision product, over the time that training takes.
"""

import argparse
import statistics
import time
from itertools import pairwise
from typing import Any

import torch
from stable_baselines3 import SAC as SB3SAC
from stable_baselines3 import TD3 as SB3TD3

from palestra.engine.trainer import Trainer, TrainSettings
from palestra.envs.world import World
from palestra.learners.off_policy.sac import SAC
from palestra.learners.off_policy.td3 import TD3
from report import publish
from roofline import matrix_flops

ENV = "HalfCheetah-v5"
BEFORE = 1_000
"""Random steps before the first update."""
SIDES = {"sac": (SAC, SB3SAC), "td3": (TD3, SB3TD3)}
OBS, ACTIONS, HIDDEN, BATCH = 17, 6, 256, 256


def ours(kind: type[SAC | TD3], precision: str, steps: int, seed: int) -> float:
    """Steps a second once learning has begun."""
    config = kind.config_type(learning_starts=BEFORE, precision=precision, buffer_size=100_000)
    agent = kind(World(ENV, 1), config, seed=seed)
    Trainer(agent, TrainSettings(budget=BEFORE + 50)).run()
    start, before = time.perf_counter(), agent.clock
    Trainer(agent, TrainSettings(budget=before + steps)).run()
    rate = (agent.clock - before) / (time.perf_counter() - start)
    agent.close()
    return rate


def peer(kind: Any, steps: int, seed: int) -> float:
    """The same of Stable-Baselines3."""
    more = {} if kind is SB3SAC else {"train_freq": 1, "gradient_steps": 1}
    model = kind(
        "MlpPolicy", ENV, learning_starts=BEFORE, batch_size=BATCH, buffer_size=100_000, seed=seed, device="cpu",
        policy_kwargs={"net_arch": [HIDDEN, HIDDEN]}, **more,
    )  # fmt: skip
    model.learn(BEFORE + 50)
    start, before = time.perf_counter(), model.num_timesteps
    model.learn(steps, reset_num_timesteps=False)
    return (model.num_timesteps - before) / (time.perf_counter() - start)


def flops_per_step(name: str) -> float:
    """Matrix operations of one update."""
    actor_sizes = [OBS, HIDDEN, HIDDEN, ACTIONS * (2 if name == "sac" else 1)]
    actor = sum(2 * i * o for i, o in pairwise(actor_sizes))
    critics = 2 * sum(2 * i * o for i, o in pairwise([OBS + ACTIONS, HIDDEN, HIDDEN, 1]))
    learn_critics = actor + critics + 3 * critics  # the target's actions and values; forward and backward
    # TD3 needs the first critic alone for its actor, and every other time.
    learn_actor = 3 * actor + (2 * critics if name == "sac" else critics)
    return BATCH * (learn_critics + learn_actor * (1.0 if name == "sac" else 0.5))


def main() -> None:
    """Both sides in turn, with one thread and with two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1_500)
    parser.add_argument("--seeds", type=int, default=3)
    args, _ = parser.parse_known_args()
    table: list[dict[str, Any]] = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        flops = matrix_flops()
        for name, (mine, theirs) in SIDES.items():
            rates: dict[str, list[float]] = {"float32": [], "bfloat16": [], "SB3": []}
            for seed in range(args.seeds):
                for precision in ("float32", "bfloat16"):
                    rates[precision].append(ours(mine, precision, args.steps, seed))
                rates["SB3"].append(peer(theirs, args.steps, seed))
            rate = {side: statistics.median(values) for side, values in rates.items()}
            roof = flops / flops_per_step(name)
            table.append({
                "algorithm": name, "threads": threads, "ours, float32": rate["float32"],
                "ours, bfloat16": rate["bfloat16"], "SB3": rate["SB3"], "ratio": rate["bfloat16"] / rate["SB3"],
                "float32 roofline": roof, "float32 share": rate["float32"] / roof, "SB3's share": rate["SB3"] / roof,
            })  # fmt: skip
            print(table[-1], flush=True)
    best = {
        name: (
            max(max(r["ours, bfloat16"], r["ours, float32"]) for r in table if r["algorithm"] == name),
            max(r["SB3"] for r in table if r["algorithm"] == name),
        )
        for name in SIDES
    }
    ratios = {name: ours / theirs for name, (ours, theirs) in best.items()}
    publish(
        "sac_throughput",
        "SAC and TD3 on HalfCheetah-v5: environment steps per second, one update a step",
        {
            "ours": best["sac"][0], "peer": best["sac"][1], "ratio": min(ratios.values()), "ratios": ratios,
            "unit": "steps/s, median", "seeds": list(range(args.seeds)),
        },
        table,
        [
            *(f"{n}, best against best: {o:,.0f} against {t:,.0f}, {o / t:.2f} times." for n, (o, t) in best.items()),
            f"{args.steps} steps a run once learning has begun; median over {args.seeds} seeds.",
            "Roofline: all matrix products of an update at the speed of a 1,024-cubed float32 product, nothing else.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
