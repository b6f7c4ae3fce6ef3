"""``palestra train``: train a recipe, or any algorithm on any environment, or go on with a run."""

import dataclasses
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_origin, get_type_hints

from tyro.conf import Positional, UseAppendAction, arg

from palestra.cli.arguments import Imports, Switch, assignments, check_is_saved, check_writable, json_object, parse
from palestra.cli.output import print_json
from palestra.engine.settings import TrainSettings, field_docs
from palestra.envs.ids import plain_id
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.registry import LEARNERS
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import get_recipe

if TYPE_CHECKING:
    from palestra.trials.train import Outcome

ADHOC_BUDGET = 100_000
"""Environment steps of a training without a recipe."""
FLAGS = {
    "total_timesteps": "training.budget",
    "seed": "training.seed",
    "device": "training.device",
    "threads": "training.threads",
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
    """Train a recipe, or any algorithm on any environment (--algo with --env-id), or go on with a run (--resume)."""

    recipe: Annotated[Positional[str | None], arg(metavar="[RECIPE]", help_behavior_hint="")] = None
    """A recipe, as `palestra list` shows them."""
    algo: Annotated[str | None, arg(help_behavior_hint=f"({', '.join(LEARNERS)})")] = None
    """Algorithm, to train without a recipe."""
    env_id: Annotated[str | None, arg(help_behavior_hint="")] = None
    """Environment for --algo: any Gymnasium id, one of ours, or MODULE:ID, as --import MODULE with that id."""
    resume: Annotated[str | None, arg(metavar="RUN", help_behavior_hint="")] = None
    """Go on with a run that was interrupted, by its folder or id; it keeps its configuration."""
    settings: Annotated[UseAppendAction[tuple[str, ...]], arg(name="set", metavar="KEY=VALUE")] = ()
    """Any setting, as `palestra show` names them: gamma=0.98, learner.gamma=0.98, world.kwargs.gravity=9.8."""
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
    outcome = _train(args) if args.resume is None else _resume(args, args.resume)
    for why in outcome.undrawn:
        print(f"palestra: {why}", file=sys.stderr)
    if not args.quiet:
        from palestra.cli.summary import print_summary

        print_summary(outcome, args.out, stderr=args.json)
    if args.json:
        print_json(dataclasses.asdict(outcome))
    if outcome.ending == "interrupted":
        return 128 + (outcome.signal or signal.SIGINT)
    return 0 if outcome.claim is None or outcome.claim["reached"] else 1


def _train(args: Args) -> "Outcome":
    recipe, overrides = _recipe(args), _overrides(args)
    check_writable(args.out)
    from palestra.trials.train import Interrupted, train  # imports torch: after the cheap errors

    try:
        return train(recipe, overrides, out=args.out, progress=not args.quiet, plots=args.plots, video=args.video)
    except Interrupted as stop:
        return stop.outcome


def _resume(args: Args, run: str) -> "Outcome":
    for option, given in (("recipe " + str(args.recipe), args.recipe), *_given(args)):
        if given is not None:
            raise UsageError(f"--resume {run} given with {option}; a run keeps the configuration it began with")
    check_is_saved(run, args.out)
    from palestra.trials.train import Interrupted, resume  # imports torch

    try:
        return resume(run, out=args.out, progress=not args.quiet, plots=args.plots, video=args.video)
    except Interrupted as stop:
        return stop.outcome


def _overrides(args: Args) -> dict[str, Any]:
    """What was said on the command line over the recipe: the options last."""
    flags = {FLAGS[name]: value for name, value in vars(args.flags).items() if value is not None}
    if "world.kwargs" in flags:
        flags["world.kwargs"] = json_object(flags["world.kwargs"], "--env-kwargs")
    return {**assignments(args.settings), **flags}


def _given(args: Args) -> list[tuple[str, Any]]:
    """Options that stand in a run's configuration, each with what was given, or None."""
    named = {"algo": args.algo, "env_id": args.env_id, "set": args.settings or None, **vars(args.flags)}
    return [(f"--{name.replace('_', '-')}", value) for name, value in named.items()]


def _recipe(args: Args) -> Recipe:
    if args.recipe is not None:
        if args.algo is not None or args.env_id is not None:
            raise UsageError(f"recipe {args.recipe} given with --algo or --env-id; expected one or the other")
        return get_recipe(args.recipe)
    if args.algo is None and args.env_id is None:
        raise UsageError("nothing to train; expected a recipe (palestra list), or --algo and --env-id, or --resume RUN")
    if args.algo is None or args.env_id is None:
        given, missing = ("--algo", "--env-id") if args.env_id is None else ("--env-id", "--algo")
        raise UsageError(f"{given} without {missing}; expected both, e.g. --algo ppo --env-id CartPole-v1")
    from palestra.trials.plan import adhoc_recipe  # imports torch

    budget = args.flags.total_timesteps
    return adhoc_recipe(args.algo, plain_id(args.env_id), ADHOC_BUDGET if budget is None else budget)
