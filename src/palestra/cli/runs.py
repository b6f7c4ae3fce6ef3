"""``palestra runs``: the trainings on disk."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from tyro.conf import Positional

from palestra.cli.arguments import Switch, check_is_saved, parse
from palestra.cli.output import NARROW, make_console, make_table, print_json
from palestra.errors import UsageError
from palestra.pictures.numbers import duration, number
from palestra.runs import index
from palestra.runs.files import UnreadableError
from palestra.runs.index import RunRow
from palestra.runs.query import Query
from palestra.runs.query import parse as parse_filter
from palestra.runs.store import CONFIG, Run, find

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Ls:
    """List the runs, newest first; all of them, or those that every word of a filter means."""

    filter: Annotated[Positional[tuple[str, ...]], tyro.conf.arg(metavar="FILTER")] = ()
    """What is meant: a part of a name, or FIELD=VALUE, !=, <, <=, >, >= in quotation marks, e.g. task=cliff "score>-20"
    "age<2h" (id, recipe, task, method, seed, status, score, metric, claim, steps, seconds, speed, age, exact)."""
    out: Path = Path("runs")
    """Folder of the runs."""
    json: Switch = False
    """Print one JSON object."""


@dataclass(frozen=True)
class Show:
    """What a run was asked to do, what became of it, and what it left on disk."""

    run: Annotated[Positional[str], tyro.conf.arg(metavar="RUN")]
    """A run's folder or id."""
    out: Path = Path("runs")
    """Folder of the runs."""
    json: Switch = False
    """Print one JSON object."""


@dataclass(frozen=True)
class Rm:
    """Delete runs, with their checkpoints, plots and videos."""

    runs: Annotated[Positional[tuple[str, ...]], tyro.conf.arg(metavar="RUN")]
    """Folders or ids."""
    out: Path = Path("runs")
    """Folder of the runs."""
    json: Switch = False
    """Print one JSON object."""


@dataclass(frozen=True)
class Export:
    """Write a run's numbers into a tracker: Weights & Biases, MLflow or trackio."""

    run: Annotated[Positional[str], tyro.conf.arg(metavar="RUN")]
    """A run's folder or id."""
    to: Literal["wandb", "mlflow", "trackio"]
    """The tracker, which goes by its own settings (WANDB_MODE, MLFLOW_TRACKING_URI, ...)."""
    project: str = "palestra"
    """Its project, or MLflow's experiment."""
    follow: Switch = False
    """Go on while the run does."""
    out: Path = Path("runs")
    """Folder of the runs."""
    json: Switch = False
    """Print one JSON object."""


@dataclass(frozen=True)
class Reindex:
    """Build the list of runs anew from their folders, and clear what killed processes left."""

    out: Path = Path("runs")
    """Folder of the runs."""
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra runs``; without a subcommand it lists."""
    listing = not argv or (argv[0].startswith("-") and argv[0] not in ("-h", "--help"))
    args: Any = parse(_COMMANDS, ["ls", *argv] if listing else argv, "runs", "The trainings on disk; ls by itself.")
    match args:
        case Ls():
            meant = parse_filter(args.filter)
            _print_rows(index.list_runs(args.out), args, meant)
        case Reindex():
            _print_rows(index.reindex(args.out), args)
        case Show():
            _show(args)
        case Rm():
            _remove(args)
        case Export():
            _export(args)
    return 0


_COMMANDS: Any = (
    Annotated[Ls, tyro.conf.subcommand("ls")]
    | Annotated[Show, tyro.conf.subcommand("show")]
    | Annotated[Rm, tyro.conf.subcommand("rm")]
    | Annotated[Export, tyro.conf.subcommand("export")]
    | Annotated[Reindex, tyro.conf.subcommand("reindex")]
)


def _print_rows(found: list[RunRow], args: Ls | Reindex, meant: Query | None = None) -> None:
    damaged = index.unreadable(args.out, found)
    rows = [row for row in found if meant is None or meant(row)]
    if args.json:
        runs, unreadable = ([asdict(each) for each in listed] for listed in (rows, damaged))
        print_json({"out": args.out, "runs": runs, "unreadable": unreadable})
        return
    console = make_console()
    if rows:
        _print_table(console, rows)
    elif found:
        console.print(f"none of the {len(found)} runs in {args.out} is meant", markup=False)
    elif not damaged:
        console.print(f"no runs in {args.out}; palestra train cartpole/ppo makes one", markup=False)
    for run in damaged:
        console.print(f"cannot list {run.id}: {run.why}", style="red", soft_wrap=True, markup=False)


def _print_table(console: "Console", rows: list[RunRow]) -> None:
    from rich.markup import escape  # as slow to import as the table

    narrow = console.width < NARROW
    facts = ("status", "steps", "result", "time")
    table = make_table("run", *(() if narrow else facts), right=("steps", "result", "time"), whole=facts)
    for row in rows:
        style = _STYLES.get(row.status, "")
        result = "-" if row.headline_name is None else f"{escape(row.headline_name)} {number(row.headline_value)}"
        result += f" ({row.cut} cut)" if row.cut else ""
        cells = (f"[{style}]{row.status}[/]", f"{row.steps:,}", result, duration(row.seconds))
        if narrow:
            table.add_row(f"[bold]{escape(row.id)}[/]\n  {cells[0]}, {cells[1]} steps, {cells[3]}, {cells[2]}")
        else:
            table.add_row(f"[bold]{escape(row.id)}[/]", *cells)
    console.print(table)


_STYLES = {"finished": "green", "running": "cyan", "interrupted": "yellow"}


def _show(args: Show) -> None:
    from palestra.runs import series  # imports NumPy, which listing does without

    check_is_saved(args.run, args.out)
    run = Run.open(args.run, args.out)
    _check_types(run)
    metrics = {}
    if run.metrics_path.is_file():
        for name in series.read_names(run.metrics_path):
            steps, values = series.read_series(run.metrics_path, name)
            metrics[name] = {"step": int(steps[-1]), "value": float(values[-1])}
    saved = sorted(path for path in run.checkpoints.glob("step-*") if path.is_dir())
    made = [path for folder in (run.plots, run.videos) for path in sorted(folder.glob("[!.]*"))]
    if args.json:
        print_json(
            {
                "run": run.id,
                "path": run.path,
                "status": run.status,
                "config": run.config,
                "manifest": run.manifest,
                "metrics": metrics,
                "checkpoints": saved,
                "files": made,
            }
        )
        return
    from rich.markup import escape

    console = make_console()

    def line(label: str, value: object) -> None:
        console.print(f"{label:13}{value}", soft_wrap=True, markup=False)

    manifest, status = run.manifest, run.status
    key = "dataset" if "dataset" in run.config else "world"
    learner, source, training = (run.config.get(part, {}) for part in ("learner", key, "training"))
    console.print(f"[bold]{escape(run.id)}[/]  [{_STYLES.get(status, '')}]{status}[/]\n", soft_wrap=True)
    line("path", run.path)
    line("created", manifest["created"])
    line("steps", f"{manifest['steps']:,} of {training.get('budget', 0):,}, {duration(manifest['seconds'])}")
    line("learner", f"{learner.get('name')}  {_pairs(learner.get('settings', {}))}")
    line(key, f"{source.get('id')}  {_pairs({k: v for k, v in source.items() if k != 'id'})}")
    if manifest.get("data", {}).get("stand_in"):
        line("data", "a stand-in: made, and nothing to claim a result for")
    for name, file in manifest.get("data", {}).get("files", {}).items():
        line("data", f"{name} {file['sha256']} from {file.get('source', 'a source that is not known')}")
    line("training", _pairs(training))
    for ancestor in manifest.get("lineage", []):
        line("begun from", f"{ancestor['path']} at step {ancestor['step']:,}")
    if manifest["resumes"]:
        line("resumes", f"{len(manifest['resumes'])}, {'exact' if manifest['exact'] else 'not exact'}")
    for resume in manifest["resumes"]:
        for name, (old, new) in resume.get("changes", {}).items():
            line("changed", f"at step {resume['step']:,}: {name} from {old} to {new}")
        for note in resume.get("notes", []):
            line("note", f"at step {resume['step']:,}: {note}")
    claim = manifest.get("claim")
    if claim and {"reached", "threshold"} <= claim.keys():
        verdict = "reached" if claim["reached"] else "not reached"
        cut = f", {claim['cut']} episodes cut" if "cut" in claim else ""
        line("claim", f"{verdict}: {number(claim['value'])}, promised {number(claim['threshold'])}{cut}")
    for path in (*saved, *made):
        line(path.parent.name.removesuffix("s"), path)
    if metrics:
        table = make_table("metric", "last", "at step", right=("last", "at step"))
        for name, last in metrics.items():
            table.add_row(escape(name), number(last["value"]), f"{last['step']:,}")
        console.print()
        console.print(table)
    if status == "interrupted":
        console.print()
        console.print(
            f"resume       palestra train --resume {quote(str(run.path))}", style="bold", soft_wrap=True, markup=False
        )


def _pairs(values: dict[str, Any]) -> str:
    return " ".join(f"{k}={v}" for k, v in values.items() if v not in (None, {}, 0))


def _check_types(run: Run) -> None:
    """Raise UnreadableError unless the settings of a configuration that are known here are of their types."""
    from palestra.engine.settings import TrainSettings, check_known
    from palestra.envs.world import World  # imports NumPy
    from palestra.recipes.recipe import Claim

    for key, kind in {"training": TrainSettings, "world": World, "claim": Claim}.items():
        try:
            check_known(kind, run.config.get(key) or {})
        except UsageError as error:
            raise UnreadableError(run.path / CONFIG, f"is damaged: {error}") from error


def _remove(args: Rm) -> None:
    if not args.runs:
        raise UsageError("nothing to delete; expected runs (palestra runs ls shows them)")
    found = dict.fromkeys(find(name, args.out) for name in args.runs)  # all are there before any goes
    for path in found:
        index.remove(path.parent, path.name)
    if args.json:
        print_json({"removed": [path.name for path in found]})
        return
    for path in found:
        print(f"deleted {path}")


def _export(args: Export) -> None:
    check_is_saved(args.run, args.out)
    from palestra.exports.trackers.tracker import send  # imports NumPy

    sent = send(args.run, args.to, project=args.project, out=args.out, follow=args.follow)
    if args.json:
        print_json(asdict(sent))
        return
    print(f"{sent.values:,} numbers of {sent.steps:,} steps of {sent.run} written to {sent.to}, project {sent.project}")
