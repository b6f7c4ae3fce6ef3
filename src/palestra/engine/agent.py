"""What a learner can be asked that has a policy: to act, and how well it acts."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from palestra.engine import seeding
from palestra.engine.arena import Arena
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.luck import lent
from palestra.engine.policy import Policy, aside
from palestra.envs.space_json import space_to_json
from palestra.envs.spaces import contract_action, to_env_action
from palestra.envs.vector import VectorEnv
from palestra.envs.world import Given, World
from palestra.errors import UsageError, require
from palestra.measure import Evaluation, Measure, Metrics


class Agent:
    """Acts in a world by a policy. ``class PPO(Agent, Learner)``: a learning rule that has one.

    It adds no level above a learner, holds no state, and asks for two attributes: ``env`` and ``policy``.
    """

    learns_from: ClassVar[Any] = World
    clock_unit: ClassVar[str] = "env steps"
    headline: ClassVar[str] = "eval/return_mean"
    derives: ClassVar[tuple[str, ...]] = ("env", "modules", "_arena")

    source: Any
    device: torch.device
    env: VectorEnv
    """The copies that it learns in; as a rule those of its ``Interaction``, which saves them."""
    policy: Policy
    """What it acts by."""
    modules: nn.Module = nn.ModuleDict()
    """All networks, for their parameter count."""

    @property
    def world(self) -> World:
        """Which world, and how many copies of it."""
        assert isinstance(self.source, World)
        return self.source

    @property
    def observation_space(self) -> spaces.Box:
        """Of one observation in the vector contract's form, which the networks see."""
        return self.env.observed.space

    def act(self, obs: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) as the vector contract takes them, for observations (B, *obs_shape)."""
        return self.policy.act(obs, deterministic=deterministic)

    def arena(self) -> Arena:
        """Where it is measured; made when it is first asked for, and kept."""
        if "_arena" not in vars(self):
            self._arena = self.make_arena()
        return self._arena

    def make_arena(self) -> Arena:
        """Copies of its own world."""
        return Arena(self.world, self.device)

    def measured(self, measure: Measure) -> Evaluation:
        """Greedy returns over whole episodes, in environments of their own."""
        with aside(self.policy):
            return self.arena().measured(self.policy, measure)

    def evaluate(self, *, env: str | World | None = None, deterministic: bool = True, **words: Any) -> Evaluation:
        """Measure it, on whole episodes in environments of their own.

        Args:
            env: another world of the same spaces; an id, or a World with arguments.
            deterministic: greedy actions, or samples as while it learns. The learner goes on as if there had been none.
            **words: ``episodes`` (100), ``seed``, ``reference`` (Gymnasium's own implementation rather than the one
                trained in) and ``max_steps`` (where an episode is cut).
        """
        return self.measured_so(self.world.measure(**words), env=env, deterministic=deterministic)

    def measured_so(
        self, measure: Measure, *, env: str | World | None = None, deterministic: bool = True
    ) -> Evaluation:
        """As ``measured``, in another world or with samples for actions, as ``evaluate`` says."""
        arena = self.arena()
        if env is not None:
            arena = Arena(World(env) if isinstance(env, str) else env, self.device)
            self._check_spaces(arena)
        try:
            if env is None and deterministic:
                return self.measured(measure)
            with aside(self.policy), nullcontext(self.policy) if deterministic else lent(self.policy) as acting:
                return arena.measured(acting, measure)
        finally:
            if env is not None:
                arena.close()

    def _check_spaces(self, arena: Arena) -> None:
        other = arena.world.make(num_envs=1, device=self.device)
        theirs, ours = (other.observation_space, other.action_space), (self.observation_space, self.env.action_space)
        other.close()
        fits = all(type(a) is type(b) and a.shape == b.shape and a.dtype == b.dtype for a, b in zip(theirs, ours))
        counts = [getattr(space, "n", None) for space in (theirs[1], ours[1])]
        given = f"world {arena.world.id!r}, which observes {theirs[0]} and acts in {theirs[1]}"
        require(fits and counts[0] == counts[1], given, f"one as it was trained in: {ours[0]} and {ours[1]}")

    def facts(self) -> dict[str, Any]:
        """Its spaces."""
        named = {"observation": self.env.observed.own, "action": self.env.action_space}
        return {"spaces": {name: space_to_json(space) for name, space in named.items()}}

    def check_measurable(self, measure: Measure) -> None:
        """Make one copy of the world that it would be measured in."""
        self.arena().make_env(1, measure.split).close()

    def predict(self, obs: Any, *, deterministic: bool = True) -> Any:
        """The action that ``env.step`` takes.

        Args:
            obs: one observation, as the environment's own ``reset`` gives it, or a batch of them as Gymnasium's vector
                environments do; or arrays in the vector contract's form, ``observation_space``.
            deterministic: the greedy action, or a sample.

        Returns:
            One action (an ``int`` for Discrete), or an array of them for a batch.

        Raises UsageError for what is no observation of the environment, and for a policy that acts by the true state.
        """
        if self.policy.sees == "state":
            raise UsageError(
                f"{type(self.policy).__name__} acts by the true state, not by observations; expected evaluate() or play"
            )
        return self._chosen(obs, lambda batch: self.act(batch, deterministic=deterministic))

    def decide(self, obs: Any, env: gym.Env[Any, Any]) -> Any:
        """The greedy action in one Gymnasium environment, which has just observed ``obs``.

        What remembers its episode acts by what it was ``told`` of it since it began.
        """
        if self.policy.sees == "state":
            return self.policy.act(env)
        return self._chosen(obs, self.policy.act)

    def told(self, action: Any, reward: float, done: bool) -> None:
        """What was done in one Gymnasium environment, what it paid, and whether the episode ended with it.

        Between two calls of ``decide``; only what remembers its episode, such as the decision transformer, listens.
        """
        known = contract_action(self.env.action_space, action)[None].to(self.device)
        self.policy.told(known, torch.tensor([float(reward)], device=self.device), torch.tensor([done]))

    def _chosen(self, obs: Any, act: Callable[[Tensor], Tensor]) -> Any:
        """What ``act`` makes of observations, in the environment's own form."""
        rows, single = self.env.observed.read(obs)
        batch = torch.as_tensor(rows, device=self.device)
        if self.observation_space.dtype != np.uint8:
            batch = batch.float()
        with torch.inference_mode():
            action = act(batch)
        out = to_env_action(self.env.action_space, action)
        if not single:
            return out
        return int(out[0]) if isinstance(self.env.action_space, spaces.Discrete) else np.asarray(out[0])

    def close(self) -> None:
        """Release environments and their processes."""
        if "_arena" in vars(self):
            self._arena.close()
        self.env.close()


class Actor(Agent, Learner):
    """A policy that learns nothing, where a learner is expected: nothing is left to learn, so it is measured at once.

    Args:
        policy_type: the class of the policy, one that can be registered.
        source: the world, as of any learner; likewise what follows.
    """

    saves = ("policy",)

    def __init__(
        self, policy_type: Any, source: Given, config: Any = None, *, seed: int = 0,
        device: str = "auto",
    ):  # fmt: skip
        self.name, self.config_type = policy_type.name, policy_type.config_type
        super().__init__(source, config, seed=seed, device=device)
        self.env = self.world.make(device=self.device)
        self.env.reset(seeding.derive(seed, "environment"))  # before that it has no state to be asked about
        try:
            self.policy = policy_type(self.env, self.config, seed=seed)
        except UsageError as error:
            raise UsageError(f"{self.name} cannot act in {self.world.id!r}: {error}") from error
        self.finished = True

    def step(self) -> Metrics:
        """Nothing: it never improves."""
        return {}

    def exhibits(self) -> list[Exhibit]:
        """What its policy shows of itself, in a copy of the world in which it is measured."""
        env = self.arena().make_env(1, "")
        try:
            with aside(self.policy):
                return self.policy.at_work(env)
        finally:
            env.close()
