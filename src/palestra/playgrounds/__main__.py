"""``python -m palestra.playgrounds NAME``: a playground that reads commands from its input and answers on its output.

It ends with its input. ``python -m palestra.playgrounds`` alone lists what there is.
"""

import sys
from typing import TextIO

from palestra.errors import UsageError
from palestra.playgrounds.catalogue import OFFERS, find_offer


def main(arguments: list[str], commands: TextIO, answers: TextIO) -> int:
    """Serve the playground of a name until the commands end; returns the exit status."""
    if len(arguments) != 1:
        print("usage: python -m palestra.playgrounds NAME, where NAME is one of", ", ".join(OFFERS), file=sys.stderr)
        return 2
    try:
        find_offer(arguments[0])
    except UsageError as error:
        print(f"palestra: {error}", file=sys.stderr)
        return 2
    import torch  # after what can be refused without it

    from palestra.playgrounds.session import MOST_LETTERS, Session

    torch.set_num_threads(1)  # networks of a few units are fastest with one
    session = Session(arguments[0])
    while text := commands.readline(MOST_LETTERS + 2):
        whole = text
        while not text.endswith("\n") and text:  # the rest of a line that is too long goes unread
            text = commands.readline(MOST_LETTERS)
        if whole.strip():
            print(session.answer(whole), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:], sys.stdin, sys.stdout))
