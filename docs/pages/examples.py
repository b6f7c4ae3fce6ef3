"""What ``palestra verify`` prints, in pages that show it: made by the code that prints it, from a recipe's record."""

import io
import re

from rich.console import Console

from pages import DOCS, ROOT, DocsError
from palestra.cli.verify import print_result, print_verification
from palestra.recipes.registry import get_recipe
from palestra.trials.records import read_record
from palestra.trials.trial import Result
from palestra.trials.verify import Verification

SHOWING = (ROOT / "README.md", ROOT / "README.zh-CN.md", DOCS / "statistics.md")
"""Pages with such examples."""
SEEDS = 3
"""Of whose lines there is one; a line of dots stands for the others."""
_EXAMPLE = re.compile(r"^(```\w*\n)\$ palestra verify (\S+) --seeds \d+\n.*?^(```)$", re.MULTILINE | re.DOTALL)


def with_examples(text: str) -> str:
    """A page with its examples made anew: blocks of code whose first line is ``$ palestra verify RECIPE --seeds N``."""
    return _EXAMPLE.sub(lambda match: match[1] + verification(match[2]) + match[3], text)


def verification(name: str) -> str:
    """A command and what it printed when its result was recorded."""
    recipe = get_recipe(name)
    record = read_record(recipe)
    if record is None or not record.fresh:
        raise DocsError(f"no record of today's {name}; `palestra verify {name} --record` makes one")
    trials = tuple(Result(seed=t["seed"], value=t["value"], seconds=t["seconds"]) for t in record.facts["trials"])
    console = Console(file=io.StringIO(), width=140, highlight=False, emoji=False, color_system=None)
    console.print(f"$ palestra verify {name} --seeds {len(trials)}")
    for trial in trials[:SEEDS]:
        print_result(console, recipe, trial)
    console.print("...")
    print_verification(
        console, Verification(recipe, record.facts["metric"], record.facts["episodes"], trials, record.verdict)
    )
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"  # type: ignore[attr-defined]
