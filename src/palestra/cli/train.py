"""``palestra train``: train a recipe, or any algorithm on any environment, or go on with a run."""

import dataclasses
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, UseAppendAction, arg

from palestra.cli.arguments import Switch, assignments, check_is_saved, check_writable, json_object, parse
from palestra.cli.output import print_json
from palestra.errors import PalestraError, UsageError, require
from palestra.learners.registry import LEARNERS
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import get_recipe

if TYPE_CHECKING:
    from palestra.trials.train import Outcome

ADHOC_BUDGET = 100_000
"""Environment steps of a training without a recipe."""


@dataclass(frozen=True)
class Args:
    """Train a recipe, or any algorithm on any environment (--algo with --env-id), or go on with a run (--resume)."""

    recipe: Annotated[Positional[str | None], arg(metavar="[RECIPE]", help_behavior_hint="")] = None
    """A recipe, as `palestra list` shows them."""
    algo: Annotated[str | None, arg(help_behavior_hint=f"({', '.join(LEARNERS)})")] = None
    """Algorithm, to train without a recipe."""
    env_id: Annotated[str | None, arg(help_behavior_hint="")] = None
    """Environment for --algo: any Gymnasium id, or one of ours."""
    resume: Annotated[str | None, arg(metavar="RUN", help_behavior_hint="")] = None
    """Go on with a run that was interrupted, by its folder or id; it keeps its configuration."""
    settings: Annotated[UseAppendAction[tuple[str, ...]], arg(name="set", metavar="KEY=VALUE")] = ()
    """A setting of the algorithm, as `palestra show` names them."""
    total_timesteps: Annotated[
        int | None, arg(aliases=["--budget"], help_behavior_hint=f"(default: the recipe's; {ADHOC_BUDGET} with --algo)")
    ] = None
    """Environment steps to train for."""
    seed: int = 0
    """Every random number derives from it."""
    device: str = "auto"
    """Where to compute: auto, cpu, cuda, cuda:1, mps."""
    num_envs: Annotated[int | None, arg(help_behavior_hint="(default: the recipe's, or the algorithm's)")] = None
    """Copies of the environment, stepped side by side."""
    backend: Annotated[str | None, arg(help_behavior_hint="(default: the recipe's)")] = None
    """What steps them: auto, torch (batched tensors), sync (this process), async (worker processes), envpool."""
    env_kwargs: Annotated[str | None, arg(metavar="JSON", help_behavior_hint="")] = None
    """Arguments of the environment, as a JSON object."""
    target: Annotated[float | None, arg(help_behavior_hint="(default: the recipe's)")] = None
    """Stop early when an evaluation reaches this score."""
    eval_every: Annotated[int | None, arg(help_behavior_hint="(default: the recipe's, or ten in all)")] = None
    """Environment steps between evaluations."""
    eval_count: Annotated[int | None, arg(help_behavior_hint="(default: 20)")] = None
    """Episodes of each evaluation."""
    checkpoint_every: Annotated[float | None, arg(help_behavior_hint="(default: 30)")] = None
    """Seconds between checkpoints."""
    threads: Annotated[int | None, arg(help_behavior_hint="(default: the recipe's)")] = None
    """PyTorch threads; small networks are fastest with one."""
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


_WITH_RESUME = {"resume", "out", "plots", "video", "quiet", "json"}
"""Options that a run which is resumed takes; all others stand in its configuration."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra train``; status 1 if the recipe's claim is not reached, 128 + n after signal n."""
    args = parse(Args, argv, "train")
    outcome = _outcome(args)
    interrupted = outcome.ending == "interrupted"
    plots = [] if interrupted or not args.plots else _draw(Path(outcome.path))
    video = None if interrupted or not args.video else _film(Path(outcome.path))
    if not args.quiet:
        from palestra.cli.summary import print_summary

        print_summary(outcome, args.out, plots, video, stderr=args.json)
    if args.json:
        print_json({**dataclasses.asdict(outcome), "plots": plots, "video": video})
    if interrupted:
        return 128 + (outcome.signal or signal.SIGINT)
    return 0 if outcome.claim is None or outcome.claim["reached"] else 1


def _outcome(args: Args) -> "Outcome":
    start = _start if args.resume is None else _resume
    training = start(args)
    from palestra.trials.train import Interrupted  # imports torch: after the cheap errors

    try:
        return training()
    except Interrupted as stop:
        return stop.outcome


def _start(args: Args) -> "Callable[[], Outcome]":
    recipe = _recipe(args)
    require(args.seed >= 0, f"--seed {args.seed}", "0 or more")
    settings = assignments(args.settings)
    env_kwargs = json_object(args.env_kwargs, "--env-kwargs")
    check_writable(args.out)
    from palestra.trials.train import train  # imports torch: after the cheap errors

    if args.video:
        from palestra.envs.world import World
        from palestra.pictures.frames import draw_without_screen, make_film_env

        draw_without_screen()
        make_film_env(World(recipe.env, kwargs=env_kwargs or {})).close()  # say so now, not after an hour
    return lambda: train(
        recipe,
        seed=args.seed,
        out=args.out,
        device=args.device,
        num_envs=args.num_envs,
        backend=args.backend,
        env_kwargs=env_kwargs,
        settings=settings,
        threads=args.threads,
        progress=not args.quiet,
        budget=args.total_timesteps,
        target=args.target,
        eval_every=args.eval_every,
        eval_count=args.eval_count,
        checkpoint_every=args.checkpoint_every,
    )


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

    return adhoc_recipe(args.algo, args.env_id, ADHOC_BUDGET if args.total_timesteps is None else args.total_timesteps)


def _resume(args: Args) -> "Callable[[], Outcome]":
    for field in dataclasses.fields(Args):
        given: Any = getattr(args, field.name)
        if given != field.default and field.name not in _WITH_RESUME:
            name = {"recipe": f"recipe {args.recipe}", "settings": "--set"}.get(
                field.name, f"--{field.name.replace('_', '-')}"
            )
            raise UsageError(f"--resume {args.resume} given with {name}; a run keeps the configuration it began with")
    assert args.resume is not None
    check_is_saved(args.resume, args.out)
    from palestra.trials.train import resume  # imports torch

    run = args.resume
    return lambda: resume(run, out=args.out, progress=not args.quiet)


def _draw(run: Path) -> list[Path]:
    from palestra.pictures.curves import draw_curves
    from palestra.trials.saved import draw_learned

    try:
        return [*draw_curves(run), *draw_learned(run)]
    except PalestraError as error:  # the training is done and saved; a picture does not undo it
        print(f"palestra: no plots: {error}", file=sys.stderr)
        return []


def _film(run: Path) -> Path | None:
    from palestra.trials.film import make_film

    try:
        return make_film(run, out=run.parent).video
    except PalestraError as error:
        print(f"palestra: no video: {error}", file=sys.stderr)
        return None
