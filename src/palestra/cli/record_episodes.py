"""``palestra record-episodes``: what trained agents do, step by step, as a file to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from palestra.cli.arguments import Imports, Switch, check_is_saved, check_writable, parse
from palestra.cli.output import make_console, make_table, print_json
from palestra.errors import UsageError, require
from palestra.pictures.numbers import number

MOST = 1_000_000
"""Episodes of each run."""


@dataclass(frozen=True)
class Args:
    """Let trained agents play and write their episodes into one file: observations, actions, rewards, ends. Several
    runs of one world make mixed data. `--set data=FILE` learns from it by behaviour cloning, TD3+BC or a decision
    transformer, `--set demonstrations=FILE` beside what SAC or TD3 do themselves.
    """

    runs: Annotated[Positional[tuple[str, ...]], arg(metavar="RUN")]
    """Runs of agents in one world: folders or ids, or folders that `agent.save` wrote."""
    to: Path = Path("episodes.npz")
    """The file, or the folder."""
    layout: Literal["npz", "lerobot"] = "npz"
    """One file of NumPy arrays, or a folder of Parquet and JSON as LeRobot 3.0 has it; what is learned is the same."""
    fps: int = 10
    """Steps of a second, for LeRobot."""
    episodes: int = 100
    """How many of each run."""
    seed: int = 0
    """Of the episodes."""
    sample: Switch = False
    """Draw actions as while it learned, rather than take the greedy ones."""
    random_share: float = 0.0
    """Share of the actions that are drawn uniformly instead."""
    max_steps: int = 0
    """Steps after which an episode is cut; 0 for the world's time limit, 10,000 where it has none."""
    which: Literal["best", "last"] = "best"
    """The checkpoint of the best evaluation during training, or the last one."""
    out: Path = Path("runs")
    """Folder of the runs."""
    device: str | None = None
    """Where to compute, if not where it was trained: cpu, cuda, ..."""
    imports: Imports = ()
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra record-episodes``."""
    args = parse(Args, argv, "record-episodes")
    require(len(args.runs) > 0, "no RUN", "a run of an agent, or several")
    require(1 <= args.episodes <= MOST, f"--episodes {args.episodes}", f"1 to {MOST:,}")
    require(0 <= args.seed < 2**63, f"--seed {args.seed}", "0 or more, less than 2^63")
    require(0 <= args.random_share <= 1, f"--random-share {args.random_share}", "a share from 0 to 1")
    require(args.max_steps >= 0, f"--max-steps {args.max_steps}", "0 or more")
    require(args.fps >= 1, f"--fps {args.fps}", "1 or more")
    if (args.layout == "npz") != (args.to.suffix.lower() == ".npz"):
        raise UsageError(f"--to {args.to}; expected a file that ends in .npz, or a folder with --layout lerobot")
    for run in args.runs:
        check_is_saved(run, args.out)
    check_writable(args.to.parent, "--to")
    from palestra.trials.recording import record_episodes  # imports torch: after the cheap errors

    found = record_episodes(
        args.runs, args.to, out=args.out, which=args.which, device=args.device, episodes=args.episodes, seed=args.seed,
        deterministic=not args.sample, random_share=args.random_share, max_steps=args.max_steps,
        layout=args.layout, fps=args.fps,
    )  # fmt: skip
    if args.json:
        facts = {"file": args.to, "steps": len(found.rewards), "episodes": len(found.ends), "digest": found.digest}
        print_json({**facts, **found.facts})
        return 0
    from rich.markup import escape

    console = make_console()
    table = make_table("run", "episodes", "steps", "return", "from", "to", right=("episodes", "steps", "return"))
    for source in found.facts["recorded"]:
        returns = [number(source[f"return_{name}"]) for name in ("mean", "min", "max")]
        table.add_row(escape(source["run"]), f"{source['episodes']:,}", f"{source['steps']:,}", *returns)
    console.print(table)
    console.print(f"{len(found.rewards):,} steps of {len(found.ends):,} episodes of {found.facts['env']}", markup=False)
    console.print(f"{'file' if args.layout == 'npz' else 'folder':8}{args.to}", soft_wrap=True, markup=False)
    console.print(f"learn   palestra train --algo behaviour-cloning --env-id {found.facts['env']} --set data={args.to}",
                  soft_wrap=True, markup=False)  # fmt: skip
    return 0
