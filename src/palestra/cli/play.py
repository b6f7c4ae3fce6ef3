"""``palestra play``: a film of a trained agent."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from palestra.cli.arguments import Imports, Switch, check_is_saved, parse
from palestra.cli.output import make_console, print_json
from palestra.errors import require
from palestra.pictures.numbers import number

MOST = 10_000
"""Episodes of a film."""


@dataclass(frozen=True)
class Args:
    """Film a trained agent in the reference environment; the video lies in the run's folder."""

    run: Annotated[Positional[str], arg(metavar="RUN")]
    """A run's folder or id, or a folder that `agent.save` wrote."""
    episodes: int = 1
    """How many."""
    seed: int = 0
    """Of the episodes."""
    which: Literal["best", "last"] = "best"
    """The checkpoint of the best evaluation during training, or the last one."""
    before: Switch = False
    """To the left of it, the same agent before training, in the same episodes."""
    out: Path = Path("runs")
    """Folder of the runs."""
    device: str | None = None
    """Where to compute, if not where it was trained: cpu, cuda, ..."""
    imports: Imports = ()
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra play``."""
    from palestra.trials.film import make_film  # imports torch

    args = parse(Args, argv, "play")
    require(args.episodes >= 1, f"--episodes {args.episodes}", "at least 1")
    require(args.episodes <= MOST, f"--episodes {args.episodes}", f"at most {MOST:,}")
    require(args.seed >= 0, f"--seed {args.seed}", "0 or more")
    require(args.seed < 2**63, f"--seed {args.seed}", "less than 2^63")
    check_is_saved(args.run, args.out)
    done = make_film(
        args.run,
        out=args.out,
        episodes=args.episodes,
        seed=args.seed,
        which=args.which,
        before=args.before,
        device=args.device,
    )
    if args.json:
        print_json({"run": args.run, **vars(done)})
        return 0
    console = make_console()
    console.print(f"return  {', '.join(map(number, done.returns))}")
    console.print(f"video   {done.video}", soft_wrap=True)
    return 0
