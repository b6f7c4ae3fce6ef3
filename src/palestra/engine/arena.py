"""Where a policy is measured: environments of their own, with luck of their own."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from palestra.data.episodes import means
from palestra.engine import seeding
from palestra.engine.evaluate import MAX_STEPS, run_episodes
from palestra.engine.policy import Policy
from palestra.envs.misbehaviour import Misbehaviour
from palestra.envs.registry import MOST_SIMULATORS, is_simulator
from palestra.envs.reports import Numbers
from palestra.envs.vector import VectorEnv
from palestra.envs.world import World
from palestra.errors import require
from palestra.measure import CUT, Evaluation, Measure

MAX_EVAL_ENVS = 100
"""Most episodes that are run side by side."""

MakeEnv = Callable[[int, str], VectorEnv]
"""Copies and split to environments."""


class Arena:
    """Environments to measure policies in, kept between two measurements of a kind.

    Args:
        world: whose copies they are.
        device: where their tensors live.
        make_env: makes so many of a split, if not ``World.make`` with at most ``MAX_EVAL_ENVS`` copies.
    """

    def __init__(self, world: World, device: torch.device, make_env: MakeEnv | None = None):
        self.world, self.device = world, device
        self.make_env = make_env or self._make_env
        self._kept: tuple[tuple[int, str], VectorEnv] | None = None

    def _make_env(self, count: int, split: str) -> VectorEnv:
        """As many copies as there are episodes, up to a limit."""
        world, reference = self.world, split == "reference"
        heavy = is_simulator(world.id, world.reference_backend if reference else world.backend)
        copies = min(count, MOST_SIMULATORS if heavy else MAX_EVAL_ENVS)
        return world.make(num_envs=copies, device=self.device, reference=reference or world.is_shaped)

    def measured(self, policy: Policy, measure: Measure) -> Evaluation:
        """Deterministic returns over ``measure.count`` whole episodes.

        Those that the world does not end are cut: after the measure's ``max_steps``, or else after the world's own
        limit or ``MAX_STEPS``. How many there were is ``eval/cut``, which is there where there were any.
        """
        env = self.copies(measure)
        act, limit = acting(policy, env), limit_of(env, measure)
        returns, lengths, reports, cut = [], [], list[Numbers](), 0
        for batch in range(-(-measure.count // env.num_envs)):
            policy.reset(env.num_envs, seed=seeding.derive(measure.seed, "episodes", batch) if batch else measure.seed)
            unended: list[int] = []
            said: dict[int, Numbers] = {}
            seed = luck_of(measure, batch)
            try:
                r, n = run_episodes(act, env, seed=seed, max_steps=limit, cut=unended, reports=said, told=policy.told)
            except Misbehaviour:
                self.close()  # the next measuring finds new copies
                raise
            cut += sum(batch * env.num_envs + copy < measure.count for copy in unended)
            returns.append(r)
            lengths.append(n)
            reports += (said.get(copy, {}) for copy in range(env.num_envs))
        return self.found(measure, torch.cat(returns), torch.cat(lengths), reports, cut)

    def copies(self, measure: Measure) -> VectorEnv:
        """The environments for a measure, as they are kept."""
        require(measure.count >= 1, f"episodes={measure.count}", "at least 1")
        key = (measure.count, measure.split)
        if self._kept is None or self._kept[0] != key:
            self.close()
            self._kept = (key, self.make_env(*key))
        return self._kept[1]

    def found(
        self, measure: Measure, returns_B: Tensor, lengths_B: Tensor, reports: Sequence[Numbers], cut: int
    ) -> Evaluation:
        """What episodes come to, at least as many as the measure's: their returns, lengths, reports, and how many were
        cut.
        """
        env, count = self.copies(measure), measure.count
        returns_B, lengths_B = returns_B[:count], lengths_B[:count]
        score = float(returns_B.mean())
        metrics = {
            "eval/return_mean": score,
            "eval/return_min": float(returns_B.min()),
            "eval/return_max": float(returns_B.max()),
            "eval/length_mean": float(lengths_B.double().mean()),
        }
        for name, mean in means(reports[:count]).items():
            metrics.setdefault(f"eval/{name}", mean)  # an environment's own idea of its return does not replace ours
        if cut:
            metrics[CUT] = float(cut)
            if not measure.max_steps:
                warnings.warn(_cut_note(self.world.id, limit_of(env, measure), env.max_episode_steps), stacklevel=3)
        return Evaluation(score, returns_B, metrics)

    def close(self) -> None:
        """Release the environments that are kept."""
        if self._kept is not None:
            self._kept[1].close()
            self._kept = None


def acting(policy: Policy, env: VectorEnv) -> Callable[[Any], Any]:
    """From observations to a policy's actions in an environment; one that sees the state looks at the environment."""
    return (lambda obs: policy.act(env)) if policy.sees == "state" else policy.act


def limit_of(env: VectorEnv, measure: Measure) -> int:
    """The steps after which an episode is cut."""
    return measure.max_steps or max(MAX_STEPS, env.max_episode_steps or 0)


def luck_of(measure: Measure, batch: int) -> int:
    """The seed of the environments for the episodes that are run side by side as the n-th batch of a measure."""
    return seeding.derive(measure.seed, "evaluation", batch)


def _cut_note(env_id: str, limit: int, declared: int | None) -> str:
    """What is said of episodes that were cut though nobody had asked for it."""
    why = "it has no time limit" if declared is None else f"they go beyond its own limit of {declared:,}"
    return (
        f"evaluations of {env_id!r} cut episodes after {limit:,} steps and count them as eval/cut, since {why}; give it"
        " one (--env-kwargs '{\"max_episode_steps\": 1000}'), or evaluations another (--set eval_max_steps=1000)"
    )
