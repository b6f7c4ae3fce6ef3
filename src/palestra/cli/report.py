"""``palestra report``: whether a model suffers from bias, variance, bad data or a leak, and what to try next."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tyro.conf import Positional, arg

from palestra.cli.arguments import Imports, Switch, assignments, check_is_saved, check_writable, parse
from palestra.cli.output import make_console, print_json
from palestra.errors import UsageError, require


@dataclass(frozen=True)
class Args:
    """What is wrong with a model, with figures: a run that learned labels, or an estimator on data.

    Writes one page that opens offline. A model is judged by cross-validation; a test table is looked at once.
    """

    run: Annotated[Positional[str], arg(metavar="RUN", help_behavior_hint="")] = ""
    """A run's folder or id; without it, --estimator and --data."""
    estimator: str = ""
    """One of scikit-learn's by its name, a pipeline of them as JSON (`["StandardScaler", "SVC"]`), or a recipe."""
    data: str = ""
    """A data set by its name, or a CSV."""
    target: str = ""
    """The column of a CSV that is predicted."""
    set: Annotated[tyro.conf.UseAppendAction[tuple[str, ...]], arg(metavar="KEY=VALUE")] = ()
    """An argument of the estimator, e.g. max_depth=3; may be repeated."""
    test: str = ""
    """A CSV with the same columns, which is looked at once."""
    group: str = ""
    """The column that says which rows belong together; they are then held out together."""
    time: str = ""
    """The column that says when: numbers or dates."""
    drop: Annotated[tyro.conf.UseAppendAction[tuple[str, ...]], arg(metavar="COLUMN")] = ()
    """A column to leave out; may be repeated."""
    separator: str = ""
    """Between two values of a CSV, if not a comma."""
    reference: Annotated[float | None, arg(help_behavior_hint="(default: the best of four others)")] = None
    """The error that could be reached: a share of rows such as 0.02, or a root mean squared error."""
    cost: Annotated[str, arg(metavar="missed=C,false_alarm=C")] = ""
    """What a mistake costs, of the rarest class."""
    folds: int = 5
    """Of the cross-validation."""
    seed: int = 0
    """Of the folds and of everything drawn."""
    language: Literal["en", "zh"] = "en"
    """Of the page and of the sentences."""
    out: Annotated[Path | None, arg(help_behavior_hint="(default: report-NAME.html)")] = None
    """File of the page."""
    runs: Path = Path("runs")
    """Folder of the runs."""
    imports: Imports = ()
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra report``."""
    args = parse(Args, argv, "report")
    if bool(args.run) == bool(args.estimator):
        given = f"the run {args.run} and --estimator {args.estimator}" if args.run else "neither a run nor an estimator"
        raise UsageError(f"{given}; expected one of the two: palestra report RUN, or --estimator NAME --data NAME")
    require(args.folds >= 2, f"--folds {args.folds}", "2 or more")
    require(args.seed >= 0, f"--seed {args.seed}", "0 or more")
    page = args.out or Path(f"report-{_stem(args)}.html")
    require(page.suffix.lower() in (".html", ".htm"), f"--out {page}", "a name that ends in .html")
    check_writable(page.parent)
    if args.run:
        check_is_saved(args.run, args.runs)
    from palestra.trials.report.report import report  # imports torch: after the cheap errors

    done = report(
        args.run, out=args.runs, estimator=args.estimator, data=args.data, target=args.target,
        settings=assignments(args.set), test=args.test, group=args.group, time=args.time, drop=args.drop,
        separator=args.separator, reference=args.reference, cost=args.cost, folds=args.folds, seed=args.seed,
    )  # fmt: skip
    done.save(page, args.language)
    told = done.to_json(args.language)
    if args.json:
        print_json({**told, "page": page})
        return 0
    console = make_console()
    for each, following in zip(told["diagnoses"], told["next"]):
        console.print(f"[bold]{each['name']}[/]  ", end="")
        console.print(f"({100 * each['confidence']:.0f}%) {each['evidence']}", markup=False, soft_wrap=True)
        console.print(f"  next: {following['try']}", markup=False, soft_wrap=True)
        console.print(f"  {following['command']}", markup=False, soft_wrap=True, style="dim")
    console.print(f"\npage       {page}", markup=False, soft_wrap=True)
    return 0


def _stem(args: Args) -> str:
    """What the page is called after: the run, or the estimator and the data."""
    named = args.run and Path(args.run).name
    return re.sub(r"[^\w.-]+", "-", named or f"{args.estimator[:40]}-{Path(args.data).stem}").strip("-")
