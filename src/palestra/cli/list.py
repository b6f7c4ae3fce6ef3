"""``palestra list``: the recipes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from palestra.cli.arguments import Switch, parse
from palestra.cli.output import NARROW, make_console, make_table, number, print_json
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import RECIPES


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
    console = make_console()
    if not recipes:
        console.print(f"no recipes of the paradigm {args.paradigm}")
        return 0
    narrow = console.width < NARROW
    columns = ("recipe", "environment", "budget", "claim") + (() if narrow else ("what it is",))
    table = make_table(*columns, right=("budget", "claim"), whole=("environment", "budget", "claim"))
    for recipe in recipes:
        name = f"[bold cyan]{recipe.id}[/]" + (f"\n[dim]{recipe.summary}[/]" if narrow else "")
        claim = f">= {number(recipe.claim.threshold)}" if recipe.claim else "-"
        table.add_row(name, recipe.env, f"{recipe.budget:,}", claim, *([] if narrow else [recipe.summary]))
    console.print(table)
    for recipe in [r for r in recipes if r.claim][:1]:
        console.print(f"\npalestra show {recipe.id}   explains one", style="dim")
        console.print(f"palestra train {recipe.id}  trains one", style="dim")
    return 0


def _facts(recipe: Recipe) -> dict[str, object]:
    return {
        "id": recipe.id,
        "summary": recipe.summary,
        "paradigm": recipe.paradigm,
        "learner": recipe.learner,
        "env": recipe.env,
        "num_envs": recipe.num_envs,
        "budget": recipe.budget,
        "claim": vars(recipe.claim) if recipe.claim else None,
    }
