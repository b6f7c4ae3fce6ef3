"""``palestra ablate``: what each part of an algorithm is worth on a task."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, UseAppendAction, arg

from palestra.cli.arguments import PoolName, Switch, assignments, check_writable, parse
from palestra.cli.output import make_console, make_table, print_json
from palestra.errors import require
from palestra.pictures.numbers import duration, number
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import get_recipe

if TYPE_CHECKING:
    from palestra.trials.ablate import Ablation, Variant
    from palestra.trials.trial import Result


@dataclass(frozen=True)
class Args:
    """Train a recipe with each part of its algorithm alone, with none and with all of them, and compare.

    What is finished is not trained again; once stopped, the same command goes on.
    """

    recipe: Annotated[Positional[str], arg(metavar="RECIPE")]
    """A recipe of an algorithm that names its parts, as dqn does."""
    seeds: int = 5
    """Seeds 0 to N-1 of each variant; intervals need 5."""
    budget: Annotated[int | None, arg(aliases=["--total-timesteps"], help_behavior_hint="(default: the recipe's)")] = (
        None
    )
    """Environment steps of each training."""
    flags: Annotated[str | None, arg(metavar="NAME,NAME", help_behavior_hint="(default: all)")] = None
    """Which parts; of dqn: double, dueling, n-step, prioritised, noisy, distributional."""
    leave_out: Switch = False
    """Also train all parts without each."""
    settings: Annotated[UseAppendAction[tuple[str, ...]], arg(name="set", metavar="KEY=VALUE")] = ()
    """A setting of the algorithm for every variant, as `palestra show` names them."""
    jobs: Annotated[int | None, arg(help_behavior_hint="(default: as many as there are cores for; 16 elsewhere)")] = (
        None
    )
    """Trainings side by side."""
    pool: PoolName = "local"
    out: Path = Path("ablate")
    """Folder of the runs, the table and the pictures, one below it for each recipe."""
    device: str = "auto"
    """Where to compute: auto, cpu, cuda, ..."""
    json: Switch = False
    """Print one JSON object as the last line; everything else goes to standard error."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra ablate``; status 1 if a training failed, 128 + n after signal n."""
    args = parse(Args, argv, "ablate")
    recipe = get_recipe(args.recipe)
    require(args.seeds >= 1, f"--seeds {args.seeds}", "at least 1")
    require(args.seeds <= 10_000, f"--seeds {args.seeds}", "at most 10,000")
    require(args.budget is None or args.budget >= 1, f"--budget {args.budget}", "at least 1")
    require(args.jobs is None or args.jobs >= 1, f"--jobs {args.jobs}", "at least 1")
    require(args.jobs is None or args.jobs <= 1_024, f"--jobs {args.jobs}", "at most 1,024")
    settings = assignments(args.settings)
    flags = [] if args.flags is None else [flag.strip() for flag in args.flags.split(",")]
    check_writable(args.out)
    from palestra.runs.atomic import write_json
    from palestra.trials.ablate import ablate, draw, variants_of  # imports torch: after the cheap errors
    from palestra.trials.verify import Stopped

    named = variants_of(recipe, flags, settings=settings, leave_out=args.leave_out)
    folder = args.out / f"{recipe.task}-{recipe.method}"
    console = make_console(stderr=args.json)
    what = f"{len(named)} variants of {args.seeds} seeds, in {folder}; once stopped, the same command goes on"
    console.print(what, style="dim", soft_wrap=True)
    spoken = {variant.id: name for name, variant in named.items()}

    def tell(variant: Recipe, result: "Result") -> None:
        took = "there already" if result.reused else duration(result.seconds)
        said = f"failed: {result.error}" if result.value is None else f"{number(result.value):>9}  {took}"
        console.print(f"{spoken[variant.id]:16} seed {result.seed:<3} {said}", soft_wrap=True, markup=False)

    try:
        done = ablate(
            recipe, flags=flags, seeds=args.seeds, budget=args.budget, settings=settings, leave_out=args.leave_out,
            out=folder, jobs=args.jobs, pool=args.pool, device=args.device, tell=tell,
        )  # fmt: skip
    except Stopped as stop:
        console.print("stopped and saved; the same command goes on", style="yellow")
        return 128 + stop.signal
    pictures = draw(done, folder)
    facts = _facts(done)
    write_json(folder / "ablation.json", facts)
    _print(console, done)
    for path in (*pictures, folder / "ablation.json"):
        console.print(f"{'plot' if path.suffix == '.png' else 'table':8}{path}", soft_wrap=True, markup=False)
    if args.json:
        print_json({**facts, "plots": pictures, "table": folder / "ablation.json"})
    return 0 if all(variant.score is not None for variant in done.variants) else 1


def _print(console: Any, done: "Ablation") -> None:
    columns = ("variant", "best", "95%", "along the way", "95%", "beats base")
    table = make_table(*columns, right=columns[1:], whole=columns)
    for variant in done.variants:
        table.add_row(
            variant.name, number(variant.score), _spoken(variant.score_interval), number(variant.along),
            _spoken(variant.along_interval), "-" if variant.improvement is None else f"{variant.improvement:.0%}",
        )  # fmt: skip
    console.print()
    console.print(table)
    metric = done.variants[0].verification.metric
    console.print(
        f"\n{metric} after {done.budget:,} steps, interquartile means over {done.seeds} seeds. best: of the best "
        "checkpoint, in the reference environment; along the way: of all evaluations of a training; beats base: "
        "probability that a training does, along the way.",
        style="dim",
    )


def _spoken(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else f"{number(interval[0])} to {number(interval[1])}"


def _facts(done: "Ablation") -> dict[str, Any]:
    return {
        "recipe": done.recipe.id,
        "env": done.recipe.source,
        "budget": done.budget,
        "seeds": done.seeds,
        "metric": done.variants[0].verification.metric,
        "episodes": done.variants[0].verification.episodes,
        "variants": [_variant_facts(variant) for variant in done.variants],
    }


def _variant_facts(variant: "Variant") -> dict[str, Any]:
    figures = ("name", "flags", "score", "score_interval", "along", "along_interval", "improvement")
    return {
        **{name: getattr(variant, name) for name in figures},
        "trials": [asdict(trial) for trial in variant.verification.trials],
    }
