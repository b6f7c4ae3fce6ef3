"""One side of the comparison of speed: the Palestra of one source does a block of work for every line that it is sent.

    PYTHONPATH=SOURCE python pace.py WORKLOAD THREADS

It is the same file for both sides, so it adapts to what either source calls things: where two names are tried, the
first is today's. It answers ``ready`` once it is warm, and then each line with the seconds that the block took.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import torch

from palestra.engine.trainer import Trainer, TrainSettings
from palestra.envs.vector import VectorEnv
from palestra.learners.registry import learner_type
from palestra.recipes.registry import get_recipe

Block = Callable[[], object]
PIXELS = {"view": "pixels"}


def world(env: str, num_envs: int) -> Any:
    """The description of a world that constructors take."""
    try:
        from palestra.envs.world import World
    except ImportError:
        from palestra.engine.env_config import EnvConfig as World
    return World(env, num_envs)


def of_recipe(name: str, settings: dict[str, str], seed: int = 0, **watch: Any) -> tuple[Any, TrainSettings]:
    """A recipe's learner with some settings as text, and how it is trained."""
    try:
        from palestra.trials.plan import resolve
    except ImportError:
        from palestra.recipes.build import build_learner, resolve, train_settings

        if "eval_count" in watch:
            watch["eval_episodes"] = watch.pop("eval_count")
        config = resolve(get_recipe(name), seed=seed, settings=settings, train=watch)
        return build_learner(config), train_settings(config)
    plan = resolve(get_recipe(name), {"seed": seed, **settings, **watch})
    return plan.make_learner(), plan.training


def learn(learner: Any, first: int, more: int) -> Block:
    """A block is so many steps of the environment, after the first ones."""
    Trainer(learner, TrainSettings(budget=first)).run()
    learner.budget = 10**9
    return lambda: Trainer(learner, TrainSettings(budget=learner.clock + more)).run()


def ppo() -> Block:
    """As in ppo_throughput."""
    cls = learner_type("ppo")
    config = cls.config_type(
        num_steps=128, minibatch_size=8_192, num_epochs=4, learning_rate=2.5e-3, normalize_obs=False,
        normalize_reward=False,
    )  # fmt: skip
    return learn(cls(world("CartPole-v1", 1024), config, seed=0), 131_072, 131_072)


def dqn() -> Block:
    """As in dqn_throughput."""
    learner, _ = of_recipe("cartpole/dqn", {})
    return learn(learner, 1_280, 512)


def continuous(name: str, precision: str) -> Callable[[], Block]:
    """As in sac_throughput."""

    def make() -> Block:
        cls = learner_type(name)
        config = cls.config_type(learning_starts=1_000, precision=precision, buffer_size=100_000)
        return learn(cls(world("HalfCheetah-v5", 1), config, seed=0), 1_050, 50)

    return make


def solve(recipe: str) -> Callable[[], Block]:
    """As in time_to_solve: a block is a whole training, seed after seed."""

    def make() -> Block:
        seed = iter(range(10**6))

        def block() -> None:
            learner, settings = of_recipe(recipe, {}, next(seed), target=475.0, eval_every=2048, eval_count=20)
            Trainer(learner, settings).run()

        block()
        return block

    return make


def arm(backend: str, copies: int, steps: int, warm_up: int) -> Callable[[], Block]:
    """As in arm_speed: random actions, seen as pixels."""

    def make() -> Block:
        from palestra.envs.registry import make_vec

        env: VectorEnv = make_vec("palestra/ArmReach-v0", copies, backend=backend, env_kwargs=PIXELS)
        generator = torch.Generator().manual_seed(0)
        env.reset(seed=0)

        def block(count: int = steps) -> None:
            with torch.inference_mode():
                for _ in range(count):
                    env.step(torch.rand(env.num_envs, 3, generator=generator) * 2 - 1)

        block(warm_up)
        return block

    return make


def dagger() -> Block:
    """As in arm_speed, training from pixels, but in float32, which every processor multiplies."""
    learner, settings = of_recipe("arm-reach-pixels/dagger", {"encoder_precision": "float32"})
    learner.budget = settings.budget
    place = getattr(learner, "interaction", learner)
    while learner.clock < 32_768:  # until the renderer has been compiled, where it can be
        place.obs = learner.env.step(learner.env.expert()).obs
        learner.clock += learner.env.num_envs
    learner.step()
    return learner.step


WORKLOADS: dict[str, Callable[[], Block]] = {
    "ppo_throughput": ppo,
    "dqn_throughput": dqn,
    "sac_throughput: sac, float32": continuous("sac", "float32"),
    "sac_throughput: td3, float32": continuous("td3", "float32"),
    **(
        {
            "sac_throughput: sac, bfloat16": continuous("sac", "bfloat16"),
            "sac_throughput: td3, bfloat16": continuous("td3", "bfloat16"),
        }
        if torch.ops.mkldnn._is_mkldnn_bf16_supported()
        else {}
    ),
    "time_to_solve: cartpole/ppo": solve("cartpole/ppo"),
    "arm_speed: twin": arm("torch", 256, 8, 130),
    "arm_speed: PyBullet": arm("sync", 1, 40, 100),
    "arm_speed: training": dagger,
}
"""What stands in the benchmarks of that name, in blocks of about half a second."""


def main(workload: str, threads: int) -> None:
    """Get warm, and then work when told."""
    torch.set_num_threads(threads)
    block = WORKLOADS[workload]()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        block()
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
