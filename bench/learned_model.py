"""What does it cost in return to plan in a learned world instead of the true one? The pendulum, from the same starts.

The cross-entropy method with the same settings, in the world's own equations, and in ensembles that were learned of
random actions, of the replay of a training of SAC, or by PETS while it plans. Seeds are of the learning and of all that
is drawn; every evaluation begins at the same starts.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

import torch

from palestra.engine.learner import Learner
from palestra.learners.models.dynamics_ensemble import DynamicsEnsemble, DynamicsEnsembleConfig
from palestra.learners.models.ensemble import EnsembleConfig, judged
from palestra.learners.models.pets import PETS, PETSConfig
from palestra.learners.registry import learner_type
from palestra.ops.statistics import mean_interval
from palestra.recipes.registry import get_recipe
from palestra.trials.plan import resolve
from report import publish

ENV = "Pendulum-v1"


def measured(learner: Learner, episodes: int) -> float:
    """Mean return in the environment itself."""
    return learner.evaluate(episodes=episodes, seed=1).score


def in_the_true_world(seed: int, episodes: int) -> dict[str, float]:
    """The planner in the world's own equations."""
    planner = learner_type("cem")(ENV, EnsembleConfig().planning(), seed=seed)
    return {"return": measured(planner, episodes), "steps": 0.0, "seconds": 0.0}


def of_random_actions(seed: int, episodes: int, epochs: int, experience: str = "random") -> dict[str, float]:
    """The planner in what was learned of steps that somebody else took."""
    begun = time.perf_counter()
    learner = DynamicsEnsemble(ENV, DynamicsEnsembleConfig(experience=experience), seed=seed)
    rows = len(learner.fitted.inputs_NF)
    learner.learn(epochs * rows)
    took = time.perf_counter() - begun
    nll, error = judged(learner.net, learner.held.inputs_NF, learner.held.targets_NK)
    held = {"held-out nll": nll, "held-out error": error}
    steps = rows + len(learner.held.inputs_NF)
    return {"return": measured(learner, episodes), "steps": float(steps), "seconds": took, **held}


def of_a_replay(seed: int, episodes: int, epochs: int) -> dict[str, float]:
    """The same of what SAC remembers of its own training."""
    with tempfile.TemporaryDirectory() as folder:
        sac = resolve(get_recipe("pendulum/sac"), {"seed": seed}).make_learner()
        sac.learn(get_recipe("pendulum/sac").budget)
        return of_random_actions(seed, episodes, epochs, str(sac.save(Path(folder) / "sac")))


def of_its_own(seed: int, episodes: int, steps: int) -> dict[str, float]:
    """PETS, which learns of what it plans."""
    begun = time.perf_counter()
    learner = PETS(ENV, PETSConfig(), seed=seed).learn(steps)
    took = time.perf_counter() - begun
    return {"return": measured(learner, episodes), "steps": float(learner.clock), "seconds": took}


def main() -> None:
    """Each of them, over seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--steps", type=int, default=3_000, help="of PETS")
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    ways = {
        "the true world": lambda s: in_the_true_world(s, args.episodes),
        "learned of random actions": lambda s: of_random_actions(s, args.episodes, args.epochs),
        "learned of SAC's replay": lambda s: of_a_replay(s, args.episodes, max(1, args.epochs // 3)),
        "learned by PETS": lambda s: of_its_own(s, args.episodes, args.steps),
    }
    rows, true = list[dict[str, Any]](), list[float]()
    for what, way in ways.items():
        found = [way(seed) for seed in range(args.seeds)]
        returns = [each["return"] for each in found]
        true = true or returns
        costs = [ours - theirs for ours, theirs in zip(true, returns)]
        _, low, high = mean_interval(torch.tensor(costs, dtype=torch.float64))
        rows.append({
            "planned in": what, "return": mean(returns), "it costs": mean(costs),
            "95% interval": f"{low:.1f} to {high:.1f}",
            "environment steps": int(mean(each["steps"] for each in found)),
            "held-out error": mean(each["held-out error"] for each in found) if "held-out error" in found[0] else "-",
            "held-out nll": mean(each["held-out nll"] for each in found) if "held-out nll" in found[0] else "-",
            "seconds of learning": mean(each["seconds"] for each in found),
        })  # fmt: skip
        print(rows[-1], returns, flush=True)
    publish(
        "learned_model",
        "The pendulum: what it costs to plan in a learned world",
        {"ours": rows[-1]["return"], "peer": rows[0]["return"], "ratio": rows[-1]["return"] / rows[0]["return"],
         "unit": "return", "seeds": list(range(args.seeds))},
        rows,
        [
            f"The cross-entropy method, {EnsembleConfig().horizon} steps ahead, on {args.episodes} starts that are the"
            f" same for all; {args.seeds} seeds. It costs what the true world's planner of the same seed got more.",
            "The error is a root mean square in standard deviations of what is foretold, the nll in nats a step; both"
            " of episodes that were held out. SAC's training is not in the seconds.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
