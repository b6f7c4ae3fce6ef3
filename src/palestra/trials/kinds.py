"""Which trainings a folder of runs holds: those of one kind differ in their seed alone."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from palestra.runs.store import Run
from palestra.trials.plan import Plan


def kinds(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The runs by their kind, each under its name: what it is called, and in what it differs from its namesakes."""
    found: list[tuple[Plan, list[Run]]] = []
    for run in sorted(runs, key=lambda run: str(run.manifest["created"])):
        plan = Plan.of(run)
        same = next((members for other, members in found if not differences(plan, other)), None)
        if same is None:
            found.append((plan, [run]))
        else:
            same.append(run)
    plans = [plan for plan, _ in found]
    return {_name(plan, plans): members for plan, members in found}


def differences(one: Plan, other: Plan) -> list[str]:
    """The parts in which two plans are not of one kind, the weightiest first."""
    parts = (
        ("learner", one.learner.name, other.learner.name),
        ("settings", one.learner.settings, other.learner.settings),
        (one.source.key, one.source, other.source),
        ("threads", one.training.threads, other.training.threads),
        ("devices", one.training.devices, other.training.devices),
        ("budget", one.training.budget, other.training.budget),
        ("origin", one.origin, other.origin),
    )
    return [name for name, ours, theirs in parts if ours != theirs]


def _name(plan: Plan, plans: Sequence[Plan]) -> str:
    namesakes = [other for other in plans if other.recipe == plan.recipe]
    own, others = _facts(plan), [_facts(other) for other in namesakes if other is not plan]
    telling = [f"{key}={own[key]}" for key in own if any(key in other and other[key] != own[key] for other in others)]
    return " ".join([plan.recipe or plan.learner.name, *telling])


def _facts(plan: Plan) -> dict[str, Any]:
    facts = {"learner": plan.learner.name, **asdict(plan.learner.settings), **plan.source.to_json()}
    facts |= {name: getattr(plan.training, name) for name in ("threads", "devices", "budget")}
    return {**facts, "from": plan.origin.path if plan.origin else None}
