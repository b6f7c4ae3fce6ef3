"""``palestra verify``: whether recipes keep their claims, seed by seed."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, UseAppendAction, arg

from palestra.cli.adhoc import named, recipe_of
from palestra.cli.arguments import ADHOC_BUDGET, Imports, PoolName, Switch, assignments, check_writable, parse
from palestra.cli.output import make_console, print_json
from palestra.errors import UsageError, require
from palestra.pictures.numbers import duration, number
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import RECIPES, get_recipe
from palestra.trials.records import check_recordable
from palestra.trials.verdict import PROVISIONAL, Verdict, short_of

if TYPE_CHECKING:
    from rich.console import Console

    from palestra.trials.trial import Result
    from palestra.trials.verify import Verification


@dataclass(frozen=True)
class Args:
    """Train every seed of a recipe, of any algorithm on any environment or data (--algo with --env-id or --data), or of
    any estimator of scikit-learn or XGBoost (--estimator with --data), measure each, and say whether the claim is held.

    Exit status 0 if every claim is held, 1 if not (or too few seeds to say). What is finished is not trained again.
    """

    recipes: Annotated[Positional[tuple[str, ...]], arg(metavar="RECIPE")] = ()
    """Recipes, as `palestra list` shows them."""
    algo: Annotated[str | None, arg(help_behavior_hint="")] = None
    """Algorithm, for trainings without a recipe, which claim nothing."""
    env_id: Annotated[str | None, arg(help_behavior_hint="")] = None
    """Environment for --algo."""
    estimator: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None
    """Estimator, without a recipe: by scikit-learn's name, XGBClassifier or XGBRegressor, or a pipeline as JSON; its
    arguments with --set."""
    data: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None
    """Data set for --algo or --estimator: a name, or a table (.csv, .tsv) with --set dataset.kwargs.target=COLUMN."""
    total_timesteps: Annotated[
        int | None, arg(help_behavior_hint=f"(default: {ADHOC_BUDGET}, or the estimator's own rounds)")
    ] = None
    """Budget of each training, with --algo or --estimator."""
    settings: Annotated[UseAppendAction[tuple[str, ...]], arg(name="set", metavar="KEY=VALUE")] = ()
    """Any setting, with --algo or --estimator: gamma=0.98, world.num_envs=16, world.kwargs.gravity=9.8."""
    claimed: Switch = False
    """Every recipe that claims something; on one machine this takes days."""
    seeds: Annotated[int | None, arg(help_behavior_hint="(default: the claim's, mostly 10)")] = None
    """Seeds 0 to N-1; a verdict needs 5, a final one 10."""
    jobs: Annotated[int | None, arg(help_behavior_hint="(default: as many as there are cores for; 16 elsewhere)")] = (
        None
    )
    """Trainings side by side."""
    pool: PoolName = "local"
    together: Switch = False
    """As --pool together."""
    out: Path = Path("verify")
    """Folder of the runs, one below it for each recipe."""
    device: str = "auto"
    """Where to compute: auto, cpu, cuda, ..."""
    record: Switch = False
    """Write the result into the source's records, and into the table that `palestra list` reads."""
    tried: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="TEXT")] = ()
    """With --record: a note on what else was tried, kept beside the result."""
    imports: Imports = ()
    json: Switch = False
    """Print one JSON object as the last line; everything else goes to standard error."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra verify``; status 1 unless every claim is held, 128 + n after signal n."""
    args = parse(Args, argv, "verify")
    recipes = [get_recipe(name) for name in dict.fromkeys(args.recipes)]
    if args.claimed:
        require(not recipes, f"--claimed with {recipes[0].id if recipes else ''}", "one or the other")
        recipes = [recipe for recipe in RECIPES.values() if recipe.claim]
    given = [
        f"--{name}" for name, value in (("total-timesteps", args.total_timesteps), ("set", args.settings)) if value
    ]
    asked = named(args)
    if asked:
        first = next(iter(asked))
        require(not recipes, f"{first} with a recipe", "one or the other")
        if args.record:
            raise UsageError(f"--record with {first}; expected a recipe: records are of claims")
        recipes = [recipe_of(asked, args.total_timesteps, assignments(args.settings))]
    elif given:
        raise UsageError(
            f"{given[0]} without --algo or --estimator; a recipe is verified as it is: palestra train RECIPE --seeds N"
            " tries other settings"
        )
    require(bool(recipes), "nothing to verify", "a recipe (palestra list), --claimed, --algo or --estimator")
    require(args.seeds is None or args.seeds >= 1, f"--seeds {args.seeds}", "at least 1")
    require(args.seeds is None or args.seeds <= 10_000, f"--seeds {args.seeds}", "at most 10,000")
    require(args.jobs is None or args.jobs >= 1, f"--jobs {args.jobs}", "at least 1")
    require(args.jobs is None or args.jobs <= 1_024, f"--jobs {args.jobs}", "at most 1,024")
    if args.together and args.pool != "local":
        raise UsageError(f"--together with --pool {args.pool}; expected one or the other")
    if args.tried and not args.record:
        raise UsageError("--tried without --record; expected both: the note is kept in the record")
    if args.record:
        check_recordable()
    check_writable(args.out)
    from palestra.trials.opening import place_of  # import torch: after the cheap errors
    from palestra.trials.pool import TOGETHER
    from palestra.trials.verify import Stopped, side_by_side, verify, write_record

    pool = TOGETHER if args.together else args.pool
    width = side_by_side(recipes, args.jobs, pool)
    console = make_console(stderr=args.json)
    how = f"as one batch, {width} at a time" if pool.startswith(TOGETHER) else f"{width} side by side"
    console.print(f"{how}, in {args.out}; once stopped, the same command goes on", style="dim")
    status, tick = live(console)
    try:
        with status:
            done = verify(
                recipes, seeds=args.seeds, out=args.out, jobs=width, pool=place_of(pool), device=args.device,
                overrides=assignments(args.settings),
                tell=lambda recipe, result: print_result(console, recipe, result), tick=tick,
            )  # fmt: skip
    except Stopped as stop:
        console.print("stopped and saved; the same command goes on", style="yellow")
        return 128 + stop.signal
    for verification in done:
        print_verification(console, verification)
    records = []
    if args.record:
        records = [
            write_record(each, command=_command(each, pool), tried=args.tried)
            for each in done
            if each.verdict is not None
        ]
        for path in records:
            console.print(f"recorded in {path}", soft_wrap=True, markup=False)
    if args.json:
        print_json({"recipes": [verification_facts(each) for each in done], "records": records})
    return 0 if all(each.ok for each in done) else 1


def _command(done: "Verification", pool: str) -> str:
    """What anybody can repeat it with: without the folders and other recipes of the command that was given."""
    how = " --together" if pool.startswith("together") else ""
    return f"palestra verify {done.recipe.id} --seeds {len(done.trials)}{how} --record"


def live(console: "Console") -> tuple[AbstractContextManager[Any], Callable[[list[str]], None]]:
    """What shows what is being trained, on a terminal; nothing elsewhere."""
    if not console.is_terminal:
        return nullcontext(), lambda running: None
    status = console.status("training")
    return status, lambda running: status.update(", ".join(running) or "training")


def print_result(console: "Console", recipe: Recipe, result: "Result") -> None:
    """One line as a seed ends."""
    if result.value is None:
        said = f"failed: {result.error}"
    else:
        reached = "" if recipe.claim is None else "reached" if recipe.claim.reached_by(result.value) else "not reached"
        took = "there already" if result.reused else duration(result.seconds)
        note = "" if result.exact else "  (a resume was not exact)"
        note += f"  ({result.cut} episodes cut)" if result.cut else ""
        said = f"{number(result.value):>9}  {reached:12}{took}{note}"
    console.print(f"{recipe.id}  seed {result.seed:<3} {said}", soft_wrap=True, markup=False)


def print_verification(console: "Console", done: "Verification") -> None:
    """What all seeds of a recipe came to, figure by figure, and the verdict."""
    recipe, verdict = done.recipe, done.verdict

    def line(label: str, text: str) -> None:
        console.print(f"{label:10}{text}", soft_wrap=True, markup=False)

    console.print(f"\n[bold cyan]{recipe.id}[/]")
    if recipe.dataset:
        what = f"{done.metric} of the last checkpoint, {done.episodes or 'all'} rows held back"
    else:
        what = f"{done.metric} of the best checkpoint, {done.episodes} episodes in the reference environment"
    line("measured", what)
    if recipe.claim is None:
        line("claim", "none: points only")
    else:
        claim = recipe.claim
        line("claim", f"{claim.sign} {number(claim.threshold)} within {recipe.budget:,} {recipe.unit} ({claim.source})")
    line("points", ", ".join(number(trial.value) for trial in done.trials))
    cut = sum(trial.cut for trial in done.trials)
    if cut:
        line("cut", f"{cut} episodes, which had not ended: the points are of what had been reached by then")
    if verdict is None:
        failed = [str(trial.seed) for trial in done.trials if trial.value is None]
        console.print(f"{'verdict':10}[bold red]none: seed {', '.join(failed)} failed[/]; the same command tries again")
        return
    if verdict.iqm_interval is not None:
        low, high = map(number, verdict.iqm_interval)
        line("IQM", f"{number(verdict.iqm)}, 95% interval {low} to {high}")
    if verdict.share_interval is not None:
        low, high = (f"{end:.0%}" for end in verdict.share_interval)
        line("reached", f"by {verdict.reached} of {verdict.seeds} seeds; 95% interval {low} to {high} of all trainings")
    if recipe.optimum is not None:
        values = [trial.value for trial in done.trials if trial.value is not None]
        best = f"{number(recipe.optimum)}, by {recipe.optimum_source}"
        line("regret", f"{short_of(recipe.optimum, verdict, values)} of {best}")
    console.print(f"{'verdict':10}{_spoken(verdict)}")


def _spoken(verdict: Verdict) -> str:
    if verdict.evidence == "not enough":
        return f"[yellow]none: not enough evidence, {verdict.seeds} of at least {PROVISIONAL} seeds[/]"
    provisional = ", provisionally: fewer than 10 seeds" if verdict.evidence == "provisional" else ""
    if verdict.verdict is None:
        return "none: nothing is claimed"
    color = "green" if verdict.verdict == "held" else "red"
    return f"[bold {color}]{verdict.verdict}[/]{provisional}"


def verification_facts(done: "Verification") -> dict[str, Any]:
    """What all seeds of a recipe came to, for a program."""
    return {
        "recipe": done.recipe.id,
        "claim": vars(done.recipe.claim) if done.recipe.claim else None,
        "metric": done.metric,
        "episodes": done.episodes,
        "ok": done.ok,
        "trials": [asdict(trial) for trial in done.trials],
        "verdict": asdict(done.verdict) if done.verdict else None,
    }
