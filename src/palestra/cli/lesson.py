"""``palestra lesson``: what a chapter is about, as one table and one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from palestra.cli.arguments import Switch, check_writable, parse
from palestra.cli.output import make_console, make_table, print_json
from palestra.errors import UsageError


@dataclass(frozen=True)
class Args:
    """A lesson: a table and a picture of what a chapter is about, computed on the spot. Without a name, list them."""

    name: Annotated[Positional[str | None], arg(metavar="NAME")] = None
    """Which one."""
    seed: int = 0
    """Of what is drawn by chance."""
    out: Path | None = None
    """File of the picture; NAME.png if none."""
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra lesson``."""
    args = parse(Args, argv, "lesson")
    from palestra.trials.lessons.lesson import LESSONS, take  # imports torch: after the cheap errors

    if args.name is None:
        if args.json:
            print_json({"lessons": {name: summary for name, (_, summary) in LESSONS.items()}})
        else:
            wide = max(map(len, LESSONS))
            print("\n".join(f"{name:{wide}}  {summary}" for name, (_, summary) in LESSONS.items()))
        return 0
    path = args.out or Path(f"{args.name}.png")
    if path.suffix.lower() != ".png":
        raise UsageError(f"--out {path}; expected a name that ends in .png")
    check_writable(path.parent)
    done = take(args.name, args.seed)
    from palestra.pictures.panels import draw_panels

    draw_panels(path, done.picture)
    if args.json:
        print_json(
            {"lesson": args.name, "columns": done.columns, "rows": done.rows, "said": done.said, "picture": path}
        )
        return 0
    console = make_console()
    table = make_table(*done.columns, right=tuple(done.columns[1:]))
    for row in done.rows:
        table.add_row(*(each if isinstance(each, str) else f"{each:.3g}" for each in row))
    console.print(table, markup=False)
    console.print(f"\n{done.said}", markup=False, soft_wrap=True)
    console.print(f"picture    {path}", markup=False, soft_wrap=True)
    return 0
