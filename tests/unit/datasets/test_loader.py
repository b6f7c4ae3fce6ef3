"""Batches: every row once an epoch, the same for any number of workers, and one integer to go on from."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import torch

from palestra.datasets.augmentation import Augmentation
from palestra.datasets.dataset import Split
from palestra.datasets.loader import Loader
from palestra.engine.state import capture, restore
from palestra.errors import UsageError
from palestra.ops.shares import share

SIZE = 23
SPLIT = Split(torch.arange(SIZE).float()[:, None], torch.arange(SIZE))


def loader(batch_size: int = 5, seed: int = 0) -> Loader:
    return Loader(SPLIT, batch_size, seed=seed)


def rows(batch: Split) -> list[int]:
    assert batch.targets is not None
    assert torch.equal(batch.inputs[:, 0].long(), batch.targets)
    return batch.targets.tolist()


def taken(source: Loader, batches: int) -> list[list[int]]:
    found: list[list[int]] = []
    while len(found) < batches:
        found += [rows(batch) for batch in source.take(1)]
    return found


@pytest.mark.parametrize("batch_size", [1, 5, 23, 40])
def test_an_epoch_holds_every_row_once(batch_size: int) -> None:
    source = loader(batch_size)
    per_epoch = source.batches_per_epoch
    first, second = taken(source, per_epoch), taken(source, per_epoch)
    for epoch in (first, second):
        assert sorted(row for batch in epoch for row in batch) == list(range(SIZE))
        assert all(len(batch) == min(batch_size, SIZE) for batch in epoch[:-1])
    assert first != second
    assert (source.position, source.epoch) == (2 * SIZE, 2)


def test_nothing_crosses_the_border_of_an_epoch() -> None:
    source = loader()
    assert [len(rows(batch)) for batch in source.take(3)] == [5, 5, 5]
    assert source.report() == {}
    assert [len(rows(batch)) for batch in source.take(3)] == [5, 3]
    assert source.report() == {"train/epoch": 1.0}
    assert [len(rows(batch)) for batch in source.take(1)] == [5]
    assert source.report() == {}


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_any_number_of_workers_gives_the_same_batches(workers: int) -> None:
    count = 14  # nearly three epochs
    alone = taken(loader(), count)

    def work(worker: int) -> dict[int, list[int]]:
        own = loader()
        return {number: rows(own.batch(number)) for number in range(worker, count, workers)}

    with ThreadPoolExecutor(workers) as pool:
        together = {number: batch for part in pool.map(work, range(workers)) for number, batch in part.items()}
    assert [together[number] for number in range(count)] == alone


def test_where_it_stands_is_one_integer() -> None:
    source, other = loader(), loader()
    before = taken(source, 7)
    state = capture(source)
    assert state == {"position": SIZE + 10}
    restore(other, state)
    assert taken(other, 6) == taken(source, 6)
    assert len(before) == 7


def test_the_seed_decides_the_order() -> None:
    assert taken(loader(seed=0), 5) == taken(loader(seed=0), 5) != taken(loader(seed=1), 5)


def test_data_without_targets() -> None:
    (batch,) = Loader(Split(SPLIT.inputs, None), 4, seed=0).take(1)
    assert batch.targets is None


def test_what_cannot_be_cut_into_batches() -> None:
    with pytest.raises(UsageError, match="batch_size=0; expected at least 1"):
        loader(0)
    with pytest.raises(UsageError, match="a split without rows"):
        Loader(Split(torch.zeros(0, 2), None), 4, seed=0)


@pytest.mark.parametrize("size", [2, 4])
def test_shares_of_every_batch_are_the_batches_of_one(size: int) -> None:
    images = torch.arange(SIZE * 36).remainder(251).to(torch.uint8).view(SIZE, 6, 6)

    def reader() -> Loader:
        return Loader(Split(images, torch.arange(SIZE)), 5, seed=0, augmentation=Augmentation(True, 2))

    alone, sharing = reader(), [reader() for _ in range(size)]
    for rank, each in enumerate(sharing):
        each.share = partial(share, rank=rank, size=size)
    for whole in [batch for _ in range(2) for batch in alone.take(9)]:  # to the end of the first epoch, and the second
        parts = [next(each.take(1)) for each in sharing]
        kept = [part for rank, part in enumerate(parts) if share(len(whole.inputs), rank, size).weight]
        for name in ("inputs", "targets"):
            assert torch.equal(torch.cat([getattr(part, name) for part in kept]), getattr(whole, name))
    assert {each.position for each in sharing} == {alone.position}
