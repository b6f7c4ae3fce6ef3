"""``palestra compare``: whether one training beats another, and how sure that is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from palestra.cli.arguments import Imports, Switch, check_writable, parse
from palestra.cli.output import make_console, make_table, print_json
from palestra.cli.verify import live, print_result
from palestra.errors import PalestraError, UsageError, require
from palestra.pictures.numbers import number
from palestra.recipes.registry import RECIPES


@dataclass(frozen=True)
class Args:
    """Compare sides: recipes that were verified, folders of runs, or single runs; one alone is measured and drawn.

    A folder alone that mixes trainings is compared in itself. A winner is named only where the intervals support one.
    """

    sides: Annotated[Positional[tuple[str, ...]], arg(metavar="SIDE")]
    """A recipe, a folder of runs that differ in their seed, or a run's folder or id."""
    out: Path = Path("runs")
    """Folder of runs that are given by their id."""
    verified: Path = Path("verify")
    """Folder of the verifications, where recipes have their runs."""
    plot: Path = Path("compare.png")
    """Where to draw the curves; a PNG."""
    pool: Annotated[str | None, arg(metavar="POOL", help_behavior_hint="(default: nothing is trained)")] = None
    """Where recipes are verified first, as far as that is not done: a pool as `palestra verify` takes it."""
    seeds: Annotated[int | None, arg(help_behavior_hint="(default: the claim's, mostly 10)")] = None
    """With --pool: seeds 0 to N-1 of each recipe."""
    jobs: Annotated[int | None, arg(help_behavior_hint="(default: as many as there are cores for; 16 elsewhere)")] = (
        None
    )
    """With --pool: trainings side by side."""
    imports: Imports = ()
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra compare``; status 128 + n after signal n."""
    args = parse(Args, argv, "compare")
    if not args.sides or len(set(args.sides)) < len(args.sides):
        raise UsageError(f"{len(set(args.sides))} different sides to compare; expected one or more, each of them once")
    if args.plot.suffix.lower() != ".png":
        raise UsageError(f"--plot {args.plot}; expected a name that ends in .png")
    _check_training(args)
    from palestra.trials.compare import compare, draw  # import NumPy and torch: after the cheap errors
    from palestra.trials.verify import Stopped

    try:
        _train_missing(args)
    except Stopped as stop:
        make_console(stderr=args.json).print("stopped and saved; the same command goes on", style="yellow")
        return 128 + stop.signal
    done = compare(args.sides, out=args.out, verified=args.verified)
    picture = draw(done, args.plot)
    if args.json:
        print_json(
            {
                "measured": done.measured,
                "sides": [
                    {"name": group.name, "env": group.env, "budget": group.budget, "values": group.values.tolist()}
                    for group in done.groups
                ],
                "level": done.level,
                "pairs": [asdict(pair) for pair in done.pairs],
                "winner": done.winner,
                "why": done.why,
                "notes": done.notes,
                "plot": picture,
            }
        )
        return 0
    from palestra.ops.evidence import iqm

    console = make_console()
    console.print(f"{done.measured}; {done.groups[0].env}\n", soft_wrap=True, markup=False)
    table = make_table("side", "seeds", "IQM", "lowest", "highest", right=("seeds", "IQM", "lowest", "highest"))
    for group in done.groups:
        values = group.values
        facts = (float(iqm(values)), float(values.min()), float(values.max()))
        table.add_row(group.name, str(len(values)), *map(number, facts))
    console.print(table, markup=False)
    for pair in done.pairs:
        share, gap = pair.improvement_interval, pair.difference_interval
        console.print(
            f"\n{pair.one} against {pair.other}, {done.level:.3g} intervals:\n"
            f"  probability of improvement  {pair.improvement:.2f}  [{share[0]:.2f}, {share[1]:.2f}]\n"
            f"  difference of IQMs          {number(pair.difference)}  [{number(gap[0])}, {number(gap[1])}]",
            markup=False,
            soft_wrap=True,
        )
    for note in done.notes:
        console.print(f"note       {note}", style="yellow", markup=False, soft_wrap=True)
    if done.pairs:
        console.print(f"\n[bold]{'winner' if done.winner else 'no winner'}[/]  ", end="")
        console.print(f"{done.winner}: {done.why}" if done.winner else done.why, markup=False, soft_wrap=True)
    console.print(f"plot       {picture}", markup=False, soft_wrap=True)
    return 0


def _check_training(args: Args) -> None:
    """Whether what is to be trained first can be."""
    for name, most in (("seeds", 10_000), ("jobs", 1_024)):
        value = getattr(args, name)
        if value is not None and args.pool is None:
            raise UsageError(f"--{name} {value} without --pool; expected both: without a pool nothing is trained")
        require(value is None or 1 <= value <= most, f"--{name} {value}", f"from 1 to {most:,}")
    if args.pool is not None:
        given = f"--pool {args.pool} without a recipe among the sides"
        require(any(side in RECIPES for side in args.sides), given, "one that is to be trained (palestra list)")
        check_writable(args.verified, "--verified")


def _train_missing(args: Args) -> None:
    """Verify the recipes among the sides, where a pool is named to do that in."""
    if args.pool is None:
        return
    from palestra.trials.opening import place_of
    from palestra.trials.verify import side_by_side, verify

    recipes = [RECIPES[side] for side in args.sides if side in RECIPES]
    console = make_console(stderr=args.json)
    jobs = side_by_side(recipes, args.jobs, args.pool)
    status, tick = live(console)
    with status:
        done = verify(
            recipes, seeds=args.seeds, out=args.verified, jobs=jobs, pool=place_of(args.pool),
            tell=lambda recipe, result: print_result(console, recipe, result), tick=tick,
        )  # fmt: skip
    failed = [f"{each.recipe.id} seed {trial.seed}" for each in done for trial in each.trials if trial.value is None]
    if failed:
        raise PalestraError(f"{', '.join(failed)} failed; expected every seed trained: the same command tries again")
