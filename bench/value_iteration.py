"""How long does value iteration take on a gridworld of a million states? Against a plain loop over states in Python.

The world is an empty board with the goal in a corner, reward 1 there and gamma 0.999, solved until no value is further
than 1e-6 from the optimum. The plain loop is the textbook's synchronous sweep over Gymnasium's ``P``; its time is
measured on a smaller board, per state and sweep, and multiplied up to the large one with the number of sweeps that the
same synchronous algorithm takes there.
"""

import argparse
import time

import torch

from palestra.envs.finite.grid_world import grid_world
from palestra.envs.world import World
from palestra.learners.dynamic.value_iteration import ValueIteration, ValueIterationConfig
from report import publish

GAMMA, TOLERANCE = 0.999, 1e-6


def settings(side: int) -> dict[str, float]:
    return {"size": side, "step_reward": 0.0, "goal_reward": 1.0}


def exact(side: int) -> torch.Tensor:
    """gamma^(steps to the goal - 1): the right values."""
    away = (side - 1 - torch.arange(side, dtype=torch.float64)).view(-1, 1) + (side - 1 - torch.arange(side)).view(
        1, -1
    )
    value = GAMMA ** (away - 1)
    value[-1, -1] = 0.0
    return value.flatten()


def ours(side: int, order: str) -> tuple[float, int, float]:
    """Seconds of all sweeps, how many they were, and the largest error; the world is built before the clock starts."""
    config = ValueIterationConfig(gamma=GAMMA, tolerance=TOLERANCE, order=order)
    agent = ValueIteration(World("palestra/GridWorld-v0", kwargs=settings(side)), config)
    start = time.perf_counter()
    while not agent.finished:
        agent.step()
    seconds = time.perf_counter() - start
    return seconds, agent.clock, float((agent.policy.value_S.cpu() - exact(side)).abs().max())


def plain(side: int, seconds: float) -> float:
    """Seconds a state and sweep of the plain loop, over about so many seconds."""
    mdp = grid_world(side, step_reward=0.0, goal_reward=1.0)
    rows = list(zip(mdp.next_state.tolist(), mdp.reward.tolist(), mdp.terminated.tolist(), strict=True))
    table = [[[(1.0, *rows[4 * s + a])] for a in range(4)] for s in range(mdp.num_states)]
    value = [0.0] * len(table)
    start, sweeps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        new, change = [0.0] * len(table), 0.0
        for s, actions in enumerate(table):
            best = float("-inf")
            for outcomes in actions:
                q = 0.0
                for p, following, reward, done in outcomes:
                    q += p * (reward if done else reward + GAMMA * value[following])
                if q > best:
                    best = q
            new[s] = best
            change = max(change, abs(best - value[s]))
        value, sweeps = new, sweeps + 1
    each = (time.perf_counter() - start) / sweeps / len(table)
    reached = exact(side) > GAMMA ** (sweeps - 1) * 1.0000001  # where so many sweeps suffice, the values are right
    assert torch.allclose(torch.tensor(value, dtype=torch.float64)[reached], exact(side)[reached], rtol=0, atol=1e-12)
    return each


def main() -> None:
    """Every order of sweeps on growing boards; the plain loop before and after."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sides", type=int, nargs="+", default=[125, 250, 500, 1000])
    parser.add_argument("--plain-side", type=int, default=200)
    parser.add_argument("--plain-seconds", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=2)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(args.threads)
    per_state = [plain(args.plain_side, args.plain_seconds / 2)]
    measured = {(side, order): ours(side, order) for side in args.sides for order in ("synchronous", "prioritised")}
    per_state.append(plain(args.plain_side, args.plain_seconds / 2))
    each = min(per_state)
    table = []
    for (side, order), (seconds, sweeps, error) in measured.items():
        looped = each * side**2 * measured[side, "synchronous"][1]
        table.append(
            {"states": side**2, "order": order, "sweeps": sweeps, "seconds": seconds,
             "ns/state/sweep": 1e9 * seconds / side**2 / sweeps, "largest error": f"{error:.1e}",
             "plain loop, s": looped, "times": looped / seconds}
        )  # fmt: skip
    last = {row["order"]: row for row in table if row["states"] == max(args.sides) ** 2}
    same, best = last["synchronous"], min(last.values(), key=lambda row: row["seconds"])
    publish(
        "value_iteration",
        "Value iteration on gridworlds to 1e-6: seconds, against a plain loop over states in Python",
        {
            "ours": best["seconds"], "peer": best["plain loop, s"], "ratio": best["times"], "unit": "s", "seeds": [0],
            "order": best["order"], "same algorithm": same["times"], "states": best["states"],
        },
        table,
        [
            f"{best['states']:,} states: {best['times']:,.0f} times faster {best['order']}, and"
            f" {same['times']:,.0f} times with the plain loop's own synchronous sweeps.",
            f"The plain loop takes {1e6 * each:.2f} us a state and sweep on {args.plain_side**2:,} states (the faster"
            " of two runs); its time on a larger board is extrapolated: sweeps of the synchronous run, times states.",
            "A prioritised sweep is as many backups as there are states; value flows back from the goal, so each state"
            " needs one backup here. On boards where moves slip, synchronous sweeps are faster.",
            f"float64, {args.threads} threads, CPU; building the world is outside of the clock.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
