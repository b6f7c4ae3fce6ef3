"""``palestra predict``: what a training makes of one's own images, of rows of a table or of an array."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from palestra.cli.arguments import Switch, check_is_saved, parse
from palestra.cli.output import make_console, make_table, print_json
from palestra.pictures.numbers import number


@dataclass(frozen=True)
class Args:
    """Label images, or the rows of tables and arrays, by what was trained on such."""

    run: Annotated[Positional[str], arg(metavar="RUN")]
    """A run's folder or id, or a folder that `save` wrote, of a learner that learned from data."""
    files: Annotated[Positional[tuple[str, ...]], arg(metavar="FILE")]
    """Images of any size, tables (`.csv`, `.tsv`) with the columns of the data set, or `.npy` files of its rows."""
    which: Literal["best", "last"] = "best"
    """The checkpoint of the best evaluation during training, or the last one."""
    out: Path = Path("runs")
    """Folder of the runs."""
    device: str | None = None
    """Where to compute, if not where it was trained: cpu, cuda, ..."""
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra predict``."""
    args = parse(Args, argv, "predict")
    check_is_saved(args.run, args.out)
    from palestra.trials.predict import predict  # imports torch: after the cheap errors

    found = predict(args.run, args.files, out=args.out, which=args.which, device=args.device)
    if args.json:
        print_json({"run": args.run, "predictions": [asdict(each) for each in found]})
        return 0
    from rich.markup import escape

    table = make_table("file", "row", "is", "probability", right=("row", "probability"), whole=("row", "probability"))
    for each in found:
        value = each.name or number(each.value)
        certain = "" if each.probability is None else f"{each.probability:.3f}"
        table.add_row(escape(each.file), str(each.row), escape(value), certain)
    make_console().print(table)
    return 0
