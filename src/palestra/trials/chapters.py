"""What changes where a run goes on: a later end, other settings, another device, an edited configuration."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from palestra.datasets.dataset import Dataset
from palestra.engine.device import resolve_device
from palestra.engine.learner import Learner, Source
from palestra.engine.state import scalars
from palestra.errors import UsageError, require
from palestra.runs.checkpoints import steps
from palestra.runs.store import Run
from palestra.trials.plan import Plan

MEASURED = "measured"
"""Key of a manifest: the best checkpoint in the reference environment, where the claim did not measure it."""
TOUCHING = ("training.device", "training.threads", "training.devices")
"""Settings of the training that what is learned depends on, beside the learner's and the source's. The others say when
it ends and what is recorded."""


@dataclass(frozen=True)
class Chapter:
    """How a run goes on."""

    plan: Plan
    """From here on."""
    before: Plan
    """Until here."""
    changes: dict[str, list[Any]]
    """Settings that are others from here on: the old value and the new one, by place."""
    notes: list[str]
    """What there is to say of it."""


def chapter(
    run: Run, total_timesteps: int | None, overrides: Mapping[str, Any], *, allow_inexact: bool = False
) -> Chapter:
    """What a run is to go on with.

    Args:
        run: which.
        total_timesteps: where to stop, counted from the run's beginning; its own budget if None.
        overrides: settings from here on, by name, as ``Plan.override`` takes them.
        allow_inexact: whether they may be such as what is learned depends on.

    Raises:
        UsageError: for a budget that is used up, and for changes that are not allowed.
    """
    before = Plan.of(run)
    budget = {} if total_timesteps is None else {"training.budget": total_timesteps}
    plan = before.override({**overrides, **budget})
    if plan.training.budget != before.training.budget and "log_every" not in {*map(_last, overrides)}:
        plan = plan.override({"training.log_every": before.training.log_every or max(1, before.training.budget // 500)})
    old, new = _settings(before), _settings(plan)
    changes = {name: [old.get(name), new.get(name)] for name in sorted({*old, *new}) if old.get(name) != new.get(name)}
    if "training.seed" in changes:
        raise UsageError(
            f"run {run.id} with seed={plan.training.seed}; expected its own: all that is random in it has begun. "
            f"{new_run(run)} --seed {plan.training.seed} begins another from what it learned"
        )
    notes = _inexact(run, changes, allow_inexact)
    if "training.budget" in changes:
        notes += _further(run, before, plan)
    if run.edited:
        notes.append(f"not exact: {run.path / 'config.json'} was edited since it was written")
    return Chapter(plan, before, changes, notes)


def data_notes(run: Run, source: Source) -> list[str]:
    """A note on data that are not what the run began with."""
    noted = run.manifest.get("data", {}).get("files", {})
    now = source.origin().get("files", {}) if noted and isinstance(source, Dataset) else {}
    changed = [name for name, file in noted.items() if now.get(name, file)["sha256"] != file["sha256"]]
    return [f"not exact: {', '.join(changed)} changed since the run began"] if changed else []


def open_chapter(run: Run, chapter: Chapter) -> None:
    """Write into a run that it goes on so. What it was measured to be worth was of the chapter before."""
    if chapter.changes or run.edited:
        run.update_config(chapter.plan.to_json(), **({MEASURED: None} if chapter.changes else {}))


def new_run(run: Run) -> str:
    """The command that begins another run from what this one learned."""
    return f"palestra train --from {shlex.quote(str(run.path))}"


def apply(chapter: Chapter, learner: Learner, restored: Mapping[str, Any]) -> None:
    """Give a restored learner what its changed settings set: a learning rate, say, is saved with the optimizer too.

    Args:
        chapter: how it goes on.
        learner: which.
        restored: ``scalars`` of the learner as the chapter's plan makes it, taken before it was restored.
    """
    if not any(name.startswith("learner.") for name in chapter.changes):
        return
    fresh = chapter.before.make_learner()
    try:
        was = scalars(fresh)
        for path, (part, name, value) in restored.items():
            if path in was and was[path][2] != value:
                setattr(part, name, value)
    finally:
        fresh.close()


def _settings(plan: Plan) -> dict[str, Any]:
    """Every setting by its place, entries of a world's arguments each by its own."""
    out: dict[str, Any] = {}
    for part, values in plan.to_json().items():
        settings = values.get("settings", values) if isinstance(values, dict) else {}
        for name, value in settings.items() if part != "claim" else ():
            inside = value.items() if isinstance(value, dict) else [(None, value)]
            out |= {f"{part}.{name}" if key is None else f"{part}.{name}.{key}": item for key, item in inside}
    return out


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _inexact(run: Run, changes: Mapping[str, list[Any]], allowed: bool) -> list[str]:
    """A note on each change that what is learned depends on. UsageError where that was not allowed."""
    touching = [name for name in changes if name in TOUCHING or not name.startswith("training.")]
    notes = []
    for name in touching:
        old, new = changes[name]
        if name == "training.device":
            there, same = _devices(old, new)
            if same:
                continue
            if not there:  # there is no other way on
                notes.append(f"not exact: begun on {old}, which this machine does not have, and goes on on {new}")
                continue
        if not allowed:
            raise UsageError(
                f"run {run.id} resumed with {name}={new}, and it began with {old}; a run keeps the configuration it "
                "began with: add --allow-inexact (allow_inexact=True) to go on with another all the same, or begin a "
                f"new run from what it learned: {new_run(run)}"
            )
        notes.append(f"not exact: {name} was {old} and is {new} from here on")
    return notes


def _devices(old: str, new: str) -> tuple[bool, bool]:
    """Whether the old device is there, and whether the new one is the same."""
    wanted = resolve_device(new)
    try:
        return True, resolve_device(old) == wanted
    except UsageError:
        return False, False


def _further(run: Run, before: Plan, plan: Plan) -> list[str]:
    """What another budget changes beside the end. UsageError where it is used up already."""
    done, budget, target = max(steps(run.checkpoints), default=0), plan.training.budget, plan.training.target
    require(budget > done, f"run {run.id} to {budget:,}, and it is at {done:,} already", "more than that in all")
    met = run.manifest.get("ending") == "target" and target == before.training.target
    given = f"run {run.id} to {budget:,}, which ended at {done:,} since it had reached its target {target}"
    require(not met, given, "another target too, or none at all: --set target=none")
    notes = []
    schedules = plan.learner.settings.schedules()
    if schedules:
        notes.append(
            f"not exact: {', '.join(schedules)} follows the budget: from here on that of {budget:,}, until here it was "
            f"that of {before.training.budget:,}"
        )
    if before.claim is not None:
        notes.append(f"the claim was of {before.training.budget:,}: nothing is claimed of {budget:,}")
    usual = max(1, budget // 500)
    if before.training.log_every == 0 and plan.training.log_every not in (usual, 0):
        notes.append(f"a row of metrics every {plan.training.log_every:,}, as until here (at once: every {usual:,})")
    return notes
