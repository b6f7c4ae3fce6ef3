"""The names of pools on other machines: ``ray``, ``ray:ADDRESS``, ``slurm``, ``slurm:PARTITION``, each with ``@DEPOT``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from palestra.errors import require

if TYPE_CHECKING:
    from palestra.trials.cluster.pool import ClusterPool

Kind = Literal["ray", "slurm"]
KINDS: tuple[Kind, ...] = ("ray", "slurm")
BESIDE = 16
"""Trainings side by side where nobody says how many: those that there is no room for wait in the scheduler's queue."""


@dataclass(frozen=True)
class Cluster:
    """What a name says."""

    kind: Kind
    """Whose."""
    where: str | None
    """Address of a Ray cluster, partition of Slurm; None for the usual one."""
    depot: str | None
    """What the machines have in common; None for a folder beside the runs."""


def cluster_of(name: str) -> Cluster | None:
    """What a name says; None where it is not that of a pool on other machines. Raises UsageError for half a name."""
    rest, at, depot = name.partition("@")
    word, colon, where = rest.partition(":")
    kind = next((each for each in KINDS if each == word), None)
    if kind is None:
        return None
    good = bool(where or not colon) and bool(depot or not at)
    expected = "ray, ray:ADDRESS, slurm or slurm:PARTITION, and after an @ a folder or URL that all machines have"
    require(good, f"pool {name!r}", expected)
    return Cluster(kind, where or None, depot or None)


def cluster_pool(cluster: Cluster, jobs: int) -> "ClusterPool":
    """The pool of a name, with so many trainings side by side."""
    if cluster.kind == "ray":
        from palestra.trials.cluster.on_ray import RayPool

        return RayPool(jobs, address=cluster.where, depot=cluster.depot)
    from palestra.trials.cluster.on_slurm import SlurmPool

    return SlurmPool(jobs, partition=cluster.where, depot=cluster.depot)
