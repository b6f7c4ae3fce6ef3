"""The names of pools, and the pools that they stand for."""

from pathlib import Path
from typing import Any

import pytest
from fake_pool import FakePool
from quick import QUICK

from palestra.errors import UsageError
from palestra.trials.opening import Cluster, beside, cluster_of, opened, place_of, workers_of
from palestra.trials.pool import LocalPool
from palestra.trials.trial import Trial

NAMED = r"expected (local|together), or (local|together):N|expected ray, ray:ADDRESS|unknown pool"


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("local", None),
        ("local:1", 1),
        ("local:64", 64),
        ("together", None),
        ("together:8", 8),
        ("ray", None),
        ("slurm:gpu@/here", None),
    ],
)
def test_a_name_says_how_many(name: str, count: int | None) -> None:
    assert workers_of(name) == count
    assert place_of(name) == (name.partition(":")[0] if count else name)


def test_many_are_of_one_batch_where_nobody_says_how_many() -> None:
    assert beside("together") == beside("together:8") == 64
    assert beside("ray") == 16
    assert beside("local") is None


@pytest.mark.parametrize(
    "name",
    [
        "rays",
        "",
        "local:",
        "local:0",
        "local:-1",
        "local:1025",
        "local:x",
        "local:1:2",
        "together:0",
        "ray:",
        "slurm@",
        "ray:@/here",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    for ask in (workers_of, place_of):
        with pytest.raises(UsageError, match=NAMED):
            ask(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ray", Cluster("ray", None, None)),
        ("ray:10.0.0.1:6379", Cluster("ray", "10.0.0.1:6379", None)),
        ("slurm", Cluster("slurm", None, None)),
        ("slurm:gpu@s3://bucket/a@b", Cluster("slurm", "gpu", "s3://bucket/a@b")),
        ("ray@/scratch/me", Cluster("ray", None, "/scratch/me")),
        ("local:4", None),
    ],
)
def test_a_name_says_where(name: str, said: Cluster | None) -> None:
    assert cluster_of(name) == said


def test_a_pool_that_is_there_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Any] = []
    monkeypatch.setattr(LocalPool, "close", lambda self: closed.append(self))
    with opened("local:2", 2) as made:
        assert isinstance(made, LocalPool)
        assert (made._jobs, closed) == (2, [])
    assert closed == [made]
    mine = FakePool()
    mine.submit(Trial(QUICK), Path("there"))
    with opened(mine, 7) as same:
        assert same is mine
    assert mine.tell() == ["toy/quick seed 0"]
    with pytest.raises(KeyError), opened(mine, 7):
        raise KeyError
    assert mine.tell() == []


def test_a_name_of_other_machines_opens_their_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    from palestra.trials.cluster import on_ray, on_slurm

    made: list[Any] = []

    def make(kind: str) -> Any:
        def pool(jobs: int, **words: Any) -> FakePool:
            made.append((kind, jobs, words))
            return FakePool()

        return pool

    monkeypatch.setattr(on_ray, "RayPool", make("ray"))
    monkeypatch.setattr(on_slurm, "SlurmPool", make("slurm"))
    for name in ("ray:auto@/here", "slurm:gpu"):
        with opened(name, 3):
            pass
    assert made == [
        ("ray", 3, {"address": "auto", "depot": "/here"}),
        ("slurm", 3, {"partition": "gpu", "depot": None}),
    ]
