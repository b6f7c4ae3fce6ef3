"""``palestra check-env``: whether an environment keeps to the rules, what it is like, and who can learn in it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

from tyro.conf import Positional, arg

from palestra.cli.arguments import Imports, Switch, json_object, parse
from palestra.cli.output import make_console, make_table, print_json
from palestra.envs.modules import plain_id
from palestra.errors import PalestraError


@dataclass(frozen=True)
class Args:
    """Look into an environment before anything is trained in it; exit status 1 if something is to be mended."""

    env_id: Annotated[Positional[str], arg(metavar="ENV")]
    """Any Gymnasium id, one of ours, or MODULE:ID."""
    env_kwargs: Annotated[str | None, arg(metavar="JSON", help_behavior_hint="")] = None
    """Arguments of the environment itself."""
    imports: Imports = ()
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra check-env``."""
    args = parse(Args, argv, "check-env")
    kwargs, env_id = json_object(args.env_kwargs, "--env-kwargs"), plain_id(args.env_id)
    from palestra.envs.inspection import inspect  # imports torch: after the cheap errors
    from palestra.trials.suitability import suitability

    findings = inspect(env_id, kwargs)
    wrong = [finding for finding in findings if finding.status == "wrong"]
    try:
        learners = suitability(env_id, kwargs)
    except PalestraError as error:  # it does not even begin
        learners = dict.fromkeys(("every learner",), " ".join(str(error).split()))
    if args.json:
        found = [asdict(finding) for finding in findings]
        print_json({"env": env_id, "ok": not wrong, "findings": found, "learners": learners})
        return 1 if wrong else 0
    from rich.markup import escape

    console = make_console()
    table = make_table("check", "", "found", whole=("check", ""))
    styles = {"ok": "green", "note": "yellow", "wrong": "bold red"}
    for finding in findings:
        table.add_row(escape(finding.name), f"[{styles[finding.status]}]{finding.status}[/]", escape(finding.detail))
    console.print(table)
    console.print()
    taken = [name for name, why in learners.items() if why is None]
    console.print(f"learn in it  {', '.join(taken) or 'nobody'}", soft_wrap=True, markup=False)
    refused: dict[str, list[str]] = {}
    for name, why in learners.items():
        if why is not None:
            refused.setdefault(why.removeprefix(f"{name} "), []).append(name)
    for why, names in refused.items():
        console.print(f"do not       {', '.join(names)}: {why}", soft_wrap=True, markup=False)
    if wrong:
        console.print(f"\n{len(wrong)} to mend", style="bold red")
    elif taken:
        best = next((name for name in ("ppo", "q-learning") if name in taken), taken[0])
        console.print(
            f"\nnext         palestra train --algo {best} --env-id {args.env_id}", style="bold", soft_wrap=True
        )
    return 1 if wrong else 0
