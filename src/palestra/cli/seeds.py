"""``palestra train ... --seeds N``: several seeds of one training, side by side."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from palestra.cli.output import make_console, print_json
from palestra.cli.verify import live, print_result, print_verification, verification_facts
from palestra.errors import PalestraError
from palestra.recipes.recipe import Recipe


def train_them(
    recipe: Recipe,
    overrides: Mapping[str, Any],
    *,
    seeds: int,
    jobs: int | None,
    together: bool,
    out: Path,
    plots: bool,
    quiet: bool,
    json: bool,
) -> int:
    """Train and measure them, print a line each and what they come to, and draw them together.

    Returns the exit status: 1 if one of them failed or did not reach the claim, 128 + n after signal n.
    """
    from palestra.trials.compare import compare_runs, draw  # import torch
    from palestra.trials.pool import LOCAL, TOGETHER
    from palestra.trials.seeds import train_seeds
    from palestra.trials.verify import Stopped, side_by_side

    console = make_console(stderr=json)
    console.quiet = quiet
    settings = dict(overrides)
    first = max(int(settings.pop(name, 0)) for name in ("training.seed", "seed"))
    pool = TOGETHER if together else LOCAL
    width = side_by_side([recipe], jobs, pool)
    how = f"as one batch, {width} at a time" if together else f"{width} side by side"
    console.print(f"{how}, in {out}; once stopped, the same command goes on", style="dim")
    status, tick = live(console)
    try:
        with status:
            done = train_seeds(
                recipe, settings, seeds=seeds, first=first, out=out, jobs=jobs, pool=pool,
                tell=lambda recipe, result: print_result(console, recipe, result), tick=tick,
            )  # fmt: skip
    except Stopped as stop:
        console.print("stopped and saved; the same command goes on", style="yellow")
        return 128 + stop.signal
    print_verification(console, done)
    picture = None
    runs = [Path(trial.run) for trial in done.trials if trial.run is not None]
    if plots and runs:
        path = out / f"{recipe.task}-{recipe.method}-s{first}-to-s{first + seeds - 1}.png"
        try:
            picture = draw(compare_runs({recipe.id: runs}), path)
            console.print(f"plot      {picture}", markup=False, soft_wrap=True)
        except PalestraError as error:  # they are trained and saved; a picture does not undo it
            console.print(f"no plot: {error}", style="yellow", markup=False, soft_wrap=True)
    if json:
        print_json({**verification_facts(done), "runs": runs, "plot": picture})
    claim = done.recipe.claim
    kept = (trial.value is not None and (claim is None or claim.reached_by(trial.value)) for trial in done.trials)
    return 0 if all(kept) else 1
