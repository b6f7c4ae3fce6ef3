"""The end of a training: its claim is tried, and its manifest says what became of it."""

from dataclasses import asdict
from typing import Any

from palestra.engine import seeding
from palestra.engine.training import TrainResult
from palestra.measure import CUT, cut_in
from palestra.nets.own import Networks
from palestra.runs.series import read_series
from palestra.runs.store import Run
from palestra.trials.measuring import judge
from palestra.trials.plan import Plan


def try_claim(run: Run, plan: Plan, result: TrainResult, networks: Networks | None = None) -> dict[str, Any] | None:
    """Hold what was learned against the claim, on episodes or rows never seen; None where there is none to try."""
    if plan.claim is None or result.ending == "interrupted":
        return None
    claim = plan.claim
    seed = seeding.derive(plan.training.seed, "claim")
    judged = judge(run.path, count=claim.count, split=claim.split, seed=seed, which=claim.which, networks=networks)
    metrics = judged.evaluation.metrics
    value = metrics[claim.metric]
    return {**asdict(claim), "value": value, "reached": claim.reached_by(value), **cut_in(metrics)}


def keep_result(run: Run, plan: Plan, result: TrainResult, claim: dict[str, Any] | None) -> None:
    """Write into the manifest what became of a training, and of its claim if that was tried."""
    headline = None
    if result.best_score is not None:
        steps, cut = read_series(run.metrics_path, CUT)
        cut = cut[steps == result.best_step]
        marked = cut_in({CUT: cut[0]}) if len(cut) else {}
        headline = {"name": plan.headline, "value": result.best_score, **marked}
    run.update_manifest(
        status="interrupted" if result.ending == "interrupted" else "finished",
        ending=result.ending,
        steps=result.steps,
        seconds=round(result.seconds, 3),
        headline=headline,
        best_step=result.best_step,
        claim=claim,
    )
