"""A world that was learned, in the place of its own equations: what a planner plans in where nobody can tell it them.

Named by the run that learned it (``model=RUN``), to every planner. What follows from an action is the mean of what its
members say. A plan is followed by each member for itself, with its own doubt drawn in (trajectory sampling, TS-infinity
of Chua et al. 2018, section 5), and costs what it costs on average: what only one of them promises counts for little.
"""

from pathlib import Path

import torch
from gymnasium import spaces
from torch import Generator, Tensor

from palestra.envs.dynamics import Dynamics
from palestra.envs.model import Model
from palestra.envs.vector import VectorEnv
from palestra.errors import UsageError, require
from palestra.nets.dynamics_ensemble import DynamicsEnsemble
from palestra.runs import checkpoints
from palestra.runs.store import find

RUNS = Path("runs")
"""Where a run is looked for that is given by its id."""


class LearnedDynamics(Dynamics):
    """What an ensemble says on average, as a batched world. It begins nowhere, and never ends: no end was learned.

    Args:
        net: what was learned.
        env: whose observations and actions it is of.
        num_envs: copies.
    """

    def __init__(self, net: DynamicsEnsemble, env: VectorEnv, num_envs: int = 1):
        super().__init__(num_envs, env.device)
        given = f"a model of {net.observed} observed numbers and {net.acted} of an action"
        space, actions = env.observation_space, env.action_space
        fits = (space.shape, actions.shape) == ((net.observed,), (net.acted,)) and isinstance(actions, spaces.Box)
        require(fits, given, f"one of observations {space} and actions {actions}")
        assert isinstance(actions, spaces.Box)
        self.observation_space, self.action_space = space, actions
        self.net, self.env = net, env
        with torch.inference_mode(False):
            self.low, self.high = (torch.from_numpy(bound).to(env.device) for bound in (space.low, space.high))

    def initial_state(self, num: int) -> Tensor:
        """UsageError: where episodes begin was not learned."""
        raise UsageError("a learned model, asked where episodes begin; expected a state to go on from")

    def resized(self, num_envs: int) -> "LearnedDynamics":
        """The same for another number of copies."""
        return LearnedDynamics(self.net, self.env, num_envs)

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The mean of what the members say."""
        mean_MBK = self.net(torch.cat((state, action), -1)).mean_MBK
        after, reward = self.after(state, self.net.as_target(mean_MBK).mean(0))
        return after, reward, self.never

    def after(self, state: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """The next states (..., V), within what can be observed, and the rewards (...), of targets (..., K)."""
        return torch.clamp(state + target[..., :-1], self.low, self.high), target[..., -1]


class LearnedModel(Model):
    """What follows from what, as an ensemble has learned it.

    Args:
        env: whose observations and actions it is of; nothing else of it is used.
        net: the ensemble. UsageError where it is of other observations or actions.
    """

    def __init__(self, env: VectorEnv, net: DynamicsEnsemble):
        self.learned = self.net = net.to(env.device)
        self.dynamics = LearnedDynamics(net, env)
        super().__init__(env, self.dynamics)

    def total(self, state: Tensor, actions: Tensor, generator: Generator) -> Tensor:
        """(B,) what plans (T, B, A) cost from states (B, V), on average over the members' own trajectories.

        All plans have the same luck, so that none is chosen for its own.
        """
        net = self.net
        at_MBV = state.expand(net.members, *state.shape)
        cost_MB = torch.zeros_like(at_MBV[..., 0])
        for action in actions:
            said = net(torch.cat((at_MBV, action.expand(net.members, *action.shape)), -1))
            size = (net.members, 1, said.mean_MBK.shape[-1])
            luck_M1K = torch.randn(size, generator=generator, device=state.device, dtype=state.dtype)
            drawn_MBK = said.mean_MBK + (0.5 * said.log_var_MBK).exp() * luck_M1K
            at_MBV, reward_MB = self.dynamics.after(at_MBV, net.as_target(drawn_MBK))
            cost_MB = cost_MB - reward_MB
        return cost_MB.mean(0)


def model_of(env: VectorEnv, run: str) -> Model:
    """The world's own equations, or what a run learned of them if one is named. UsageError where it learned none."""
    return LearnedModel(env, read_ensemble(run)) if run else Model(env)


def read_ensemble(run: str) -> DynamicsEnsemble:
    """The ensemble in the last checkpoint of a run, given by its folder or its id. UsageError where there is none."""
    folder = Path(run).expanduser()
    folder = folder if (folder / "checkpoints").is_dir() else find(run, RUNS)
    loaded = checkpoints.load_latest(folder / "checkpoints")
    given, expected = f"model={run}, a run of {loaded.info.get('learner')}", "one of dynamics-ensemble or pets"
    try:
        state = loaded.state["learner"]["policy"]["plans"]["learned"]
    except (KeyError, TypeError):  # nothing that plans
        state = None
    require(bool(state), given, expected)
    try:
        return DynamicsEnsemble.of(state)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"{given} ({error}); expected {expected}") from error
