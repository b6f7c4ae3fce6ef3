"""``python -m palestra`` is the command ``palestra``."""

from palestra.cli.main import entry

if __name__ == "__main__":  # worker processes of asynchronous environments import this file too
    entry()
