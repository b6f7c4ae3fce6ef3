"""``palestra import``: an agent of Stable-Baselines3, or an estimator of scikit-learn, as one of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from palestra.cli.arguments import Imports, Switch, check_writable, parse
from palestra.cli.output import print_json
from palestra.envs.modules import plain_id
from palestra.errors import UsageError, require

if TYPE_CHECKING:  # which imports torch
    from palestra.engine.learner import Learner


@dataclass(frozen=True)
class Args:
    """Save an agent of Stable-Baselines3 as one of ours, to be measured, exported, and trained on (`--from DIR`), or a
    fitted estimator of scikit-learn that skops wrote (`--data NAME`), to be measured and exported.
    """

    file: Annotated[Positional[Path], arg(metavar="FILE")]
    """The zip that its `save` wrote, or the file that `skops.io.dump` wrote."""
    folder: Annotated[Positional[Path], arg(metavar="DIR")]
    """Where to write; new or empty."""
    algo: Annotated[Literal["ppo", "a2c", "dqn", "sac", "td3", "ddpg"] | None, arg(help_behavior_hint="")] = None
    """The algorithm that wrote it, which the zip does not say."""
    env_id: Annotated[str | None, arg(metavar="ID", help_behavior_hint="")] = None
    """The world, which the zip does not hold: any Gymnasium id, one of ours, or MODULE:ID."""
    data: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None
    """The data set that an estimator is measured on, which its file does not hold, as `palestra data ls` shows them."""
    trust_pickle: Switch = False
    """Read the zip, which can run any code that its maker put into it."""
    seed: int = 0
    """Of what it draws from now on."""
    imports: Imports = ()
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra import``."""
    args = parse(Args, argv, "import")
    require(0 <= args.seed < 2**63, f"--seed {args.seed}", "0 or more, and less than 2^63")
    check_writable(args.folder, "DIR")
    learner = _imported(args)
    from palestra.exports.publishing import publishing

    try:
        with publishing(args.folder) as hidden:
            learner.save(hidden)
    finally:
        learner.close()
    if args.json:
        kind = "data" if args.data else "env"
        print_json({"folder": args.folder, "file": args.file, "algo": learner.name, kind: learner.source.id})
        return 0
    does = "predicts" if args.data else "acts"
    print(f"wrote {args.folder}: {learner.name} on {learner.source.id}, which {does} as {args.file} does")
    print(f"next  palestra eval {args.folder}")
    return 0


def _imported(args: Args) -> "Learner":
    """What is in the file, as one of ours."""
    given = [name for name in ("algo", "env_id", "data") if getattr(args, name) is not None]
    if given == ["data"] and args.data is not None:
        require(not args.trust_pickle, "--trust-pickle with --data", "it alone: no pickle of a skops file is read")
        from palestra.imports.scikit_learn import import_estimator

        return import_estimator(args.file, args.data, seed=args.seed)
    named = " and ".join(f"--{name.replace('_', '-')}" for name in given) or "neither"
    expected = "--algo and --env-id for a zip of Stable-Baselines3, or --data for a file of skops"
    if args.algo is None or args.env_id is None or args.data is not None:
        raise UsageError(f"{args.file} with {named}; expected {expected}")
    from palestra.imports.stable_baselines import import_agent

    return import_agent(args.file, args.algo, plain_id(args.env_id), trust_pickle=args.trust_pickle, seed=args.seed)
