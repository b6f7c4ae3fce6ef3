"""``palestra eval``: how good what was learned is, in Gymnasium's own environment or on data held back."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, arg

from palestra.cli.arguments import Imports, Switch, check_is_saved, parse
from palestra.cli.output import make_console, print_json
from palestra.errors import PalestraError, require
from palestra.measure import CUT, cut_in
from palestra.pictures.numbers import number

if TYPE_CHECKING:
    from palestra.trials.measuring import Judged

MOST = 10_000_000
"""Episodes whose returns are kept."""
OURS = ("eval/return_mean", "eval/return_min", "eval/return_max", "eval/length_mean")
"""What an evaluation in a world says of itself; the rest is what the environment says of its episodes."""


@dataclass(frozen=True)
class Args:
    """Measure what was learned: greedy returns over whole episodes in the reference environment, or, of what was
    learned from data, its score on rows held back.
    """

    run: Annotated[Positional[str], arg(metavar="RUN")]
    """A run's folder or id, or a folder that `agent.save` wrote."""
    episodes: Annotated[int | None, arg(help_behavior_hint="(default: 100)")] = None
    """How many, in a world."""
    rows: Annotated[int | None, arg(help_behavior_hint="(default: all)")] = None
    """How many, of a data set."""
    split: Annotated[str | None, arg(help_behavior_hint="(default: reference; test)")] = None
    """Where: `reference`, or a split of the data set; `5-fold` trains anew on four fifths of a table, five times, each
    judged on the rows that it did not see."""
    max_steps: Annotated[int | None, arg(help_behavior_hint="(default: as in training)")] = None
    """Steps after which an episode is cut, where the world has no time limit."""
    seed: int = 0
    """Of the episodes, or of the choice of rows; training never saw them, whatever the seed."""
    which: Annotated[Literal["best", "last"] | None, arg(help_behavior_hint="(default: best)")] = None
    """The checkpoint of the best evaluation during training, or the last one."""
    out: Path = Path("runs")
    """Folder of the runs."""
    device: str | None = None
    """Where to compute, if not where it was trained: cpu, cuda, ..."""
    imports: Imports = ()
    json: Switch = False
    """Print one JSON object."""

    @property
    def checkpoint(self) -> Literal["best", "last"]:
        """The one that is measured."""
        return self.which or "best"


def command(argv: Sequence[str]) -> int:
    """Run ``palestra eval``."""
    args = parse(Args, argv, "eval")
    require(args.episodes is None or args.episodes >= 1, f"--episodes {args.episodes}", "at least 1")
    require(args.episodes is None or args.episodes <= MOST, f"--episodes {args.episodes}", f"at most {MOST:,}")
    require(args.rows is None or args.rows >= 1, f"--rows {args.rows}", "at least 1")
    require(args.max_steps is None or args.max_steps >= 1, f"--max-steps {args.max_steps}", "at least 1")
    require(args.seed >= 0, f"--seed {args.seed}", "0 or more")
    require(args.seed < 2**63, f"--seed {args.seed}", "less than 2^63")
    check_is_saved(args.run, args.out)
    from palestra.trials.folds import folds_of  # imports torch: after the cheap errors
    from palestra.trials.measuring import judge

    anew = args.which is not None and folds_of(args.split) > 0
    require(not anew, f"--which {args.which} with --split {args.split}", "one of them: folds are trained anew")
    count = args.rows if args.episodes is None else args.episodes
    judged = judge(
        args.run, count=count, split=args.split, max_steps=args.max_steps, seed=args.seed, out=args.out,
        which=args.checkpoint, device=args.device,
    )  # fmt: skip
    score = judged.evaluation.score
    if score != score:
        raise PalestraError(
            f"{args.run}, {args.checkpoint} checkpoint, at {judged.step:,} {judged.clock_unit}: its "
            f"{judged.headline} is nan; expected a number. Its weights are none any more; train it again, with a "
            "smaller learning_rate"
        )
    if args.json:
        print_json(_facts(args, judged))
    else:
        _print(args, judged)
    return 0


def _facts(args: Args, judged: "Judged") -> dict[str, Any]:
    values, measure, metrics = judged.evaluation.samples, judged.measure, judged.evaluation.metrics
    from palestra.ops.statistics import mean_interval

    mean, low, high = mean_interval(values)
    about: dict[str, Any] = {"run": args.run, "metric": judged.headline, "which": args.checkpoint}
    about |= {"step": judged.step, "seed": args.seed}
    own = _is_mean(judged, mean)
    found: dict[str, Any] = {"score": judged.evaluation.score, "split": measure.split}
    found |= {"mean": mean if own else None, "ci95": [low, high] if own else None}
    if judged.source.key == "dataset":
        return {
            **about,
            **found,
            "dataset": judged.source.id,
            "rows": len(values),
            "values": values.tolist(),
            **metrics,
        }
    world = {"env": judged.source.id, "reference": measure.split == "reference", "episodes": len(values)}
    return {
        **about, **found, **world, "length_mean": metrics.get("eval/length_mean"), **cut_in(metrics),
        "returns": values.tolist(), **{name: metrics[name] for name in _reported(metrics)},
    }  # fmt: skip


def _is_mean(judged: "Judged", mean: float) -> bool:
    """Whether the score is the mean of its values: of a root it is not, nor of an F1, whose values are outcomes."""
    return math.isclose(judged.evaluation.score, mean, rel_tol=1e-6, abs_tol=1e-12)


def _reported(metrics: dict[str, float]) -> list[str]:
    """Names of what the environment said at the ends of the episodes."""
    return [name for name in metrics if name not in OURS]


def _print(args: Args, judged: "Judged") -> None:
    values, measure, metrics = judged.evaluation.samples, judged.measure, judged.evaluation.metrics
    from palestra.ops.statistics import mean_interval
    from palestra.trials.folds import folds_of

    mean, low, high = mean_interval(values)
    score, console = judged.evaluation.score, make_console()
    own = _is_mean(judged, mean)
    interval = f"  (95% interval {number(low)} to {number(high)})" if own and len(values) > 1 else ""
    name = "mean return" if judged.headline == "eval/return_mean" else judged.headline
    console.print(f"{name:11}  [bold]{number(score)}[/]{interval}")
    if own:
        console.print(f"range        {number(float(values.min()))} to {number(float(values.max()))}")
    length = metrics.get("eval/length_mean")
    if length is not None:
        console.print(f"episodes     {len(values)}, {number(length)} steps each on average")
        for name in _reported(metrics):
            console.print(f"{name.removeprefix('eval/'):11}  {number(metrics[name])}", markup=False)
    if CUT in metrics:
        console.print(f"cut          {number(metrics[CUT])} of them, which had not ended: their returns are of so far")
    unit = judged.clock_unit.split()[-1]
    where = f"at {judged.step:,} {unit}" if judged.source.key == "dataset" else f"at step {judged.step:,}"
    of = "its training once more for each fold" if folds_of(measure.split) else f"{args.checkpoint} checkpoint, {where}"
    console.print(f"of           {args.run}, {of}", soft_wrap=True)
    if judged.source.key == "dataset":
        console.print(f"on           {len(values):,} rows of {judged.source.id}, {measure.split or 'validation'}")
        for other in (name for name in metrics if name != judged.headline):
            console.print(f"{other:11}  {number(metrics[other])}")
    elif length is not None:
        made = "as Gymnasium made it" if measure.split == "reference" else "as it was trained in"
        console.print(f"in           {judged.source.id}, {made}")
