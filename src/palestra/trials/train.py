"""Train and resume: what the command line and ``import palestra`` both call."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from palestra.datasets.dataset import Dataset
from palestra.engine.callbacks import Callbacks
from palestra.engine.device import threads
from palestra.engine.learner import Learner
from palestra.engine.ranks import ALONE, Ranks
from palestra.engine.signals import StopRequest
from palestra.engine.state import scalars
from palestra.engine.trainer import Trainer
from palestra.engine.training import Ending, Rounds, TrainResult, at_once
from palestra.envs.backends.gymnasium import GymVectorEnv
from palestra.envs.inspection import seed_note
from palestra.envs.registry import SIMULATORS
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.measure import Measure
from palestra.nets.own import Networks
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import get_recipe
from palestra.runs import checkpoints, index
from palestra.runs.store import Run
from palestra.trials.chapters import Chapter, apply, chapter, data_notes, new_run, open_chapter
from palestra.trials.ending import keep_result, try_claim
from palestra.trials.folds import folds_of
from palestra.trials.illustrations import illustrated
from palestra.trials.lineage import ancestry, begin, plan_from
from palestra.trials.plan import Plan, resolve
from palestra.trials.ranks import check_ranks

OVER_BUDGET = 0.01
"""Share of the budget that a training may pass in its last step before it says so."""


@dataclass(frozen=True)
class Outcome:
    """What a training came to, as ``palestra train --json`` prints it."""

    run: str
    """Id of the run."""
    path: str
    """Its folder."""
    ending: Ending
    """finished, target (reached early), stopped (by a hook) or interrupted."""
    steps: int
    """The clock: environment steps, samples, sweeps, ..."""
    seconds: float
    """Of training, evaluations and checkpoints included, over all resumes."""
    metrics: dict[str, float]
    """The last metrics."""
    claim: dict[str, Any] | None
    """The recipe's claim, the value reached and whether it holds; None without one."""
    headline: str
    """The metric that says how good it is."""
    clock_unit: str
    """What the clock counts."""
    learned_from: str
    """``world`` or ``dataset``."""
    notes: list[str]
    """What a resume had to say; empty when it was exact."""
    signal: int | None
    """The signal that interrupted it."""
    plots: list[Path] = field(default_factory=list)
    """Pictures that were asked for."""
    video: Path | None = None
    """The film that was asked for."""
    undrawn: list[str] = field(default_factory=list)
    """Why a picture or a film that was asked for is not there; the training is done and saved all the same."""
    overrun: str | None = None
    """By how much the budget was passed, where that is worth saying."""

    def _repr_html_(self) -> str:
        """What a notebook shows: what came of it, with its curve."""
        from palestra.trials.watching import run_picture

        return run_picture(Run.open(self.path, Path(self.path).parent))


class Interrupted(KeyboardInterrupt):
    """A signal stopped a training, which is saved. Goes on as Ctrl-C does, so that no loop begins the next one."""

    def __init__(self, outcome: Outcome):
        super().__init__(f"saved; go on with palestra.resume({outcome.path!r})")
        self.outcome = outcome


def train(
    recipe: str | Recipe | None = None,
    overrides: Mapping[str, Any] | None = None,
    *,
    out: str | Path = "runs",
    progress: bool = False,
    claim: bool = True,
    plots: bool = False,
    video: bool = False,
    start_from: str | Path | None = None,
    callbacks: Callbacks = (),
    networks: Networks | None = None,
    ranks: Ranks = ALONE,
    **more: Any,
) -> Outcome:
    """Train a recipe and record it as a run: ``train("cartpole/ppo", seed=1, num_envs=16, gamma=0.98)``.

    Args:
        recipe: an id such as ``cartpole/ppo``, or a Recipe; with ``start_from`` None for what that run was asked for.
        overrides: settings over the recipe's, by their place (``{"world.kwargs.gravity": 9.8}``) or by their name
            alone (``{"gamma": 0.98}``); see ``Plan``.
        out: folder of the runs.
        progress: show progress on standard error.
        claim: hold the recipe's claim against the best checkpoint at the end.
        plots: draw the learning curves, and what else can be drawn of what was learned, at the end.
        video: film the trained agent at the end.
        start_from: a run (folder or id) or what ``save`` wrote, with whose parameters to begin; a world of another id
            is ``{"world.id": ...}``. What it learned has to fit: the same algorithm, spaces and sizes.
        callbacks: what watches it, one or several (``palestra.Callback``).
        networks: networks of your own in the place of ours (``palestra.Networks``).
        ranks: the processes that train it, of which this is the first (``trials.ranks``).
        **more: overrides too.

    Raises:
        Interrupted: after SIGINT or SIGTERM, once everything is saved.
    """
    plan = planned(recipe, {**(overrides or {}), **more}, out=out, start_from=start_from)
    if not claim:
        plan = replace(plan, claim=None)
    if video:
        from palestra.trials.film import check_filmable

        check_filmable(plan.world)
    rounds = following(plan, out=out, progress=progress, callbacks=callbacks, networks=networks, ranks=ranks)
    return _illustrated(at_once(rounds), plots=plots, video=video)


def planned(
    recipe: str | Recipe | None,
    overrides: Mapping[str, Any],
    *,
    out: str | Path = "runs",
    start_from: str | Path | None = None,
) -> Plan:
    """What ``train`` with these arguments is to do."""
    chosen = get_recipe(recipe) if isinstance(recipe, str) else recipe
    if start_from is not None:
        return plan_from(start_from, chosen, overrides, out=out)
    if chosen is None:
        raise UsageError("nothing to train; expected a recipe, or start_from")
    return resolve(chosen, overrides)


def following(
    plan: Plan,
    *,
    out: str | Path = "runs",
    progress: bool = False,
    callbacks: Callbacks = (),
    networks: Networks | None = None,
    ranks: Ranks = ALONE,
    stop: StopRequest | None = None,
    rounding: str = "",
) -> Rounds[Outcome]:
    """Train as a plan says, in a new run, with halts, so that several trainings can go on together.

    Raises Interrupted as ``train`` does. ``stop`` asks for a stop, if no signal is to. ``rounding`` is what rounds
    otherwise than in a training alone: the run remembers it, since going on otherwise is not exact.
    """
    plan.training.check_target()
    check_ranks(plan, ranks)
    with threads(plan.training.threads):
        learner = plan.make_learner(networks, ranks)
        if plan.claim and not folds_of(plan.claim.split):
            learner.check_measurable(Measure(split=plan.claim.split))
        _note_seed(learner)
        task, _, method = plan.recipe.partition("/")
        if plan.origin:
            begin(learner, plan.origin)
        run = Run.create(Path(out), task, method, plan.training.seed, plan.to_json())
        index.enter(Path(out), run)
        if rounding:
            run.update_manifest(rounding=rounding)
        if isinstance(plan.source, Dataset) and (data := plan.source.origin()):
            run.update_manifest(data=data)
        trainer = Trainer(learner, plan.training, run, callbacks, progress=progress, stop=stop)
        if plan.origin:
            run.update_manifest(lineage=ancestry(plan.origin))
            trainer.save()  # what it began with is its own from now on, whatever becomes of the other run
        return (yield from _running(trainer, learner, run, plan, networks))


def resume(
    path: str | Path,
    overrides: Mapping[str, Any] | None = None,
    *,
    total_timesteps: int | None = None,
    allow_inexact: bool = False,
    out: str | Path = "runs",
    progress: bool = False,
    plots: bool = False,
    video: bool = False,
    callbacks: Callbacks = (),
    networks: Networks | None = None,
    ranks: Ranks = ALONE,
    **more: Any,
) -> Outcome:
    """Continue a run where its newest good checkpoint stands, to its end, or further: ``total_timesteps=200_000``.

    Taken further, it is bit for bit what it had been with that budget at once, unless a schedule follows the budget:
    then a note says which.

    Args:
        path: the run's folder, or its id under ``out``.
        overrides: settings from here on, as of ``train``. When to stop and what to record are free (``target``,
            ``eval_every``, ...); for all others see ``allow_inexact``.
        total_timesteps: where to stop, counted from the run's beginning; where it was to stop if None.
        allow_inexact: whether settings may change that what is learned depends on, and the device. The manifest keeps
            what changed, and ``palestra runs show`` shows it.
        out: folder of the runs.
        progress: show progress on standard error.
        plots: draw the learning curves at the end.
        video: film the trained agent at the end.
        callbacks: what watches it; those that it began with, for an exact resume.
        networks: those of your own that it began with, which no file holds.
        ranks: the processes that train it, of which this is the first (``trials.ranks``).
        **more: overrides too.

    Raises:
        Interrupted: after SIGINT or SIGTERM, once everything is saved.
    """
    rounds = resuming(
        path, {**(overrides or {}), **more}, total_timesteps=total_timesteps, allow_inexact=allow_inexact, out=out,
        progress=progress, callbacks=callbacks, networks=networks, ranks=ranks,
    )  # fmt: skip
    return _illustrated(at_once(rounds), plots=plots, video=video)


def resuming(
    path: str | Path,
    overrides: Mapping[str, Any] | None = None,
    *,
    total_timesteps: int | None = None,
    allow_inexact: bool = False,
    out: str | Path = "runs",
    progress: bool = False,
    callbacks: Callbacks = (),
    networks: Networks | None = None,
    ranks: Ranks = ALONE,
    stop: StopRequest | None = None,
    rounding: str = "",
) -> Rounds[Outcome]:
    """``resume`` with halts, as ``following``."""
    run = Run.open(path, Path(out), write=True)
    try:
        opened = chapter(run, total_timesteps, overrides or {}, allow_inexact=allow_inexact)
        check_ranks(opened.plan, ranks)
        ranks.same(None)  # now all have read what follows changes
        plan = opened.plan
        with threads(plan.training.threads):
            learner = plan.make_learner(networks, ranks)
            trainer = Trainer(learner, plan.training, run, callbacks, progress=progress, stop=stop)
            return (yield from _running(trainer, learner, run, plan, networks, opened, rounding))
    finally:
        run.close()


def _running(
    trainer: Trainer,
    learner: Learner,
    run: Run,
    plan: Plan,
    networks: Networks | None,
    opened: Chapter | None = None,
    rounding: str = "",
) -> Rounds[Outcome]:
    try:
        notes = [] if opened is None else _go_on(trainer, learner, run, opened, rounding)
        result = yield from trainer.rounds()
        claim = try_claim(run, plan, result, networks)
        keep_result(run, plan, result, claim)
        outcome = Outcome(
            run.id, str(run.path), result.ending, result.steps, round(result.seconds, 3), result.metrics, claim,
            learner.headline, learner.clock_unit, learner.source.key, notes, result.signal,
            overrun=_overrun(result, plan, learner),
        )  # fmt: skip
        if outcome.ending == "interrupted":
            raise Interrupted(outcome)
        return outcome
    finally:
        learner.close()
        run.close()
        index.enter(run.path.parent, run)


def _overrun(result: TrainResult, plan: Plan, learner: Learner) -> str | None:
    budget = plan.training.budget
    if result.steps <= budget * (1 + OVER_BUDGET):
        return None
    return f"{result.steps:,} {learner.clock_unit} for the {budget:,} asked for: it learns in whole steps of its own"


def _note_seed(learner: Learner) -> None:
    """Warn of a world of the user's that ignores its seed, before anything is learned in it."""
    world, by_gymnasium = learner.source, isinstance(getattr(learner, "env", None), GymVectorEnv)
    if isinstance(world, World) and by_gymnasium and world.id not in SIMULATORS:
        note = seed_note(world.id, world.kwargs)
        if note is not None:
            warnings.warn(note, stacklevel=2)


def _go_on(trainer: Trainer, learner: Learner, run: Run, opened: Chapter, rounding: str) -> list[str]:
    """Bring a trainer to where its run stands; what there is to say of it."""
    made = scalars(learner)
    if opened.plan.origin and not checkpoints.steps(run.checkpoints):
        begin(learner, opened.plan.origin)
    try:
        notes = [*trainer.resume(), *opened.notes, *data_notes(run, learner.source), *_rounded(run, rounding)]
    except UsageError as error:
        if not opened.changes:
            raise
        changed = ", ".join(opened.changes)
        raise UsageError(
            f"{error}. Changed was {changed}, which what is saved does not fit; {new_run(run)} begins a new run"
        ) from error
    apply(opened, learner, made)
    exact = run.manifest["exact"] and not any(note.startswith("not exact") for note in notes)
    entry = {"step": learner.clock, "notes": notes} | ({"changes": opened.changes} if opened.changes else {})
    open_chapter(run, opened)
    how = {"rounding": rounding} if rounding != run.manifest.get("rounding", "") else {}
    run.update_manifest(status="running", resumes=[*run.manifest["resumes"], entry], exact=exact, **how)
    return notes


def _rounded(run: Run, rounding: str) -> list[str]:
    """A note on arithmetic that rounds otherwise than until here."""
    then = run.manifest.get("rounding", "")
    if then == rounding or not checkpoints.steps(run.checkpoints):
        return []
    until, from_here = (f"with {how}" if how else "alone" for how in (then, rounding))
    return [f"not exact: trained {until} until here, and {from_here} from here on, which rounds otherwise"]


def _illustrated(outcome: Outcome, *, plots: bool, video: bool) -> Outcome:
    """The outcome with the pictures and the film that were asked for."""
    drawn = illustrated(Path(outcome.path), outcome.headline, plots=plots, video=video)
    return replace(outcome, **drawn._asdict())
