"""``palestra train``: train a recipe, or any algorithm or estimator on what it learns from, or go on with a run."""

import dataclasses
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_origin, get_type_hints

from tyro.conf import Positional, UseAppendAction, arg

from palestra.cli.adhoc import named, recipe_of
from palestra.cli.arguments import (
    ADHOC_BUDGET,
    Imports,
    Switch,
    assignments,
    check_is_saved,
    check_writable,
    json_object,
    parse,
)
from palestra.cli.output import print_json
from palestra.cli.ranks import ranks_of, with_devices
from palestra.engine.settings import TrainSettings, field_docs
from palestra.envs.modules import plain_id
from palestra.envs.world import World
from palestra.errors import UsageError, require
from palestra.learners.registry import LEARNERS
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import get_recipe

if TYPE_CHECKING:
    from palestra.engine.ranks import Ranks
    from palestra.trials.train import Outcome

FLAGS = {
    "total_timesteps": "training.budget",
    "seed": "training.seed",
    "device": "training.device",
    "threads": "training.threads",
    "devices": "training.devices",
    "num_envs": "world.num_envs",
    "backend": "world.backend",
    "env_kwargs": "world.kwargs",
    "target": "training.target",
    "target_metric": "training.target_metric",
    "target_direction": "training.target_direction",
    "patience": "training.patience",
    "eval_every": "training.eval_every",
    "eval_count": "training.eval_count",
    "checkpoint_every": "training.checkpoint_every",
    "keep_every": "training.keep_every",
}
"""Settings that have an option of their own. Its type and its help are those of the field."""


def _options() -> Iterator[tuple[str, Any, Any]]:
    """A dataclass's fields: an option for each of ``FLAGS``, None unless it is given."""
    ours = {spec.name for spec in dataclasses.fields(Recipe)}
    for flag, place in FLAGS.items():
        part, name = place.split(".")
        cls: type[Any] = {"world": World, "training": TrainSettings}[part]
        hint = get_type_hints(cls)[name]
        text: dict[str, Any] = {"help": field_docs(cls)[name], "help_behavior_hint": "(default: the recipe's)"}
        if get_origin(hint) is dict:
            hint, text["metavar"], text["help_behavior_hint"] = str, "JSON", ""
        if name not in ours and "metavar" not in text:
            text["help_behavior_hint"] = f"(default: {cls.__dataclass_fields__[name].default})"
        if name == "budget":
            text |= {
                "aliases": ["--budget"],
                "help_behavior_hint": f"(default: the recipe's; {ADHOC_BUDGET} with --algo)",
            }
        yield flag, Annotated[hint | None, arg(**text)], None


if TYPE_CHECKING:
    Flags = Any
else:
    Flags = dataclasses.make_dataclass("Flags", _options(), frozen=True)
    Flags.__doc__ = "Settings of the training."


@dataclass(frozen=True)
class Args:
    """Train a recipe, or any algorithm on any environment or data (--algo with --env-id or --data), or any estimator of
    scikit-learn or XGBoost (--estimator with --data), or go on with a run (--resume).
    """

    recipe: Annotated[Positional[str | None], arg(metavar="[RECIPE]", help_behavior_hint="")] = None
    """A recipe, as `palestra list` shows them."""
    algo: Annotated[str | None, arg(help_behavior_hint=f"({', '.join(LEARNERS)})")] = None
    """Algorithm, to train without a recipe."""
    env_id: Annotated[str | None, arg(help_behavior_hint="")] = None
    """Environment for --algo: any Gymnasium id, one of ours, or MODULE:ID, as --import MODULE with that id."""
    estimator: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None
    """Estimator, to train without a recipe: by scikit-learn's name, XGBClassifier or XGBRegressor, or a pipeline as
    JSON; its arguments with --set."""
    data: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None
    """Data set for --algo or --estimator: a name, as `palestra data ls` shows them, or a table (.csv, .tsv) with --set
    dataset.kwargs.target=COLUMN."""
    resume: Annotated[str | None, arg(metavar="RUN", help_behavior_hint="")] = None
    """Go on with a run, by its folder or id: to its end, or further with --total-timesteps; it keeps its settings."""
    start: Annotated[str | None, arg(name="from", metavar="RUN", help_behavior_hint="")] = None
    """Begin a new run with what another one learned: in another world of the same spaces (--env-id), with other
    settings, copies or seed."""
    allow_inexact: Switch = False
    """With --resume: other settings or another device, which the run then records."""
    settings: Annotated[UseAppendAction[tuple[str, ...]], arg(name="set", metavar="KEY=VALUE")] = ()
    """Any setting, as `palestra show` names them: gamma=0.98, learner.gamma=0.98, world.kwargs.gravity=9.8."""
    seeds: Annotated[int | None, arg(metavar="N", help_behavior_hint="")] = None
    """Train N seeds, from --seed on, each a run of its own; measure each, and draw them together."""
    jobs: Annotated[int | None, arg(help_behavior_hint="(default: as many as there are cores for)")] = None
    """With --seeds: trainings side by side."""
    together: Switch = False
    """With --seeds: as one batch in this process; for small networks and tables, which alone leave a machine idle."""
    flags: Annotated[Flags, arg(name="")] = field(default_factory=lambda: Flags())
    """Settings that have an option of their own."""
    imports: Imports = ()
    out: Path = Path("runs")
    """Folder of the runs."""
    plots: bool = True
    """Draw the learning curves at the end."""
    video: bool = False
    """Film the trained agent at the end."""
    quiet: Switch = False
    """No progress and no summary."""
    json: Switch = False
    """Print one JSON object as the last line; everything else goes to standard error."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra train``; status 1 if the recipe's claim is not reached, 128 + n after signal n."""
    args = parse(Args, argv, "train")
    if args.seeds is not None or args.jobs is not None or args.together:
        return _several(args)
    begun = args.start if args.resume is None and args.start and asked_recipe(args) is None else args.resume
    with ranks_of(overrides_of(args), begun, args.out, argv) as ranks:
        if ranks is not None and ranks.rank > 0:
            return _beside(args, ranks)
        outcome = _train(args, ranks) if args.resume is None else _resume(args, args.resume, ranks)
    for why in outcome.undrawn:
        print(f"palestra: {why}", file=sys.stderr)
    if not args.quiet:
        from palestra.cli.summary import print_summary

        print_summary(outcome, stderr=args.json)
    if args.json:
        print_json(dataclasses.asdict(outcome))
    if outcome.ending == "interrupted":
        return 128 + (outcome.signal or signal.SIGINT)
    return 0 if outcome.claim is None or outcome.claim["reached"] else 1


def _several(args: Args) -> int:
    """Several seeds."""
    if args.seeds is None:
        several = "--together" if args.together else f"--jobs {args.jobs}"
        raise UsageError(f"{several} without --seeds N; expected both: one training is one process")
    if args.start is not None:
        raise UsageError(
            f"--seeds {args.seeds} given with --from {args.start}; seeds show the luck of whole trainings, and what"
            " one run learned would be in all of these; expected one seed a command, `--from RUN --seed S`"
        )
    if args.together and args.jobs is not None:
        raise UsageError(f"--together with --jobs {args.jobs}; expected one or the other: a batch is one process")
    shared = f"--devices {args.flags.devices}" if (args.flags.devices or 1) > 1 else None
    for option, given in (("--resume", args.resume), ("--video", args.video or None), (shared, shared)):
        if given is not None:
            raise UsageError(f"--seeds {args.seeds} given with {option}; expected one or the other")
    require(args.seeds >= 1, f"--seeds {args.seeds}", "at least 1")
    require(args.jobs is None or args.jobs >= 1, f"--jobs {args.jobs}", "at least 1")
    recipe = asked_recipe(args)
    assert recipe is not None  # as it is without --from
    check_writable(args.out)
    from palestra.cli.seeds import train_them

    return train_them(
        recipe, overrides_of(args), seeds=args.seeds, jobs=args.jobs, together=args.together, out=args.out,
        plots=args.plots, quiet=args.quiet, json=args.json,
    )  # fmt: skip


def _asked(args: Args, ranks: "Ranks | None") -> tuple[Recipe | None, dict[str, Any]]:
    """What to train, and what was said over it."""
    recipe, overrides = asked_recipe(args), with_devices(overrides_of(args), ranks)
    if args.start is not None and recipe is None and args.env_id is not None:
        overrides["world.id"] = plain_id(args.env_id)
    return recipe, overrides


def _beside(args: Args, ranks: "Ranks") -> int:
    """Take part in what rank 0 does."""
    from palestra.trials.beside import resume_beside, train_beside

    if args.resume is None:
        recipe, overrides = _asked(args, ranks)
        result = train_beside(ranks, recipe, overrides, out=args.out, start_from=args.start)
    else:
        overrides = with_devices(overrides_of(args), ranks)
        budget = overrides.pop("training.budget", None)
        result = resume_beside(
            ranks, args.resume, overrides, total_timesteps=budget, allow_inexact=args.allow_inexact, out=args.out
        )
    return 128 + (result.signal or signal.SIGINT) if result.ending == "interrupted" else 0


def _train(args: Args, ranks: "Ranks | None") -> "Outcome":
    if args.allow_inexact:
        raise UsageError("--allow-inexact without --resume RUN; expected both: a new run is what it is asked to be")
    recipe, overrides = _asked(args, ranks)
    if args.start is not None:
        check_is_saved(args.start, args.out)
    check_writable(args.out)
    from palestra.trials.train import Interrupted, train  # imports torch: after the cheap errors

    try:
        return train(
            recipe, overrides, out=args.out, progress=not args.quiet, plots=args.plots, video=args.video,
            start_from=args.start, **_given(ranks),
        )  # fmt: skip
    except Interrupted as stop:
        return stop.outcome


def _given(ranks: "Ranks | None") -> dict[str, Any]:
    return {} if ranks is None else {"ranks": ranks}


def _resume(args: Args, run: str, ranks: "Ranks | None") -> "Outcome":
    named = (
        ("recipe " + str(args.recipe), args.recipe),
        ("--algo", args.algo),
        ("--env-id", args.env_id),
        ("--estimator", args.estimator),
        ("--data", args.data),
        ("--from", args.start),
    )
    for option, given in named:
        if given is not None:
            raise UsageError(
                f"--resume {run} given with {option}; a run keeps the configuration it began with; expected --from "
                f"{run}, which begins a new run from what it learned"
            )
    check_is_saved(run, args.out)
    overrides = with_devices(overrides_of(args), ranks)
    budget = overrides.pop("training.budget", None)
    from palestra.trials.train import Interrupted, resume  # imports torch

    try:
        return resume(
            run, overrides, total_timesteps=budget, allow_inexact=args.allow_inexact, out=args.out,
            progress=not args.quiet, plots=args.plots, video=args.video, **_given(ranks),
        )  # fmt: skip
    except Interrupted as stop:
        return stop.outcome


def overrides_of(args: Args) -> dict[str, Any]:
    """What was said on the command line over the recipe: the options last."""
    flags = {FLAGS[name]: value for name, value in vars(args.flags).items() if value is not None}
    if "world.kwargs" in flags:
        flags["world.kwargs"] = json_object(flags["world.kwargs"], "--env-kwargs")
    return {**assignments(args.settings), **flags}


def asked_recipe(args: Args) -> Recipe | None:
    """What to train; None for what the run that is begun from was asked for."""
    given = named(args)
    if args.recipe is not None:
        if given:
            raise UsageError(f"recipe {args.recipe} given with {' and '.join(given)}; expected one or the other")
        return get_recipe(args.recipe)
    if args.start is not None and given.keys() <= {"--env-id"}:
        return None
    if not given:
        raise UsageError(
            "nothing to train; expected a recipe (palestra list), --algo and --env-id, --estimator and --data,"
            " --resume RUN or --from RUN"
        )
    return recipe_of(given, args.flags.total_timesteps, overrides_of(args))
