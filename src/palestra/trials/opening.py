"""From the name of a pool to the pool.

``local[:N]``, ``together[:N]``, ``ray[:ADDRESS][@DEPOT]``, ``slurm[:PARTITION][@DEPOT]``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from palestra.errors import require, unknown_name
from palestra.trials.pool import LOCAL, TOGETHER, LocalPool, Pool

Kind = Literal["ray", "slurm"]
KINDS: tuple[Kind, ...] = ("ray", "slurm")
MOST_WORKERS = 1_024
MOST_TOGETHER = 64
"""Trainings of one batch, where nobody says how many: more would leave the processor's cache."""
BESIDE = 16
"""Trainings side by side on other machines where nobody says how many; what has no room waits in the scheduler's queue.
"""


@dataclass(frozen=True)
class Cluster:
    """What the name of a pool on other machines says."""

    kind: Kind
    """Whose."""
    where: str | None
    """Address of a Ray cluster, partition of Slurm; None for the usual one."""
    depot: str | None
    """What the machines have in common; None for a folder beside the runs."""


def cluster_of(pool: str | Pool) -> Cluster | None:
    """What the name of a pool on other machines says; None for any other. Raises UsageError for half a name."""
    if isinstance(pool, Pool):
        return None
    rest, at, depot = pool.partition("@")
    word, colon, where = rest.partition(":")
    kind = next((each for each in KINDS if each == word), None)
    if kind is None:
        return None
    good = bool(where or not colon) and bool(depot or not at)
    expected = "ray, ray:ADDRESS, slurm or slurm:PARTITION, and after an @ a folder or URL that all machines have"
    require(good, f"pool {pool!r}", expected)
    return Cluster(kind, where or None, depot or None)


def workers_of(pool: str | Pool) -> int | None:
    """How many at once a pool's name asks for (``local:4``, ``together:8``); None where it leaves that open (``ray``).

    Raises UsageError for the name of none.
    """
    if isinstance(pool, Pool) or cluster_of(pool) is not None:
        return None
    kind, colon, count = pool.partition(":")
    if kind not in (LOCAL, TOGETHER):
        raise unknown_name("pool", pool, [LOCAL, TOGETHER, *KINDS])
    if not colon:
        return None
    good = count.isascii() and count.isdigit() and 1 <= int(count[:9]) <= MOST_WORKERS
    require(good, f"pool {pool!r}", f"{kind}, or {kind}:N with N from 1 to {MOST_WORKERS:,}")
    return int(count)


def place_of(pool: str | Pool) -> str | Pool:
    """Where a pool trains, without how many: ``local`` of ``local:4``. Raises UsageError for the name of none."""
    if isinstance(pool, Pool) or workers_of(pool) is None:
        return pool
    return pool.partition(":")[0]


def beside(pool: str | Pool) -> int | None:
    """How many at once where nobody says how many; None for one a core of this machine."""
    if cluster_of(pool) is not None:
        return BESIDE
    return MOST_TOGETHER if place_of(pool) == TOGETHER else None


@contextmanager
def opened(pool: str | Pool, jobs: int) -> Iterator[Pool]:
    """The pool of a name, with so many trainings side by side, closed in the end; one that is there already stays open.

    Of that one, too, nothing is left waiting when an error ends the context.
    """
    if not isinstance(pool, Pool):
        with _made(pool, jobs) as made:
            yield made
        return
    try:
        yield pool
    except BaseException:
        pool.stop()
        raise


def _made(pool: str, jobs: int) -> Pool:
    workers_of(pool)
    cluster = cluster_of(pool)
    if cluster is None and place_of(pool) == TOGETHER:
        from palestra.trials.together import TogetherPool

        return TogetherPool(jobs)
    if cluster is None:
        return LocalPool(jobs)
    if cluster.kind == "ray":
        from palestra.trials.cluster.on_ray import RayPool

        return RayPool(jobs, address=cluster.where, depot=cluster.depot)
    from palestra.trials.cluster.on_slurm import SlurmPool

    return SlurmPool(jobs, partition=cluster.where, depot=cluster.depot)
