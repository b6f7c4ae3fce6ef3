"""``palestra sweep``: try many settings of a recipe, and say honestly what the best of them is worth."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, UseAppendAction, arg

from palestra.cli import train
from palestra.cli.arguments import Imports, PoolName, Switch, assignments, check_writable, parse
from palestra.cli.output import make_console, make_table, print_json
from palestra.cli.verify import live
from palestra.errors import UsageError, require
from palestra.pictures.numbers import duration, number
from palestra.recipes.recipe import Recipe

if TYPE_CHECKING:
    from rich.console import Console

    from palestra.trials.sweep.course import Tried
    from palestra.trials.sweep.sweep import Sweep
    from palestra.trials.trial import Result

SHOWN = 5
"""Trials of the table at the end."""


@dataclass(frozen=True)
class Args:
    """Try settings of a recipe, or of any algorithm or estimator (as `palestra train` names them), each trial a run of
    its own; then train the best settings and the default on seeds that chose nothing, and say which is better.

    A --set with several values or a range is tried: a,b,c, log(1e-4,1e-2), uniform(0,1), int(1,8), 0.9..0.99; of a
    setting that is a list, 64,64|256,256. One with a single value is set. Once stopped or killed, the command goes on.
    """

    recipe: Annotated[Positional[str | None], arg(metavar="[RECIPE]", help_behavior_hint="")] = None
    """A recipe, as `palestra list` shows them."""
    algo: Annotated[str | None, arg(help_behavior_hint="")] = None
    """Algorithm, without a recipe."""
    env_id: Annotated[str | None, arg(help_behavior_hint="")] = None
    """Environment for --algo."""
    estimator: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None
    """Estimator of scikit-learn or XGBoost, without a recipe."""
    data: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None
    """Data set for --algo or --estimator."""
    resume: Annotated[Path | None, arg(metavar="FOLDER", help_behavior_hint="")] = None
    """Go on with the sweep in a folder; with --trials to more of them."""
    settings: Annotated[UseAppendAction[tuple[str, ...]], arg(name="set", metavar="KEY=VALUES")] = ()
    """What is tried, or set: learner.learning_rate=log(1e-4,1e-2), gamma=0.95,0.99, num_envs=8."""
    method: Annotated[Literal["grid", "random", "asha", "tpe"] | None, arg(help_behavior_hint="(default: random)")] = (
        None
    )
    """All combinations; at random; at random, and the worse ones end early (successive halving); or Optuna's TPE."""
    trials: Annotated[int | None, arg(help_behavior_hint="(default: 40; of a grid all)")] = None
    """How many."""
    seeds: Annotated[int | None, arg(help_behavior_hint="(default: 1)")] = None
    """Trainings of each, from --seed on, whose mean is its score."""
    confirm: Annotated[int | None, arg(help_behavior_hint="(default: 10)")] = None
    """Seeds that choose nothing, on which the best settings and the default are trained in the end; 0 for none."""
    jobs: Annotated[int | None, arg(help_behavior_hint="(default: as many as there are cores for; 16 elsewhere)")] = (
        None
    )
    """Trainings side by side."""
    pool: PoolName = "local"
    flags: Annotated[train.Flags, arg(name="")] = field(default_factory=lambda: train.Flags())
    """Settings of all trials that have an option of their own."""
    imports: Imports = ()
    out: Annotated[Path | None, arg(help_behavior_hint="(default: sweeps/<task>-<method>-<how>)")] = None
    """Folder of the sweep."""
    quiet: Switch = False
    """No lines for trials, and no summary."""
    json: Switch = False
    """Print one JSON object as the last line; everything else goes to standard error."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra sweep``; status 1 if nothing came of it or a confirmation failed, 128 + n after signal n."""
    args = parse(Args, argv, "sweep")
    asked = _asked(args)
    bounds = (("trials", 1, 1_000_000), ("seeds", 1, 10_000), ("confirm", 0, 10_000), ("jobs", 1, 1_024))
    for option, least, most in bounds:
        value = getattr(args, option)
        require(value is None or least <= value <= most, f"--{option} {value}", f"from {least} to {most:,}")
    check_writable(args.resume or args.out or Path("sweeps"), "--resume" if args.resume else "--out")
    from palestra.trials.sweep.sweep import sweep  # imports torch: after the cheap errors
    from palestra.trials.verify import Stopped

    console = make_console(stderr=args.json)
    console.quiet = args.quiet
    status, tick = live(console)

    def tell(tried: "Tried") -> None:
        console.print(_line(tried), soft_wrap=True, markup=False)

    def tell_confirmed(side: str, recipe: Recipe, result: "Result") -> None:
        said = f"failed: {result.error}" if result.value is None else f"{number(result.value):>9}"
        took = "" if result.value is None else f"  {'there already' if result.reused else duration(result.seconds)}"
        console.print(f"{side:8} seed {result.seed:<4} {said}{took}", soft_wrap=True, markup=False)

    try:
        with status:
            done = sweep(**asked, jobs=args.jobs, pool=args.pool, tell=tell, tell_confirmed=tell_confirmed, tick=tick)
    except Stopped as stop:
        console.print("stopped and saved; the same command goes on", style="yellow")
        return 128 + stop.signal
    _print(console, done)
    if args.json:
        print_json(done.to_json())
    return 0 if done.ok else 1


def _asked(args: Args) -> dict[str, Any]:
    """The arguments of ``sweep`` that say what is asked for."""
    numbers = {name: getattr(args, name) for name in ("trials", "confirm") if getattr(args, name) is not None}
    words = {name: getattr(args, name) for name in ("method", "seeds") if getattr(args, name) is not None}
    flags = train.overrides_of(train.Args(flags=args.flags))
    if args.resume is not None:
        others = {"recipe": args.recipe, "--algo": args.algo, "--env-id": args.env_id, "--estimator": args.estimator,
                  "--data": args.data, "--set": args.settings, "--out": args.out}  # fmt: skip
        given = [name for name, value in others.items() if value] + [f"--{name}" for name in words]
        given += [f"--{name.partition('.')[2].replace('_', '-')}" for name in flags]
        if given:
            raise UsageError(
                f"--resume {args.resume} given with {given[0]}; a sweep keeps what it was asked for; expected --trials,"
                " --confirm, --pool or --jobs beside it, and another --out for another sweep"
            )
        return {"resume": args.resume, **numbers}
    named = {name: getattr(args, name) for name in ("recipe", "algo", "env_id", "estimator", "data")}
    recipe = train.asked_recipe(train.Args(**named, flags=args.flags))
    first = int(flags.pop("training.seed", 0))
    settings = assignments(args.settings)
    return {
        "recipe": recipe, "settings": settings, "overrides": flags, "first": first, "out": args.out, **words, **numbers
    }  # fmt: skip


def _line(tried: "Tried") -> str:
    """One trial."""
    settings = "  ".join(f"{_short(name)}={_value(value)}" for name, value in tried.settings.items())
    if tried.error is not None:
        return f"trial {tried.number:<4} failed: {tried.error}  {settings}"
    same = "" if tried.same_as is None else f"  as trial {tried.same_as}"
    ended = "" if tried.pruned is None else f"  ended at {tried.pruned:,}"
    exact = "" if tried.exact else "  (a resume was not exact)"
    return f"trial {tried.number:<4} {number(tried.score):>9}  {settings}{ended}{same}{exact}"


def _print(console: "Console", done: "Sweep") -> None:
    """The best trials, what explains them, and what the best is worth."""

    def line(label: str, text: str, style: str = "") -> None:
        console.print(f"{label:11}{text}", style=style, soft_wrap=True, markup=False)

    console.print()
    whole = [tried for tried in done.trials if tried.score is not None and tried.pruned is None]
    ordered = sorted(whole, key=lambda tried: (tried.score or 0.0) * (-1 if done.direction == "up" else 1))[:SHOWN]
    names = list(done.request.space)
    table = make_table("trial", done.metric, *map(_short, names), right=("trial", done.metric))
    for tried in ordered:
        table.add_row(str(tried.number), number(tried.score), *(_value(tried.settings[name]) for name in names))
    console.print(table)
    failed = sum(tried.error is not None for tried in done.trials)
    ended = sum(tried.pruned is not None for tried in done.trials)
    counts = [f"{len(done.trials)} in all", f"{done.steps:,} steps"]
    counts += [f"{ended} ended early"] if ended else []
    counts += [f"{failed} failed"] if failed else []
    console.print()
    line("trials", ", ".join(counts))
    if done.explained:
        shares = sorted(done.explained.items(), key=lambda item: -item[1])
        line("explained", ", ".join(f"{_short(name)} {share:.0%}" for name, share in shares) + ", each by itself")
    if done.best is None:
        line("best", "none: no trial was trained to its end", "red")
    else:
        settings = " ".join(f"--set {name}={_value(value, whole=True)}" for name, value in done.best.settings.items())
        line("best", f"trial {done.best.number}, {number(done.best.score)}, the best of so many: {settings}")
    if done.confirmation is not None:
        found = done.confirmation
        line("confirmed", f"on seeds {found.seeds[0]} to {found.seeds[-1]}, which chose nothing")
        line("  best", found.best.said)
        if found.default is not None:
            line("  default", found.default.said)
        line("verdict", found.why, "bold")
    line("sweep", done.path)
    if done.picture is not None:
        line("plot", str(done.picture))
    elif done.undrawn:
        line("no plot", done.undrawn, "yellow")


def _short(name: str) -> str:
    return name.partition(".")[2]


def _value(value: Any, *, whole: bool = False) -> str:
    """A setting as one types it; in a table with four digits."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return number(value) if isinstance(value, float) and not whole else str(value)
