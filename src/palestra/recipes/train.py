"""Train, resume, load: what the command line and ``import palestra`` both call."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.learner import Evaluation
from palestra.engine.trainer import Ending, Trainer, TrainResult
from palestra.errors import UsageError
from palestra.recipes.build import Config, build_learner, resolve, train_settings
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import get_recipe
from palestra.runs import checkpoints, index
from palestra.runs.store import Run

Which = Literal["best", "last"]


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
    """Environment steps."""
    seconds: float
    """Of training, evaluations and checkpoints included, over all resumes."""
    metrics: dict[str, float]
    """The last metrics."""
    claim: dict[str, Any] | None
    """The recipe's claim, the value reached and whether it holds; None without one."""
    notes: list[str]
    """What a resume had to say; empty when it was exact."""
    signal: int | None
    """The signal that interrupted it."""


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
    threads: int = 1,
    progress: bool = False,
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
        threads: of PyTorch; small networks are fastest with one.
        progress: show progress on standard error.
        **train: fields of TrainSettings over the recipe's (``budget``, ``eval_every``, ``target``, ...).
    """
    chosen = get_recipe(recipe) if isinstance(recipe, str) else recipe
    text = {k: v if isinstance(v, str) else _as_text(v) for k, v in (settings or {}).items()}
    config = resolve(
        chosen, seed=seed, device=device, num_envs=num_envs, backend=backend, env_kwargs=env_kwargs,
        settings=text, train=train,
    )  # fmt: skip
    config["threads"] = threads
    with _threads(threads):
        learner = build_learner(config)
        run = Run.create(Path(out), config["task"], config["method"], seed, config)
        index.record(Path(out), run.id)
        return _train(learner, run, config, progress, notes=[], resumed=False)


def resume(path: str | Path, *, out: str | Path = "runs", progress: bool = False) -> Outcome:
    """Continue a run where its newest good checkpoint stands."""
    run = Run.open(path, Path(out), write=True)
    config = run.config
    with _threads(config["threads"]):
        try:
            learner = build_learner(config)
        except BaseException:
            run.close()
            raise
        return _train(learner, run, config, progress, notes=[], resumed=True)


def _train(learner: Any, run: Run, config: Config, progress: bool, notes: list[str], resumed: bool) -> Outcome:
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
        return Outcome(
            run.id, str(run.path), result.ending, result.steps, round(result.seconds, 3), result.metrics, claim,
            notes, result.signal,
        )  # fmt: skip
    finally:
        learner.close()
        run.close()
        index.record(run.path.parent, run.id)


def _try_claim(run: Run, config: Config, result: TrainResult) -> dict[str, Any] | None:
    """Hold the best checkpoint against the claim, in the reference environment, on episodes never seen."""
    claim = config["claim"]
    if claim is None:
        return None
    evaluation = evaluate(run.path, episodes=claim["episodes"], seed=seeding.derive(config["seed"], "claim"))
    return {**claim, "value": evaluation.score, "reached": evaluation.score >= claim["threshold"]}


def _record(run: Run, result: TrainResult, claim: dict[str, Any] | None) -> None:
    headline = None
    if result.best_score is not None:
        headline = {"name": "eval/return_mean", "value": result.best_score}
    run.update_manifest(
        status="interrupted" if result.ending == "interrupted" else "finished",
        ending=result.ending,
        steps=result.steps,
        seconds=round(result.seconds, 3),
        headline=headline,
        best_step=result.best_step,
        claim=claim,
    )


def evaluate(
    path: str | Path,
    *,
    episodes: int = 100,
    seed: int = 0,
    out: str | Path = "runs",
    which: Which = "best",
    reference: bool = True,
) -> Evaluation:
    """Evaluate a saved agent greedily, in Gymnasium's own environment unless ``reference`` is False."""
    agent = load(path, out=out, which=which)
    try:
        return agent.evaluate(episodes=episodes, seed=seeding.derive(seed, "evaluate"), reference=reference)
    finally:
        agent.close()


def load(path: str | Path, *, out: str | Path = "runs", which: Which = "best") -> Agent:
    """Give a saved learner back: from a run (folder or id), or from what ``agent.save`` wrote.

    Args:
        path: the folder, or the id of a run under ``out``.
        out: folder of the runs.
        which: the checkpoint of the best evaluation, or the last one.
    """
    folder = Path(path)
    if not (folder / "config.json").is_file():
        folder = Run.open(path, Path(out)).path
    config = json.loads((folder / "config.json").read_text())
    saved = folder / "checkpoints"
    loaded = checkpoints.load_latest(saved)
    best = loaded.info.get("best_step")
    if which == "best" and best is not None and best != loaded.step:
        loaded = checkpoints.load(checkpoints.find(saved, best))
    agent: Agent = build_learner(config)
    agent.load_state_dict(loaded.state["learner"])
    return agent


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Run with so many PyTorch threads; results repeat bit for bit only with the same number."""
    if number < 1:
        raise UsageError(f"threads={number}; expected at least 1")
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _as_text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
