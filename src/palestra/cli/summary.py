"""What ``palestra train`` says at the end: the result, what it is worth, where it is, and what to do next."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from palestra.cli.output import make_console
from palestra.envs.modules import imported
from palestra.measure import cut_in
from palestra.pictures.numbers import duration, number

if TYPE_CHECKING:
    from palestra.trials.train import Outcome


def print_summary(outcome: "Outcome", *, stderr: bool) -> None:
    """Print the summary of a training, to standard error if standard output is for a program."""
    console = make_console(stderr=stderr)

    def line(label: str, text: str, style: str = "") -> None:
        console.print(f"{label:9}{text}", style=style, soft_wrap=True, markup=False)

    console.print()
    heads = {
        "finished": ("finished", "green"),
        "target": ("finished early: target reached", "green"),
        "stopped": ("stopped by what watches it", "green"),
        "interrupted": ("interrupted and saved", "yellow"),
    }
    head, color = heads[outcome.ending]
    speed = outcome.steps / outcome.seconds if outcome.seconds else 0.0
    console.print(f"[bold {color}]{head}[/]  {outcome.run}", soft_wrap=True)
    for note in (*outcome.notes, *([outcome.overrun] if outcome.overrun else [])):
        line("note", note, "yellow")
    unit = outcome.clock_unit.split()[-1]
    line(unit, f"{outcome.steps:,} in {duration(outcome.seconds)} ({number(speed)} {unit}/s)")
    for name in (outcome.headline, "train/return_mean", "train/loss"):
        if name in outcome.metrics:
            cut = cut_in(outcome.metrics).get("cut", 0) if name == outcome.headline else 0
            line("result", f"{name} {number(outcome.metrics[name])}" + (f"  ({cut} episodes cut)" if cut else ""))
            break
    if outcome.claim:
        claim = outcome.claim
        over = f"{claim['count']} episodes" if outcome.learned_from == "world" else f"{claim['count'] or 'all'} rows"
        said = f"{claim['metric']} {number(claim['value'])} over {over}; "
        said += f"promised {number(claim['threshold'])} ({claim['source']})"
        said += f"; {claim['cut']} episodes cut" if "cut" in claim else ""
        verdict, style = ("reached", "bold green") if claim["reached"] else ("NOT reached", "bold red")
        line("claim", f"{verdict}: {said}", style)
    line("run", outcome.path)
    for plot in outcome.plots:
        line("plot", str(plot))
    if outcome.video:
        line("video", str(outcome.video))
    named = quote(outcome.run if Path(outcome.path).parent == Path("runs") else outcome.path)
    named += "".join(f" --import {module}" for module in imported())
    if outcome.ending == "interrupted":
        line("resume", f"palestra train --resume {named}", "bold")
        return
    playable = outcome.learned_from == "world" and not outcome.video
    if playable:
        line("next", f"palestra play {named}", "bold")
    line("" if playable else "next", f"palestra eval {named}", "bold")
