"""``palestra show``: everything about one recipe."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from palestra.cli.arguments import Switch, parse
from palestra.cli.output import make_console, make_table, print_json
from palestra.pictures.numbers import number
from palestra.recipes.registry import get_recipe
from palestra.trials.records import read_record, spoken_record
from palestra.trials.settings import spoken

if TYPE_CHECKING:
    from rich.console import Console

    from palestra.nets.summary import Row


@dataclass(frozen=True)
class Args:
    """Everything about a recipe: its settings and what they mean, its claim and where that comes from."""

    recipe: Annotated[Positional[str], arg(metavar="RECIPE")]
    """A recipe, as `palestra list` shows them."""
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra show``."""
    args = parse(Args, argv, "show")
    recipe = get_recipe(args.recipe)
    from palestra.datasets.dataset import Dataset
    from palestra.engine.predictor import Predictor
    from palestra.engine.settings import field_docs
    from palestra.learners.registry import learner_type
    from palestra.trials.plan import resolve  # imports torch: after the cheap errors

    plan = resolve(recipe)
    learner = learner_type(recipe.learner).learner
    source, unit = plan.source, learner.clock_unit.split()[-1]
    parts: dict[str, Any] = {"learner": plan.learner.settings, source.key: source, "training": plan.training}
    docs = {part: field_docs(type(config)) for part, config in parts.items()}
    of_data = issubclass(learner, Predictor) and isinstance(source, Dataset)
    layers = learner.layers(source, plan.learner.settings) if of_data else ()
    if args.json:
        facts: dict[str, Any] = {"summary": recipe.summary, "paradigm": recipe.paradigm, "documentation": docs}
        if layers:
            facts["layers"] = [row._asdict() for row in layers]
        print_json({**plan.to_json(), "headline": plan.headline, **facts})
        return 0
    from rich.markup import escape
    from rich.table import Table

    console = make_console()
    console.print(f"[bold cyan]{recipe.id}[/]  {recipe.summary}\n")
    grid = Table.grid("", "", padding=(0, 2, 0, 0))
    if recipe.claim:
        claim = recipe.claim
        over = f"{claim.count or 'all'} rows" if recipe.dataset else f"{claim.count} episodes"
        grid.add_row("claims", f"{claim.metric} {claim.sign} {number(claim.threshold)} over {over}")
        grid.add_row("within", f"{recipe.budget:,} {unit}")
        grid.add_row("source", claim.source)
    if recipe.optimum is not None:
        grid.add_row("optimum", f"{number(recipe.optimum)}, by {recipe.optimum_source}")
    grid.add_row("verified", escape(spoken_record(recipe)))
    record = read_record(recipe)
    if record is not None:
        seeds = ", ".join(number(value) for value in record.values)
        grid.add_row("", f"seeds 0 to {len(record.values) - 1}: {seeds}")
        grid.add_row("", f"{record.facts['date']}, {escape(record.facts['command'])}")
        for note in record.facts.get("tried", []):
            grid.add_row("tried", escape(note))
    grid.add_row("train", f"palestra train {recipe.id}")
    grid.add_row("verify", f"palestra verify {recipe.id}")
    console.print(grid)
    if layers:
        _print_layers(console, layers)
    titles = {"learner": f"learner: {recipe.learner}", source.key: source.key, "training": "training"}
    for part, title in titles.items():
        values = dataclasses.asdict(parts[part])
        defaults = dataclasses.asdict(type(plan.learner.settings)()) if part == "learner" else values
        _print_settings(console, title, values, docs[part], defaults)
    console.print(f"\n* chosen by this recipe; the others are the defaults of {recipe.learner}", style="dim")
    return 0


def _print_settings(
    console: "Console", title: str, values: Mapping[str, Any], docs: Mapping[str, str], defaults: Mapping[str, Any]
) -> None:
    table = make_table(title, "value", "meaning", right=("value",), whole=(title,))
    for name, value in values.items():
        mark = " " if value == defaults[name] else "*"
        table.add_row(name, f"{_cell(value)} {mark}", docs.get(name, ""))
    console.print()
    console.print(table, markup=False)


def _print_layers(console: "Console", layers: Sequence["Row"]) -> None:
    table = make_table("network", "what comes out", "parameters", right=("parameters",), whole=("network",))
    for row in layers:
        table.add_row(row.name, " x ".join(map(str, row.output)), f"{row.parameters:,}")
    table.add_row("in all", "", f"{sum(row.parameters for row in layers):,}")
    console.print()
    console.print(table, markup=False)


def _cell(value: Any) -> str:
    """A value as ``--set`` takes it, but for an object, which nobody reads as JSON."""
    return (", ".join(f"{k}={v}" for k, v in value.items()) or "none") if isinstance(value, dict) else spoken(value)
