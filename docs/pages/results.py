"""What the recipes of a learner claim, and what their verifications found."""

from pages.links import cell
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import RECIPES
from palestra.trials.records import read_record, spoken_record


def results_section(name: str, unit: str) -> str:
    """The recipes of a learner, what each claims, and what its verification found; budgets count some unit."""
    recipes = [recipe for recipe in RECIPES.values() if recipe.learner == name]
    if not recipes:
        return (
            "No recipe trains it yet. It learns any world that suits it:\n\n"
            f"```sh\npalestra train --algo {name} --env-id ENVIRONMENT\n```"
        )
    rows = [
        f"| `{r.id}` | {cell(r.source)} | {r.budget:,} {unit} | {cell(claim(r))} | {cell(spoken_record(r))} |"
        for r in recipes
    ]
    learned_from = "world" if recipes[0].env else "data"
    parts = ["\n".join([f"| recipe | {learned_from} | budget | claim | measured |", "|---|---|---|---|---|", *rows])]
    parts += [text for recipe in recipes if (text := record(recipe))]
    first = recipes[0].id
    commands = [f"palestra show {first}", f"palestra train {first}", f"palestra verify {first} --seeds 10"]
    return "\n\n".join([*parts, "```sh\n" + "\n".join(commands) + "\n```"])


def claim(recipe: Recipe) -> str:
    """What a recipe promises, in words."""
    if recipe.claim is None:
        return "none"
    c = recipe.claim
    metric = "mean return" if c.metric == "eval/return_mean" else f"`{c.metric}`"
    held_out = f"by {c.split} cross-validation" if c.split.endswith("-fold") else f"on the {c.split} split"
    counted = f"over {c.count} episodes" if recipe.paradigm == "rl" else held_out
    return f"{metric} {'≥' if c.direction == 'up' else '≤'} {c.threshold:,g} {counted} ({c.source})"


def record(recipe: Recipe) -> str:
    """Each seed's value of a recipe's record, and where it comes from; nothing without a record of today's recipe."""
    found = read_record(recipe)
    if found is None or not found.fresh:
        return ""
    values = ", ".join(f"{value:,.5g}" for value in found.values)
    facts = found.facts
    lines = [f"`{recipe.id}`, seed by seed: {values}. {facts['date']}, `{facts['command']}`."]
    if recipe.claim is not None and recipe.claim.split == "test":
        lines += [f"- The test set was used {len(found.values)} times for it: once a seed, after the last epoch."]
    lines += [f"- Tried besides: {note}" for note in facts.get("tried", [])]
    return "\n".join(lines)
