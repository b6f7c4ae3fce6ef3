"""``palestra eval``: how good a trained agent is, in Gymnasium's own environment."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from palestra.cli.arguments import Switch, check_is_saved, parse
from palestra.cli.output import make_console, print_json
from palestra.errors import require
from palestra.pictures.numbers import number


@dataclass(frozen=True)
class Args:
    """Measure a trained agent: greedy returns over whole episodes in the reference environment."""

    run: Annotated[Positional[str], arg(metavar="RUN")]
    """A run's folder or id, or a folder that `agent.save` wrote."""
    episodes: int = 100
    """How many."""
    seed: int = 0
    """Of the episodes; training never saw them, whatever the seed."""
    which: Literal["best", "last"] = "best"
    """The checkpoint of the best evaluation during training, or the last one."""
    out: Path = Path("runs")
    """Folder of the runs."""
    device: str | None = None
    """Where to compute, if not where it was trained: cpu, cuda, ..."""
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra eval``."""
    args = parse(Args, argv, "eval")
    require(args.episodes >= 1, f"--episodes {args.episodes}", "at least 1")
    require(args.seed >= 0, f"--seed {args.seed}", "0 or more")
    check_is_saved(args.run, args.out)
    from palestra.engine import seeding  # these import torch: after the cheap errors
    from palestra.ops.statistics import mean_interval
    from palestra.trials.saved import load

    agent = load(args.run, out=args.out, which=args.which, device=args.device)
    try:
        result = agent.evaluate(episodes=args.episodes, seed=seeding.derive(args.seed, "evaluate"), reference=True)
    finally:
        agent.close()
    mean, low, high = mean_interval(result.samples)
    length = result.metrics.get("eval/length_mean")
    if args.json:
        print_json(
            {
                "run": args.run,
                "metric": agent.headline,
                "env": agent.source.id,
                "reference": True,
                "which": args.which,
                "step": agent.clock,
                "seed": args.seed,
                "episodes": len(result.samples),
                "mean": mean,
                "ci95": [low, high],
                "length_mean": length,
                "returns": result.samples.tolist(),
            }
        )
        return 0
    console = make_console()
    interval = f"  (95% interval {number(low)} to {number(high)})" if len(result.samples) > 1 else ""
    name = "mean return" if agent.headline == "eval/return_mean" else agent.headline
    console.print(f"{name:11}  [bold]{number(mean)}[/]{interval}")
    console.print(f"range        {number(float(result.samples.min()))} to {number(float(result.samples.max()))}")
    if length is not None:
        console.print(f"episodes     {args.episodes}, {number(length)} steps each on average")
    console.print(f"of           {args.run}, {args.which} checkpoint, at step {agent.clock:,}", soft_wrap=True)
    if length is not None:
        console.print(f"in           {agent.source.id}, as Gymnasium made it")
    return 0
