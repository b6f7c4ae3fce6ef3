"""``palestra export``: what a run learned as a file that needs no Palestra, or as a folder for a model hub."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, arg

from palestra.cli.arguments import Imports, Switch, check_is_saved, check_writable, parse
from palestra.cli.output import make_console, print_json
from palestra.errors import require
from palestra.pictures.numbers import number

if TYPE_CHECKING:
    from rich.console import Console

MOST = 10_000_000
"""Episodes or rows of an evaluation."""


@dataclass(frozen=True)
class Args:
    """Write what a run learned for others: a file that is tried on 1,000 inputs first, or a folder for a model hub."""

    run: Annotated[Positional[str], arg(metavar="RUN")]
    """A run's folder or id, or a folder that `save` wrote."""
    folder: Annotated[Positional[Path], arg(metavar="DIR")]
    """Where to write; new or empty."""
    to: Literal["onnx", "torch-export", "hub"]
    """onnx for ONNX Runtime, torch-export for torch.export.load, hub for a folder with a model card, sent nowhere."""
    which: Literal["best", "last"] = "best"
    """The checkpoint of the best evaluation during training, or the last one."""
    seed: int = 0
    """Of the inputs that a file is tried on, or of the evaluation that a card tells."""
    count: int | None = None
    """With hub: episodes of the evaluation (100), or rows (all there are)."""
    licence: str = "mit"
    """With hub: of the weights, by the hub's name for it."""
    imports: Imports = ()
    out: Path = Path("runs")
    """Folder of the runs."""
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra export``."""
    args = parse(Args, argv, "export")
    require(0 <= args.seed < 2**63, f"--seed {args.seed}", "0 or more, and less than 2^63")
    require(args.count is None or 1 <= args.count <= MOST, f"--count {args.count}", f"1 to {MOST:,}")
    require(args.count is None or args.to == "hub", f"--count {args.count} with --to {args.to}", "--to hub")
    check_is_saved(args.run, args.out)
    check_writable(args.folder, "DIR")
    from palestra.exports.export import export  # imports torch: after the cheap errors

    done = export(
        args.run, args.to, args.folder, out=args.out, which=args.which, seed=args.seed, count=args.count,
        licence=args.licence,
    )  # fmt: skip
    if args.json:
        facts = {name: value for name, value in asdict(done).items() if name != "facts"}
        print_json({"run": args.run, **facts, **done.facts})
        return 0
    console = make_console()
    size = sum(path.stat().st_size for path in done.folder.rglob("*") if path.is_file())
    console.print(
        f"wrote    {done.file}, {done.learner} at step {done.step:,}; {size / 1e6:.3g} MB in all", soft_wrap=True
    )
    if done.to == "hub":
        for name, value in done.facts.items():
            console.print(f"{name:17}{number(value) if isinstance(value, float) else value}", soft_wrap=True)
        return 0
    _print_file(console, done.facts)
    console.print(f"again    python {done.folder / 'parity.py'}", soft_wrap=True, markup=False)
    return 0


def _print_file(console: "Console", facts: dict[str, Any]) -> None:
    for kind in ("inputs", "outputs"):
        for each in facts[kind]:
            shape = ", ".join(map(str, ("batch", *each["shape"])))
            console.print(f"{kind:9}{each['name']} {each['dtype']} ({shape})", soft_wrap=True, markup=False)
    trial = facts["trial"]
    console.print(f"tried    on {trial['inputs']:,} inputs, {trial['where']}", soft_wrap=True, markup=False)
    for name, far in trial["largest"].items():
        whole = next(each for each in facts["outputs"] if each["name"] == name)["dtype"].startswith(("int", "uint"))
        said = "the same for each" if whole else f"largest difference {far:.2g}, at most {trial['limit']:g}"
        console.print(f"parity   {name}: {said}", soft_wrap=True, markup=False)
