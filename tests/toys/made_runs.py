"""Runs that nobody trained: whole folders with numbers, made in a moment."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from palestra.runs.store import Run

CURVE = [float(value) for value in (20, 80, 200, 350, 480)]


def make_run(
    root: Path,
    seed: int = 0,
    task: str = "cartpole",
    method: str = "ppo",
    curves: Mapping[str, Sequence[float]] | None = None,
    config: Mapping[str, Any] | None = None,
    **manifest: Any,
) -> str:
    """A finished run, a point every 100 steps; returns its id."""
    asked = {
        "recipe": f"{task}/{method}",
        "learner": {"name": method, "settings": {"gamma": 0.99}},
        "training": {"seed": seed, "device": "cpu", "budget": 1000},
        **(config or {}),
    }
    curves = {"eval/return_mean": CURVE, "train/loss": [1.0, 0.5]} if curves is None else curves
    with Run.create(root, task, method, seed, asked) as run:
        for name, values in curves.items():
            for i, value in enumerate(values):
                run.metrics.add(100 * (i + 1), {name: value})
        for i in range(5):
            run.metrics.add_timing(100 * (i + 1), {"time/seconds": 0.5 * (i + 1)})
        headline = {"name": "eval/return_mean", "value": max(curves.get("eval/return_mean", [0.0]))}
        run.update_manifest(
            **{
                "status": "finished",
                "steps": 500,
                "seconds": 2.5,
                "headline": headline,
                "ending": "finished",
                **manifest,
            }
        )
    return run.id
