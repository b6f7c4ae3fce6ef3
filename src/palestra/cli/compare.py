"""``palestra compare``: whether one training beats another, and how sure that is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from palestra.cli.arguments import Imports, Switch, parse
from palestra.cli.output import make_console, make_table, print_json
from palestra.errors import UsageError
from palestra.pictures.numbers import number


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
    imports: Imports = ()
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra compare``."""
    args = parse(Args, argv, "compare")
    if not args.sides or len(set(args.sides)) < len(args.sides):
        raise UsageError(f"{len(set(args.sides))} different sides to compare; expected one or more, each of them once")
    if args.plot.suffix.lower() != ".png":
        raise UsageError(f"--plot {args.plot}; expected a name that ends in .png")
    from palestra.trials.compare import compare, draw  # import NumPy and torch: after the cheap errors

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
