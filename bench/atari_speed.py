"""How many steps of Pong a second: of the emulators alone beside ale-py's own vector environment, and of PPO beside
Stable-Baselines3's?

The emulators are stepped at random by one thread each, in turns of some seconds, so that what else runs here is in
both; a step is four frames, seen as 84 x 84 in stacks of four. Two processes are timed beside one: ale-py keeps
Python's lock while an emulator runs, so that threads would take turns. PPO is the same on both sides: 8 environments,
128 steps, four epochs of four minibatches, the network of Mnih et al. 2015 in float32; ours is measured in bfloat16
too, where the processor has it. The last line says what replay takes: bytes a transition, counted on a full buffer.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import torch

from palestra.data.replay import ReplayBuffer
from palestra.data.rollout import collect
from palestra.envs.backends.ale import AleVectorEnv
from palestra.envs.world import World
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.nets.precision import multiplies_bfloat16
from report import publish

GAME, COPIES, NUM_STEPS = "ALE/Pong-v5", 8, 128
SB3_GAME = "PongNoFrameskip-v4"


def emulators(seconds: float, copies: int, size: int, processes: int = 1) -> Callable[[], float]:
    """Steps a second of ours, measured each time that it is called."""
    env = AleVectorEnv(GAME, copies, env_kwargs={"lives": "ignore", "size": size, "processes": processes})
    env.reset(0)
    rng = torch.Generator().manual_seed(0)

    def rate() -> float:
        return timed(lambda: env.step(torch.randint(6, (copies,), generator=rng)), seconds, copies)

    return rate


def ale_pys(seconds: float, copies: int, size: int) -> Callable[[], float]:
    """The same of ale-py's vector environment with one thread."""
    import ale_py

    gymnasium.register_envs(ale_py)
    env = gymnasium.make_vec(
        GAME, copies, vectorization_mode="vector_entry_point", num_threads=1, img_height=size, img_width=size
    )
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    return lambda: timed(lambda: env.step(rng.integers(6, size=copies)), seconds, copies)


def timed(step: Callable[[], Any], seconds: float, copies: int) -> float:
    """Steps a second."""
    step()
    count, begun = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - begun) < seconds:
        step()
        count += copies
    return count / elapsed


def ours(iterations: int, precision: str, threads: int) -> float:
    """Steps a second of PPO, after one iteration to warm up."""
    torch.set_num_threads(threads)
    config = PPOConfig(
        num_steps=NUM_STEPS, minibatch_size=256, num_epochs=4, learning_rate=2.5e-4, clip_range=0.1, entropy_coef=0.01,
        hidden_sizes=(), encoder="nature", encoder_precision=precision, normalize_reward=False,
    )  # fmt: skip
    agent = PPO(World(GAME, COPIES, kwargs={"processes": threads}), config, device="cpu")
    agent.step()
    before, begun = agent.clock, time.perf_counter()
    for _ in range(iterations):
        agent.step()
    rate = (agent.clock - before) / (time.perf_counter() - begun)
    agent.close()
    return rate


def peer(iterations: int, threads: int) -> float:
    """The same of Stable-Baselines3."""
    import ale_py
    from stable_baselines3 import PPO as SB3PPO
    from stable_baselines3.common.env_util import make_atari_env
    from stable_baselines3.common.vec_env import VecFrameStack

    torch.set_num_threads(threads)
    gymnasium.register_envs(ale_py)
    env = VecFrameStack(make_atari_env(SB3_GAME, COPIES, seed=0), 4)
    model = SB3PPO(
        "CnnPolicy", env, n_steps=NUM_STEPS, batch_size=256, n_epochs=4, learning_rate=2.5e-4, clip_range=0.1,
        ent_coef=0.01, device="cpu", seed=0,
    )  # fmt: skip
    steps = COPIES * NUM_STEPS
    model.learn(steps)
    begun = time.perf_counter()
    model.learn(iterations * steps, reset_num_timesteps=False)
    rate = iterations * steps / (time.perf_counter() - begun)
    env.close()
    return rate


def bytes_of_replay(transitions: int) -> float:
    """Bytes a transition of a buffer that is full of a game."""
    env = AleVectorEnv("ALE/Breakout-v5", COPIES)  # whose episodes, its lives, are short
    device = torch.device("cpu")
    replay = ReplayBuffer(transitions, COPIES, env.observation_space, (), torch.int64, device)
    rng, obs = torch.Generator().manual_seed(0), env.reset(0)
    while len(replay) < transitions:
        steps = min(32, replay.num_rows - replay.size)
        rollout, obs = collect(env, lambda _: torch.randint(4, (COPIES,), generator=rng), obs, steps)
        replay.add(rollout)
    return held(replay) / len(replay)


def held(replay: ReplayBuffer) -> int:
    """Bytes of all tensors and arrays of a buffer of images."""
    parts = [*replay._fields, replay._seen._pool, replay._seen._places, torch.from_numpy(replay._seen._free)]
    return sum(part.untyped_storage().nbytes() for part in parts)


def main() -> None:
    """Emulators in turns, then PPO in turns, then memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of one turn of the emulators")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side")
    parser.add_argument("--iterations", type=int, default=4, help="of PPO in one turn")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch")
    parser.add_argument("--transitions", type=int, default=100_000, help="in the buffer whose bytes are counted")
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    table: list[dict[str, Any]] = []
    ratios = {}
    for copies, size in ((COPIES, 84), (2 * COPIES, 84), (COPIES, 42)):
        sides = {"Palestra": emulators(args.seconds, copies, size), "ale-py": ale_pys(args.seconds, copies, size)}
        rates = {who: [] for who in sides}
        for _ in range(args.rounds):
            for who, rate in sides.items():
                rates[who].append(rate())
        best = {who: statistics.median(found) for who, found in rates.items()}
        ratios[copies, size] = best["Palestra"] / best["ale-py"]
        setting = f"emulators alone, {copies} copies, {size} x {size}, one thread"
        table += [{"who": who, "what": setting, "steps/s": rate} for who, rate in best.items()]
    shared = {n: emulators(args.seconds, 2 * COPIES, 84, n) for n in (1, 2)}
    in_turns = [{n: rate() for n, rate in shared.items()} for _ in range(args.rounds)]
    by = {n: statistics.median(turn[n] for turn in in_turns) for n in shared}
    table.append(
        {"who": "Palestra", "what": f"emulators alone, {2 * COPIES} copies, 84 x 84, two processes", "steps/s": by[2]}
    )
    precisions = ["float32"] + ["bfloat16"] * multiplies_bfloat16()
    turns: dict[str, list[float]] = {who: [] for who in (*precisions, "SB3")}
    for _ in range(args.rounds):
        for precision in precisions:
            turns[precision].append(ours(args.iterations, precision, args.threads))
        turns["SB3"].append(peer(args.iterations, args.threads))
    medians = {who: statistics.median(found) for who, found in turns.items()}
    for who, rate in medians.items():
        what = f"PPO, {args.threads} thread(s)" + ("" if who == "SB3" else f", {who}")
        table.append({"who": "SB3" if who == "SB3" else "Palestra", "what": what, "steps/s": rate})
    fastest = max(medians[precision] for precision in precisions)
    size = bytes_of_replay(args.transitions)
    publish(
        "atari_speed",
        "Pong: steps a second of the emulators and of PPO",
        {
            "ours": fastest, "peer": medians["SB3"], "ratio": fastest / medians["SB3"], "unit": "steps/s",
            "emulators": {f"{copies} x {size}": ratio for (copies, size), ratio in ratios.items()},
            "two processes": by[2] / by[1], "bytes of a transition": size,
        },
        table,
        [
            f"PPO: {fastest / medians['SB3']:.2f} times Stable-Baselines3's, {medians['float32'] / medians['SB3']:.2f}"
            " in float32 as theirs is; rollouts, advantages and gradient steps are inside the clock.",
            "Emulators: " + ", ".join(f"{ratio:.2f} times ale-py's with {copies} copies at {size}"
                                      for (copies, size), ratio in ratios.items()) + ".",
            f"Two processes step {by[2] / by[1]:.2f} times as fast as one, side by side in turns.",
            f"Medians of {args.rounds} turns each, one side after the other.",
            f"Replay of Breakout, counted on {args.transitions:,} transitions: {size:,.0f} bytes each, so that a"
            f" million take {size / 1e3:.2f} GB.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
