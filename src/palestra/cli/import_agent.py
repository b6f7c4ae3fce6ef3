"""``palestra import``: an agent of Stable-Baselines3 as one of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from palestra.cli.arguments import Imports, Switch, check_writable, parse
from palestra.cli.output import print_json
from palestra.envs.modules import plain_id
from palestra.errors import require


@dataclass(frozen=True)
class Args:
    """Save an agent of Stable-Baselines3 as one of ours, to be measured, exported, and trained on (`--from DIR`)."""

    file: Annotated[Positional[Path], arg(metavar="FILE")]
    """The zip that its `save` wrote."""
    folder: Annotated[Positional[Path], arg(metavar="DIR")]
    """Where to write; new or empty."""
    algo: Literal["ppo", "a2c", "dqn", "sac", "td3", "ddpg"]
    """The algorithm that wrote it, which the zip does not say."""
    env_id: str
    """The world, which the zip does not hold: any Gymnasium id, one of ours, or MODULE:ID."""
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
    from palestra.exports.publishing import publishing  # imports torch: after the cheap errors
    from palestra.imports.stable_baselines import import_agent

    agent = import_agent(args.file, args.algo, plain_id(args.env_id), trust_pickle=args.trust_pickle, seed=args.seed)
    try:
        with publishing(args.folder) as hidden:
            agent.save(hidden)
    finally:
        agent.close()
    if args.json:
        print_json({"folder": args.folder, "file": args.file, "algo": args.algo, "env": agent.source.id})
        return 0
    print(f"wrote {args.folder}: {args.algo} on {agent.source.id}, which acts as {args.file} does")
    print(f"next  palestra eval {args.folder}")
    return 0
