"""``python -m palestra.playgrounds NAME [RUNS]``: a playground that reads commands from its input and answers on its
output. RUNS is a folder of runs, whose trained agents it may show.

It ends with its input. ``python -m palestra.playgrounds`` alone lists what there is.
"""

import os
import sys
from pathlib import Path
from typing import TextIO

from palestra.errors import UsageError
from palestra.playgrounds.catalogue import OFFERS, find_offer


def main(arguments: list[str], commands: TextIO, answers: TextIO) -> int:
    """Serve the playground of a name until the commands end; returns the exit status."""
    if len(arguments) not in (1, 2):
        print(
            "usage: python -m palestra.playgrounds NAME [RUNS], where NAME is one of",
            ", ".join(OFFERS),
            file=sys.stderr,
        )
        return 2
    try:
        find_offer(arguments[0])
    except UsageError as error:
        print(f"palestra: {error}", file=sys.stderr)
        return 2
    import torch  # after what can be refused without it

    from palestra.playgrounds.session import MOST_LETTERS, Session

    torch.set_num_threads(1)  # networks of a few units are fastest with one
    session = Session(arguments[0], *map(Path, arguments[1:]))
    while text := commands.readline(MOST_LETTERS + 2):
        whole = text
        while not text.endswith("\n") and text:  # the rest of a line that is too long goes unread
            text = commands.readline(MOST_LETTERS)
        if whole.strip():
            print(session.answer(whole), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    told = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)  # what a library prints is no answer
    sys.exit(main(sys.argv[1:], sys.stdin, told))
