"""Does ``palestra report`` name what is wrong? Cases with a known disease, on several draws: the confusion matrix.

The limits in ``trials/report/diagnose.py`` were chosen on seeds 0 to 5 of the authors' cases. Their seeds 6 and 7 are
reported: neither was seen before. The strangers' cases were made by somebody who knew neither the limits nor the
authors' cases; all of them count, those too that are named wrongly. A case counts as right if what was planted is named
first, and nothing else but what is right too.
"""

import argparse
import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diseases.planted import PLANTED, Planted, drawn
from diseases.strangers import STRANGERS
from diseases.strangers_tables import STRANGERS_TABLES
from diseases.tables import TABLES
from palestra.trials.report.diagnose import NAMES
from palestra.trials.report.report import of_case
from report import publish

Outcome = dict[str, Any]
"""``case``, ``seed``, ``planted``, ``named``, ``seconds`` and whether that is ``right``."""


@dataclass(frozen=True)
class Part:
    """The cases of one hand."""

    name: str
    """As ``--of`` has it."""
    by: str
    """Who made them."""
    cases: tuple[Planted, ...]
    seeds: str
    """The draws that are reported, with commas between them."""
    seen: str
    """What was known of them before."""


PARTS = (
    Part("authors", f"by the authors ({len(TABLES)} of them as files)", (*PLANTED, *TABLES), "6,7",
         "The limits were chosen on seeds 0 to 5."),
    Part("strangers", "by somebody who had not seen them (all of them as files)", (*STRANGERS, *STRANGERS_TABLES),
         "0,6", "None is left out; the report was changed once after it had been seen what it named of them."),
)  # fmt: skip


def main() -> None:
    """Report on every case with every seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", help="which draws, with commas between them; 6,7 of the authors', 0,6 of others'")
    parser.add_argument("--of", choices=("authors", "strangers", "all"), default="all", help="whose cases")
    parser.add_argument("--outcomes", type=Path, help="a file of what was found already, to go on from and to add to")
    args, _ = parser.parse_known_args()
    parts = [part for part in PARTS if args.of in (part.name, "all")]
    seeds = {part.name: args.seeds or part.seeds for part in parts}
    found = {part.name: _found(part, seeds[part.name], args.outcomes) for part in parts}
    outcomes = [each for part in parts for each in found[part.name]]
    shown = [name for name in NAMES if any(name in (each["planted"], each["named"][0]) for each in outcomes)]
    right, seconds = _right(outcomes), [each["seconds"] for each in outcomes]
    publish(
        "planted_diseases",
        "Does the report name what is wrong?",
        {"ours": right, "peer": len(outcomes), "ratio": right / len(outcomes), "unit": "cases named as planted",
         "seeds": seeds, "right": {name: _right(each) for name, each in found.items()},
         "of": {name: len(each) for name, each in found.items()}, "outcomes": outcomes},
        [row for part in parts for row in _rows(part, found[part.name], shown)],
        [
            *(_counted(part, seeds[part.name], found[part.name]) for part in parts),
            *(f"Not right, {part.name}: {_said(each)}." for part in parts for each in found[part.name]
              if not each["right"]),
            "Each row of the table is a planted disease, each column what was named first.",
            f"A report took {sum(seconds) / len(seconds):.1f} s on average, {max(seconds):.1f} s at most, on one core"
            " of a machine that was busy otherwise.",
        ],
    )  # fmt: skip


def _found(part: Part, seeds: str, file: Path | None) -> list[Outcome]:
    """What is named of each of the cases, read where it was found already."""
    known = [json.loads(line) for line in file.read_text().splitlines()] if file and file.is_file() else []
    outcomes: list[Outcome] = []
    for seed in (int(each) for each in seeds.split(",")):
        for planted in part.cases:
            found = next((each for each in known if (each["case"], each["seed"]) == (planted.name, seed)), None)
            if found is None:
                begin = time.perf_counter()
                names = of_case(drawn(planted, seed)).names
                found = {
                    "case": planted.name, "seed": seed, "planted": planted.disease, "named": names,
                    "seconds": round(time.perf_counter() - begin, 1),
                    "right": names[0] == planted.disease and set(names) <= {planted.disease, *planted.beside},
                }  # fmt: skip
                if file:
                    with file.open("a") as lines:
                        lines.write(json.dumps(found) + "\n")
            outcomes.append(found)
            print(f"{'ok ' if found['right'] else 'NOT'} {found['seconds']:5.1f} s  {_said(found)}", flush=True)
    return outcomes


def _rows(part: Part, outcomes: list[Outcome], shown: list[str]) -> list[dict[str, Any]]:
    """The rows of a part in the table, a disease each."""
    confusion = Counter((each["planted"], each["named"][0]) for each in outcomes)
    planted = {each["planted"] for each in outcomes}
    return [
        {"cases": part.name, "planted / named first": one, **{other: confusion[one, other] for other in shown}}
        for one in shown
        if one in planted
    ]


def _counted(part: Part, seeds: str, outcomes: list[Outcome]) -> str:
    """How many of a part are right, in a line."""
    healthy = [each for each in outcomes if each["planted"] == "healthy"]
    wrong_alarms = sum(each["named"] != ["healthy"] for each in healthy)
    return (
        f"{len(part.cases)} cases {part.by} on seeds {seeds}: {_right(outcomes)} of {len(outcomes)} named as planted,"
        f" nothing wrong beside; {wrong_alarms} of {len(healthy)} healthy ones called anything else. {part.seen}"
    )


def _right(outcomes: list[Outcome]) -> int:
    return sum(each["right"] for each in outcomes)


def _said(found: Outcome) -> str:
    named = ", ".join(found["named"])
    return f"{found['case']}, seed {found['seed']}: planted {found['planted']}, named {named}"


if __name__ == "__main__":
    main()
