"""Value iteration beside compiled peers on the same boards, calm and slippery: quantecon's DiscreteDP and mdpsolver.

Every solver is given the same sparse process and the same discount, is to end within 1e-6 of the optimum, and is held
against policy iteration afterwards, whose linear systems SciPy solves. Building a solver's form of the process is
outside of the clock; compilation is reported apart. Prioritised sweeps are asked on calm boards alone, for which they
are meant: where moves slip, a state's backup changes those that its own depends on, and has to be made again and again.
The largest boards are each in a process of its own, whose memory is its peak: the calm one is solved, the slippery one
is swept twice.
"""

import argparse
import resource
import subprocess
import sys
import time
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, identity
from scipy.sparse.linalg import spsolve

from palestra.envs.finite.grid_world import grid_world
from palestra.envs.finite.mdp import FiniteMDP
from palestra.envs.world import World
from palestra.errors import pip_install
from palestra.learners.dynamic.value_iteration import ValueIteration, ValueIterationConfig
from report import publish

GAMMA, TOLERANCE = 0.999, 1e-6
MOST_SWEEPS = 1_000_000
SLIPS = (0.0, 0.2)
ROUNDING = 1e-12
LISTED = 70_000
"""States up to which mdpsolver, which takes lists of lists, is asked too."""


class Process(NamedTuple):
    """A process as the peers take it: what ends an episode leads to one more state, which nothing leaves."""

    reward_L: NDArray[np.float64]
    """Expected, of every (state, action), states first."""
    transition_LX: csr_matrix
    state_L: NDArray[np.int64]
    action_L: NDArray[np.int64]


class Solved(NamedTuple):
    seconds: float
    sweeps: int | None
    value_S: NDArray[np.float64]
    compiled: float = 0.0
    """Seconds of the first call of all, on a small board, beyond those of a second one."""


def peer(module: str, package: str) -> Any:
    """A peer, which no extra has: it is needed for this table alone."""
    try:
        return import_module(module)
    except ImportError as error:
        raise SystemExit(f"this benchmark needs {package}: {pip_install(package)}") from error


def settings(side: int, slip: float) -> dict[str, Any]:
    return {"size": side, "slip": slip, "step_reward": 0.0, "goal_reward": 1.0}


def process(mdp: FiniteMDP) -> Process:
    """The same numbers in the peers' form."""
    states, actions = mdp.num_states, mdp.num_actions
    pairs = states * actions
    pair_N = np.repeat(np.arange(pairs), np.diff(mdp.offset.numpy()))
    over_N = mdp.terminated.numpy() | mdp.terminal.numpy()[pair_N // actions]
    to_N = np.where(over_N, states, mdp.next_state.numpy())
    share_N = mdp.probability.numpy()
    reward = np.bincount(pair_N, share_N * mdp.reward.numpy(), pairs)
    reward[np.repeat(mdp.terminal.numpy(), actions)] = 0.0
    rows, columns = np.append(pair_N, pairs), np.append(to_N, states)
    matrix = csr_matrix((np.append(share_N, 1.0), (rows, columns)), shape=(pairs + 1, states + 1))
    state_L, action_L = np.divmod(np.arange(pairs + 1), actions)
    return Process(np.append(reward, 0.0), matrix, state_L, action_L)


def orders(slip: float) -> tuple[str, ...]:
    return ("synchronous", "in_place") if slip else ("synchronous", "in_place", "prioritised")


def optimum(side: int, slip: float, near_S: NDArray[np.float64]) -> NDArray[np.float64]:
    """(S,) by policy iteration from values near it, until no action is better by more than rounding."""
    p = process(grid_world(**settings(side, slip)))
    value_X, states = np.append(near_S, 0.0), len(near_S)
    while True:
        q_SA = (p.reward_L + GAMMA * (p.transition_LX @ value_X))[:-1].reshape(states, -1)
        pair_S = np.arange(states) * q_SA.shape[1] + q_SA.argmax(1)
        followed_SS = p.transition_LX[pair_S][:, :states]
        solved_S = spsolve((identity(states) - GAMMA * followed_SS).tocsc(), p.reward_L[pair_S])
        if np.abs(solved_S - value_X[:-1]).max() <= ROUNDING:
            return solved_S
        value_X = np.append(solved_S, 0.0)


def ours(side: int, slip: float, order: str, sweeps: int = MOST_SWEEPS) -> Solved:
    config = ValueIterationConfig(gamma=GAMMA, tolerance=TOLERANCE, order=order)
    agent = ValueIteration(World("palestra/GridWorld-v0", kwargs=settings(side, slip)), config)
    begin = time.perf_counter()
    while not agent.finished and agent.clock < sweeps:
        agent.step()
    return Solved(time.perf_counter() - begin, agent.clock, agent.policy.value_S.cpu().numpy().copy())


def quantecon(side: int, slip: float, method: str = "value_iteration") -> Solved:
    """Its values are within half of epsilon of the optimum."""
    DiscreteDP = peer("quantecon.markov", "quantecon").DiscreteDP

    def once(side: int) -> Solved:
        p = process(grid_world(**settings(side, slip)))
        ddp = DiscreteDP(p.reward_L, p.transition_LX, GAMMA, p.state_L, p.action_L)
        begin = time.perf_counter()
        found = ddp.solve(method=method, epsilon=2 * TOLERANCE, max_iter=MOST_SWEEPS)
        return Solved(time.perf_counter() - begin, int(found.num_iter), np.asarray(found.v)[:-1])

    first, second = once(10), once(10)
    return once(side)._replace(compiled=first.seconds - second.seconds)


def mdpsolver(side: int, slip: float) -> Solved:
    p = process(grid_world(**settings(side, slip)))
    states = int(p.state_L[-1]) + 1
    actions = [[] for _ in range(states)]
    shares, columns = [[] for _ in range(states)], [[] for _ in range(states)]
    m = p.transition_LX
    for pair, s in enumerate(p.state_L.tolist()):
        piece = slice(m.indptr[pair], m.indptr[pair + 1])
        actions[s].append(float(p.reward_L[pair]))
        shares[s].append(m.data[piece].tolist())
        columns[s].append(m.indices[piece].tolist())
    solver = peer("mdpsolver", "mdpsolver").model()
    solver.mdp(discount=GAMMA, rewards=actions, tranMatProbs=shares, tranMatColumns=columns)
    begin = time.perf_counter()
    # An epsilon-optimal policy, whose values are within epsilon of the optimum.
    solver.solve(algorithm="vi", tolerance=TOLERANCE, update="standard", parallel=True)
    seconds = time.perf_counter() - begin
    return Solved(seconds, None, np.asarray(solver.getValueVector()[:-1]))


def on_board(side: int, slip: float) -> dict[str, Solved]:
    """What each solver finds."""
    found = {f"ours, {order}": ours(side, slip, order) for order in orders(slip)}
    found["quantecon"] = quantecon(side, slip)
    found["quantecon, modified policy iteration"] = quantecon(side, slip, "modified_policy_iteration")
    return found if side**2 > LISTED else found | {"mdpsolver": mdpsolver(side, slip)}


def largest(side: int, slip: float) -> dict[str, Any]:
    """The board in a process of its own, with its peak of memory: solved, or where moves slip swept twice."""
    command = [sys.executable, __file__, "--alone", str(side), str(slip), "--threads", str(torch.get_num_threads())]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, sweeps, mebibytes = done.stdout.split()[-3:]
    solver = "ours, synchronous, swept twice" if slip else "ours, prioritised"
    return row(side, slip, solver, Solved(float(seconds), int(sweeps), np.empty(0)), None) | {
        "GiB at most": float(mebibytes) / 1024
    }


def alone(side: int, slip: float) -> None:
    found = ours(side, slip, "synchronous", 2) if slip else ours(side, slip, "prioritised")
    print(found.seconds, found.sweeps, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def row(side: int, slip: float, solver: str, found: Solved, best: NDArray[np.float64] | None) -> dict[str, Any]:
    error = "" if best is None else f"{np.abs(found.value_S - best).max():.1e}"
    return {
        "states": side**2, "slip": slip, "solver": solver, "sweeps": found.sweeps or "", "seconds": found.seconds,
        "furthest from the optimum": error, "compiling, s": found.compiled or "", "GiB at most": "",
    }  # fmt: skip


def main() -> None:
    """Every solver on every board, then the largest board by ours alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sides", type=int, nargs="+", default=[125, 250, 500])
    parser.add_argument("--largest", type=int, default=3_163, help="rows of the boards that are in processes alone")
    parser.add_argument("--alone", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=2)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(args.threads)
    if args.alone:
        alone(int(args.alone[0]), float(args.alone[1]))
        return
    table, times = [], {}
    for side in args.sides:
        for slip in SLIPS:
            times[slip] = found = on_board(side, slip)
            best_S = optimum(side, slip, found["ours, synchronous"].value_S)
            table += [row(side, slip, name, each, best_S) for name, each in found.items()]
    same = {slip: times[slip]["quantecon"].seconds / times[slip]["ours, synchronous"].seconds for slip in SLIPS}
    best = {
        slip: found["quantecon"].seconds / min(found[f"ours, {order}"].seconds for order in orders(slip))
        for slip, found in times.items()
    }
    calm, slippery = SLIPS
    alone_calm, alone_slippery = (largest(args.largest, slip) for slip in SLIPS)
    states = max(args.sides) ** 2
    publish(
        "value_iteration_peers",
        "Value iteration on gridworlds to 1e-6 beside compiled peers: seconds",
        {
            "ours": times[calm]["ours, synchronous"].seconds, "peer": times[calm]["quantecon"].seconds,
            "ratio": same[calm], "ratio where moves slip": same[slippery], "unit": "s", "seeds": [0], "states": states,
            "asked": 3.0,
        },
        [*table, alone_calm, alone_slippery],
        [
            f"{states:,} states, the same synchronous sweeps: {same[calm]:.1f} times as fast as quantecon on the calm"
            f" board, {same[slippery]:.1f} where moves slip. By the better order: {best[calm]:.1f} and"
            f" {best[slippery]:.1f} times.",
            f"{alone_calm['states']:,} states: solved in {alone_calm['seconds']:.1f} s and"
            f" {alone_calm['GiB at most']:.2f} GiB at most, of the whole process; where moves slip, three outcomes an"
            f" action, {alone_slippery['seconds'] / 2:.1f} s a sweep and {alone_slippery['GiB at most']:.2f} GiB.",
            "Prioritised sweeps are asked on calm boards alone, where every state needs one backup.",
            "The optimum is policy iteration's, its linear systems solved by SciPy.",
            f"mdpsolver takes lists of lists and is asked up to {LISTED:,} states; it does not say how many sweeps.",
            f"float64, {args.threads} threads where a solver takes threads, CPU.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
