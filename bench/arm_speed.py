"""How many pictures and steps a second does the arm that sees give? The course notes' pipeline, our PyBullet, our twin.

The notes' pipeline is written anew as it stands there: 960 x 960 pixels rendered in every inner step, made gray and
resized, one step more than the frame skip, all bodies loaded again at every reset. Actions are random everywhere, and
resets are inside the clock. A frame is a picture rendered; a step is what an agent acts once for.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pybullet
import pybullet_data
import torch

from palestra.envs.registry import make_vec
from palestra.envs.vector import VectorEnv
from palestra.learners.imitation.dagger import DAgger
from palestra.recipes.registry import get_recipe
from palestra.runs.provenance import cores
from palestra.trials.plan import resolve
from report import publish

ENV = "palestra/ArmReach-v0"
NOTES_SKIP, NOTES_SIZE, NOTES_CROP, NOTES_LIMIT = 3, 96, 84, 40
"""The notes leave these to the reader; the pictures of a skip are their stack."""
TWIN_COPIES = 256
RECIPE = "arm-reach-pixels/dagger"
WARM_UP, ITERATIONS = 32_768, 6
"""Pictures before the clock starts (the renderer compiles itself after 20,000), and iterations of training after it."""


class Speed(NamedTuple):
    """What was counted."""

    frames: float
    """Rendered a second."""
    steps: float
    """Of the environment a second."""


class NotesEnv:
    """The environment of the course notes, in a client without a window."""

    def __init__(self) -> None:
        self.p = pybullet
        pybullet.connect(pybullet.DIRECT)
        pybullet.setAdditionalSearchPath(pybullet_data.getDataPath())
        self.orientation = pybullet.getQuaternionFromEuler([0.0, -np.pi, np.pi / 2])
        self.damping = [0.00001] * 7
        self.initial = [0.006418, 0.413184, -0.011401, -1.589317, 0.005379, 1.137684, -0.006539]
        self.view = pybullet.computeViewMatrixFromYawPitchRoll([0.55, 0, 0.05], 0.7, 90, -70, 0, 2)
        self.projection = pybullet.computeProjectionMatrixFOV(60, 960 / 720, 0.1, 100.0)
        self.rng = np.random.default_rng(0)
        self.frames = 0

    def reset(self) -> np.ndarray[Any, Any]:
        """Load everything again, and stack the first picture."""
        p = self.p
        self.counter = 0
        p.resetSimulation()
        p.setGravity(0, 0, -10)
        p.loadURDF("plane.urdf", basePosition=[0, 0, -0.65])
        self.kuka = p.loadURDF("kuka_iiwa/model.urdf", useFixedBase=True)
        table = p.loadURDF("table/table.urdf", basePosition=[0.5, 0, -0.65])
        p.changeVisualShape(table, -1, rgbaColor=[1, 1, 1, 1])
        at = [self.rng.uniform(0.2, 0.7), self.rng.uniform(-0.3, 0.3), 0.01]
        self.thing = p.loadURDF("random_urdfs/000/000.urdf", basePosition=at)
        self.num_joints = p.getNumJoints(self.kuka)
        for joint in range(self.num_joints):
            p.resetJointState(self.kuka, joint, self.initial[joint])
        p.stepSimulation()
        return self.crop(np.stack([self.picture()] * NOTES_SKIP))

    def inner_step(self, action: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], float, bool]:
        """Teleport to the inverse kinematics' answer, and take a picture."""
        p = self.p
        here = p.getLinkState(self.kuka, self.num_joints - 1)[4]
        target = [x + 0.1 * d for x, d in zip(here, action, strict=True)]
        joints = p.calculateInverseKinematics(
            self.kuka, self.num_joints - 1, target, self.orientation, jointDamping=self.damping
        )
        for joint in range(self.num_joints):
            p.resetJointState(self.kuka, joint, joints[joint])
        p.stepSimulation()
        self.counter += 1
        x, y, z = p.getLinkState(self.kuka, self.num_joints - 1)[4]
        distance = np.linalg.norm(np.subtract((x, y, z), p.getBasePositionAndOrientation(self.thing)[0]))
        left = not (0.2 <= x <= 0.7 and -0.3 <= y <= 0.3 and 0 <= z <= 0.55)
        late = self.counter > NOTES_LIMIT
        reward = -0.1 if left or late else float(distance < 0.1)
        return self.picture(), reward, bool(left or late or distance < 0.1)

    def step(self, action: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], float, bool]:
        """One inner step, and then as many as the skip."""
        total, states = 0.0, []
        state, reward, done = self.inner_step(action)
        for _ in range(NOTES_SKIP):
            if not done:
                state, reward, done = self.inner_step(action)
                total += reward
            states.append(state)
        return self.crop(np.stack(states)), total, done

    def picture(self) -> np.ndarray[Any, Any]:
        """960 x 960 pixels, made gray, each 10 x 10 of them averaged."""
        p = self.p
        self.frames += 1
        image = p.getCameraImage(960, 960, self.view, self.projection, renderer=p.ER_BULLET_HARDWARE_OPENGL)[2]
        gray = np.asarray(image, np.uint8).reshape(960, 960, 4)[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
        scale = 960 // NOTES_SIZE
        small = gray.reshape(NOTES_SIZE, scale, NOTES_SIZE, scale).mean((1, 3))
        return small.astype(np.uint8)

    def crop(self, images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A random part, in the environment."""
        top, left = self.rng.integers(NOTES_SIZE - NOTES_CROP + 1, size=2)
        return images[:, top : top + NOTES_CROP, left : left + NOTES_CROP]


def notes(seconds: float) -> Speed:
    """The notes' environment under random actions."""
    env = NotesEnv()
    env.reset()
    steps, env.frames = 0, 0
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        if env.step(env.rng.uniform(-1, 1, 3))[2]:
            env.reset()
        steps += 1
    pybullet.disconnect()
    return Speed(env.frames / elapsed, steps / elapsed)


def vector(env: VectorEnv, seconds: float, in_one_go: int, warm_up: int) -> Speed:
    """Any vector environment under random actions; a reset renders one frame more."""
    generator = torch.Generator().manual_seed(0)
    env.reset(0)
    steps = ends = 0
    actions = torch.rand(64, env.num_envs, 3, generator=generator) * 2 - 1
    actions = actions.to(env.device)
    for i in range(max(in_one_go, warm_up // env.num_envs if env.num_envs > 64 else 0)):
        env.step(actions[i % 64])
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        for _ in range(in_one_go):
            result = env.step(actions[steps % 64])
            ends += int((result.terminated | result.truncated).sum())  # reading it waits for an accelerator
            steps += 1
    env.close()
    return Speed((steps * env.num_envs + ends) / elapsed, steps * env.num_envs / elapsed)


def ours(
    copies: int, backend: str, seconds: float, device: str = "cpu", warm_up: int = WARM_UP, **settings: Any
) -> Speed:
    """Our environment from pixels, on a backend."""
    kwargs = {"view": "pixels", **settings}
    with torch.inference_mode():
        return vector(make_vec(ENV, copies, backend=backend, device=device, env_kwargs=kwargs), seconds, 4, warm_up)


def training(threads: int, iterations: int, warm_up: int) -> tuple[float, float]:
    """Environment steps a second of training from pixels, and the share of the time that gradient steps take."""
    torch.set_num_threads(threads)
    agent = resolve(get_recipe(RECIPE)).make_learner()
    assert isinstance(agent, DAgger)
    agent.budget = get_recipe(RECIPE).budget
    learn, learning = agent.update, 0.0

    def timed() -> Any:
        nonlocal learning
        start = time.perf_counter()
        metrics = learn()
        learning += time.perf_counter() - start
        return metrics

    agent.update = timed  # type: ignore[method-assign]
    while agent.clock < warm_up:  # until the renderer has been compiled, where it can be
        agent.interaction.obs = agent.env.step(agent.env.expert()).obs
        agent.clock += agent.env.num_envs
    agent.step()
    learning, before, start = 0.0, agent.clock, time.perf_counter()
    for _ in range(iterations):
        agent.step()
    elapsed = time.perf_counter() - start
    agent.close()
    return (agent.clock - before) / elapsed, learning / elapsed


def main() -> None:
    """One row each, one after the other in one process; only the workers of the second have others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each row")
    parser.add_argument("--copies", type=int, default=TWIN_COPIES, help="of the twin's world, side by side")
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help="pictures before the clock of the twin starts")
    parser.add_argument("--iterations", type=int, default=ITERATIONS, help="of training")
    args, _ = parser.parse_known_args()
    twin_of = partial(ours, backend="torch", seconds=args.seconds, warm_up=args.warm_up)
    rows: list[tuple[str, str, int, Callable[[], Speed]]] = [
        ("the notes' pipeline", "PyBullet, 960 x 960", 1, lambda: notes(args.seconds)),
        ("ours", "PyBullet, 84 x 84, one process", 1, lambda: ours(1, "sync", args.seconds)),
        (
            "ours",
            "PyBullet, 84 x 84, one process, teleport as in the notes",
            1,
            lambda: ours(1, "sync", args.seconds, control="teleport"),
        ),
        ("ours", "PyBullet, 84 x 84, a process a core", cores(), lambda: ours(cores(), "async", args.seconds)),
        ("ours", f"twin, {args.copies} copies", 1, lambda: twin_of(args.copies)),
        ("ours", f"twin, {args.copies} copies", cores(), lambda: twin_of(args.copies)),
    ]
    if torch.cuda.is_available():
        copies = 16 * args.copies
        rows.append(("ours", f"twin, GPU, {copies} copies", 1, lambda: twin_of(copies, device="cuda")))
    table: list[dict[str, Any]] = []
    for who, world, width, measure in rows:
        torch.set_num_threads(width if "twin" in world else 1)
        speed = measure()
        first = table[0]["frames/s"] if table else speed.frames
        table.append(
            {"who": who, "world": world, "cores": width, "frames/s": speed.frames, "steps/s": speed.steps,
             "frames, times the notes": speed.frames / first}
        )  # fmt: skip
        print(table[-1], flush=True)
    trained = {threads: training(threads, args.iterations, args.warm_up) for threads in (1, cores())}
    print(trained, flush=True)
    single, teleport, twin = table[1], table[2], table[5]
    publish(
        "arm_speed",
        "The arm that sees: pictures and steps a second",
        {
            "ours": twin["frames/s"],
            "peer": table[0]["frames/s"],
            "ratio": twin["frames, times the notes"],
            "pybullet_ratio": single["frames, times the notes"],
            "training": {
                threads: {"steps/s": rate, "gradient_share": share} for threads, (rate, share) in trained.items()
            },
            "unit": "frames/s",
            "seeds": [0],
        },
        table,
        [
            f"PyBullet on one process gives {single['frames, times the notes']:.0f} times the notes' frames and"
            f" {single['steps/s'] / table[0]['steps/s']:.0f} times their steps"
            f" ({teleport['frames, times the notes']:.0f} times the frames without dynamics, as in the notes).",
            f"The twin on {cores()} cores gives {twin['frames, times the notes']:,.0f} times the notes' frames and"
            f" {twin['steps/s'] / table[0]['steps/s']:,.0f} times their steps.",
            "A step of the notes renders one frame more than their skip of 3; ours renders one.",
            *(
                f"Training end to end, `{RECIPE}`, {threads} thread(s): {rate:,.0f} environment steps a second;"
                f" gradient steps take {100 * share:.0f}% of the time (the encoder's convolutions nearly all of it),"
                " the twin with its camera the rest."
                for threads, (rate, share) in trained.items()
            ),
            "Random actions, which leave the workspace after a few steps; resets are inside the clock.",
        ],
    )


if __name__ == "__main__":
    main()
