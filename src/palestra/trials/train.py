"""Train and resume: what the command line and ``import palestra`` both call."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from palestra.engine import seeding
from palestra.engine.device import threads as use_threads
from palestra.engine.learner import Learner
from palestra.engine.trainer import Ending, Trainer, TrainResult
from palestra.errors import require
from palestra.measure import Measure
from palestra.recipes.recipe import Claim, Recipe
from palestra.recipes.registry import get_recipe
from palestra.runs import index
from palestra.runs.store import Run
from palestra.trials.plan import Config, build_learner, resolve, train_settings
from palestra.trials.saved import evaluate


@dataclass(frozen=True)
class Outcome:
    """What a training came to, as ``palestra train --json`` prints it."""

    run: str
    """Id of the run."""
    path: str
    """Its folder."""
    ending: Ending
    """finished, target (reached early) or interrupted."""
    steps: int
    """The clock: environment steps, sweeps, ..."""
    seconds: float
    """Of training, evaluations and checkpoints included, over all resumes."""
    metrics: dict[str, float]
    """The last metrics."""
    claim: dict[str, Any] | None
    """The recipe's claim, the value reached and whether it holds; None without one."""
    headline: str
    """The metric that says how good it is."""
    notes: list[str]
    """What a resume had to say; empty when it was exact."""
    signal: int | None
    """The signal that interrupted it."""


class Interrupted(KeyboardInterrupt):
    """A signal stopped a training, which is saved. Goes on as Ctrl-C does, so that no loop begins the next one."""

    def __init__(self, outcome: Outcome):
        super().__init__(f"saved; go on with palestra.resume({outcome.path!r})")
        self.outcome = outcome


def train(
    recipe: str | Recipe,
    *,
    seed: int = 0,
    out: str | Path = "runs",
    device: str = "auto",
    num_envs: int | None = None,
    backend: str | None = None,
    env_kwargs: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    threads: int | None = None,
    progress: bool = False,
    claim: bool = True,
    **train: Any,
) -> Outcome:
    """Train a recipe and record it as a run.

    Args:
        recipe: an id such as ``cartpole/ppo``, or a Recipe.
        seed: every random number derives from it.
        out: folder of the runs.
        device: auto, cpu, cuda, ...
        num_envs: copies of the environment, if not the recipe's.
        backend: auto, torch, sync, async or envpool, if not the recipe's.
        env_kwargs: arguments of the environment.
        settings: algorithm settings over the recipe's (``{"gamma": 0.98}``).
        threads: of PyTorch, if not the recipe's.
        progress: show progress on standard error.
        claim: hold the recipe's claim against the best checkpoint at the end.
        **train: fields of TrainSettings over the recipe's (``budget``, ``eval_every``, ``target``, ...).

    Raises:
        Interrupted: after SIGINT or SIGTERM, once everything is saved.
    """
    chosen = get_recipe(recipe) if isinstance(recipe, str) else recipe
    text = {k: v if isinstance(v, str) else _as_text(v) for k, v in (settings or {}).items()}
    config = resolve(
        chosen, seed=seed, device=device, num_envs=num_envs, backend=backend, env_kwargs=env_kwargs,
        settings=text, train=train,
    )  # fmt: skip
    config["threads"] = threads = chosen.threads if threads is None else threads
    if not claim:
        config["claim"] = None
    with use_threads(threads):
        learner = build_learner(config)
        if config["claim"]:
            learner.check_measurable(Measure(split="reference"))
        run = Run.create(Path(out), config["task"], config["method"], seed, config)
        index.record(Path(out), run)
        return _train(learner, run, config, progress, notes=[], resumed=False)


def resume(path: str | Path, *, out: str | Path = "runs", progress: bool = False) -> Outcome:
    """Continue a run where its newest good checkpoint stands."""
    run = Run.open(path, Path(out), write=True)
    config = run.config
    with use_threads(config.get("threads", 1)):
        try:
            whole = {"threads", "train", "claim"} <= config.keys()
            require(whole, f"config.json of {run.id} with only {sorted(config)}", "all that the training wrote")
            learner = build_learner(config)
        except BaseException:
            run.close()
            raise
        return _train(learner, run, config, progress, notes=[], resumed=True)


def _train(learner: Learner, run: Run, config: Config, progress: bool, notes: list[str], resumed: bool) -> Outcome:
    try:
        trainer = Trainer(learner, train_settings(config, progress=progress), run)
        if resumed:
            notes = trainer.resume()
            exact = not any(note.startswith("not exact") for note in notes)
            resumes = [*run.manifest["resumes"], {"step": learner.clock, "notes": notes}]
            run.update_manifest(status="running", resumes=resumes, exact=run.manifest["exact"] and exact)
        result = trainer.run()
        claim = None
        if result.ending != "interrupted":
            claim = _try_claim(run, config, result)
        _record(run, result, claim)
        outcome = Outcome(
            run.id, str(run.path), result.ending, result.steps, round(result.seconds, 3), result.metrics, claim,
            learner.headline, notes, result.signal,
        )  # fmt: skip
        if outcome.ending == "interrupted":
            raise Interrupted(outcome)
        return outcome
    finally:
        learner.close()
        run.close()
        index.record(run.path.parent, run)


def _try_claim(run: Run, config: Config, result: TrainResult) -> dict[str, Any] | None:
    """Hold the best checkpoint against the claim, in the reference environment, on episodes never seen."""
    claim = config["claim"]
    if claim is None:
        return None
    evaluation = evaluate(run.path, episodes=claim["count"], seed=seeding.derive(config["seed"], "claim"))
    value = evaluation.metrics[claim["metric"]]
    return {**claim, "value": value, "reached": Claim(**claim).reached_by(value)}


def _record(run: Run, result: TrainResult, claim: dict[str, Any] | None) -> None:
    headline = None
    if result.best_score is not None:
        headline = {"name": run.config["headline"], "value": result.best_score}
    run.update_manifest(
        status="interrupted" if result.ending == "interrupted" else "finished",
        ending=result.ending,
        steps=result.steps,
        seconds=round(result.seconds, 3),
        headline=headline,
        best_step=result.best_step,
        claim=claim,
    )


def _as_text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
