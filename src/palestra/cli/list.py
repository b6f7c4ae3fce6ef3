"""``palestra list``: the recipes, what each claims, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from palestra.cli.arguments import Switch, parse
from palestra.cli.output import NARROW, make_console, make_table, print_json
from palestra.pictures.numbers import number
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import RECIPES
from palestra.trials.records import read_record, spoken_record


@dataclass(frozen=True)
class Args:
    """The recipes: complete trainings with a name."""

    paradigm: Literal["rl", "supervised", "unsupervised"] | None = None
    """Only recipes that learn from reward (rl), labels or structure."""
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra list``."""
    args = parse(Args, argv, "list")
    recipes = [r for r in RECIPES.values() if args.paradigm in (None, r.paradigm)]
    if args.json:
        print_json({"recipes": [_facts(recipe) for recipe in recipes]})
        return 0
    from rich.markup import escape

    console = make_console()
    if not recipes:
        console.print(f"no recipes of the paradigm {args.paradigm}")
        return 0
    narrow = console.width < NARROW
    table = make_table("recipe", *(() if narrow else _FACTS), right=_FACTS[:2], whole=_FACTS[:2])
    for recipe in recipes:
        claim = f"{recipe.claim.sign} {number(recipe.claim.threshold)}" if recipe.claim else "-"
        facts = (f"{recipe.budget:,}", claim, escape(spoken_record(recipe)))
        name = f"[bold cyan]{recipe.id}[/]  {recipe.source}\n[dim]{escape(recipe.summary)}[/]"
        if narrow:
            claims = f"claims {claim}" if recipe.claim else "no claim"
            table.add_row(f"{name}\n{facts[0]} {recipe.unit}, {claims}: {facts[2]}")
        else:
            table.add_row(name, *facts)
    console.print(table)
    for recipe in [r for r in recipes if r.claim][:1]:
        console.print(f"\npalestra show {recipe.id}   explains one", style="dim")
        console.print(f"palestra train {recipe.id}  trains one", style="dim")
    return 0


_FACTS = ("budget", "claim", "verified")


def _facts(recipe: Recipe) -> dict[str, object]:
    return {
        "id": recipe.id,
        "summary": recipe.summary,
        "paradigm": recipe.paradigm,
        "learner": recipe.learner,
        "env": recipe.env,
        "dataset": recipe.dataset,
        "num_envs": recipe.num_envs,
        "budget": recipe.budget,
        "claim": vars(recipe.claim) if recipe.claim else None,
        "verified": _verified(recipe),
    }


def _verified(recipe: Recipe) -> dict[str, object] | None:
    record = read_record(recipe)
    if record is None:
        return None
    return {"said": spoken_record(recipe), "fresh": record.fresh, "values": record.values, **vars(record.verdict)}
