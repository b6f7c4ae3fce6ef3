"""What the ranks beside the first do of a training: all that it does, but that they write nothing and say nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from palestra.engine.device import threads
from palestra.engine.ranks import Ranks
from palestra.engine.state import scalars
from palestra.engine.trainer import Trainer
from palestra.engine.training import TrainResult
from palestra.recipes.recipe import Recipe
from palestra.runs import checkpoints
from palestra.runs.store import Run
from palestra.trials.chapters import apply, chapter
from palestra.trials.lineage import begin
from palestra.trials.ranks import check_ranks
from palestra.trials.train import planned


def train_beside(
    ranks: Ranks,
    recipe: str | Recipe | None,
    overrides: Mapping[str, Any],
    *,
    out: str | Path = "runs",
    start_from: str | Path | None = None,
) -> TrainResult:
    """Take part in what rank 0 trains by ``train`` with the same arguments."""
    plan = planned(recipe, overrides, out=out, start_from=start_from)
    check_ranks(plan, ranks)
    with threads(plan.training.threads):
        learner = plan.make_learner(ranks=ranks)
        try:
            if plan.origin:
                begin(learner, plan.origin)
            trainer = Trainer(learner, plan.training)
            if plan.origin:
                trainer.save()
            return trainer.run()
        finally:
            learner.close()


def resume_beside(
    ranks: Ranks,
    path: str | Path,
    overrides: Mapping[str, Any],
    *,
    total_timesteps: int | None = None,
    allow_inexact: bool = False,
    out: str | Path = "runs",
) -> TrainResult:
    """Take part in what rank 0 goes on with by ``resume`` with the same arguments."""
    run = Run.open(path, Path(out))
    opened = chapter(run, total_timesteps, overrides, allow_inexact=allow_inexact)
    plan = opened.plan
    check_ranks(plan, ranks)
    ranks.same(None)  # now rank 0 may write what this has read
    with threads(plan.training.threads):
        learner = plan.make_learner(ranks=ranks)
        try:
            trainer = Trainer(learner, plan.training)
            made = scalars(learner)
            if plan.origin and not checkpoints.steps(run.checkpoints):
                begin(learner, plan.origin)
            trainer.resume()
            apply(opened, learner, made)
            return trainer.run()
        finally:
            learner.close()
