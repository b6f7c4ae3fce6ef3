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

if TYPE_CHECKING:
    from rich.console import Console


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
    from palestra.engine.settings import field_docs
    from palestra.engine.trainer import TrainSettings
    from palestra.envs.world import World  # these import torch: after the cheap errors
    from palestra.learners.registry import learner_type
    from palestra.trials.plan import resolve

    config = resolve(recipe)
    types = {"settings": learner_type(recipe.learner).config_type, "env": World, "train": TrainSettings}
    docs = {part: field_docs(cls) for part, cls in types.items()}
    if args.json:
        print_json({**config, "summary": recipe.summary, "paradigm": recipe.paradigm, "documentation": docs})
        return 0
    from rich.markup import escape
    from rich.table import Table

    console = make_console()
    console.print(f"[bold cyan]{recipe.id}[/]  {recipe.summary}\n")
    facts = Table.grid("", "", padding=(0, 2, 0, 0))
    if recipe.claim:
        claim = recipe.claim
        facts.add_row("claims", f"{claim.metric} >= {number(claim.threshold)} over {claim.episodes} episodes")
        facts.add_row("within", f"{recipe.budget:,} steps")
        facts.add_row("source", claim.source)
    facts.add_row("verified", escape(spoken_record(recipe)))
    record = read_record(recipe)
    if record is not None:
        seeds = ", ".join(number(value) for value in record.values)
        facts.add_row("", f"seeds 0 to {len(record.values) - 1}: {seeds}")
        facts.add_row("", f"{record.facts['date']}, {escape(record.facts['command'])}")
        for note in record.facts.get("tried", []):
            facts.add_row("tried", escape(note))
    facts.add_row("train", f"palestra train {recipe.id}")
    facts.add_row("verify", f"palestra verify {recipe.id}")
    console.print(facts)
    titles = {"settings": f"algorithm {recipe.learner}", "env": "environment", "train": "training"}
    for part, title in titles.items():
        defaults = dataclasses.asdict(types[part]()) if part == "settings" else config[part]
        _print_settings(console, title, config[part], docs[part], defaults)
    console.print(f"\n* chosen by this recipe; the others are the defaults of {recipe.learner}", style="dim")
    return 0


def _print_settings(
    console: "Console", title: str, values: Mapping[str, Any], docs: Mapping[str, str], defaults: Mapping[str, Any]
) -> None:
    table = make_table(title, "value", "meaning", right=("value",), whole=(title,))
    for name, value in values.items():
        if name == "progress":  # of a process, not of a recipe
            continue
        mark = " " if value == defaults[name] else "*"
        table.add_row(name, f"{_spoken(value)} {mark}", docs.get(name, ""))
    console.print()
    console.print(table, markup=False)


def _spoken(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return ",".join(map(_spoken, value))
        case dict():
            return ", ".join(f"{k}={v}" for k, v in value.items()) or "none"
    return str(value)
