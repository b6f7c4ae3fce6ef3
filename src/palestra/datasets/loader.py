"""The Loader: a split of a data set in batches. Where it stands is one integer."""

from collections.abc import Callable, Iterator
from typing import ClassVar

from palestra.datasets.augmentation import Augmentation
from palestra.datasets.dataset import Split
from palestra.datasets.order import rows
from palestra.errors import require
from palestra.ops.shares import Share


class Loader:
    """Batches, epoch after epoch, each epoch in an order of its own that seed and position alone decide.

    Nothing is drawn while it runs, so it may be asked for any batch at any time: worker ``w`` of ``n`` asks for
    ``w``, ``w + n``, ..., and the batches are those of one worker.

    Args:
        split: whose rows.
        batch_size: rows of a batch; the last one of an epoch may have fewer.
        seed: of the order, and of the augmentation.
        augmentation: a change of every image that is given, if any.
    """

    saves: ClassVar[tuple[str, ...]] = ("position",)
    derives: ClassVar[tuple[str, ...]] = ("split",)
    share: Callable[[int], Share] | None = None
    """Of a batch of so many rows, which are given; all of them if nobody says. Positions are those of whole batches."""

    def __init__(self, split: Split, batch_size: int, *, seed: int, augmentation: Augmentation | None = None):
        self.split, self.batch_size, self.seed, self.size = split, batch_size, seed, len(split.inputs)
        self.augmentation = augmentation
        require(batch_size >= 1, f"batch_size={batch_size}", "at least 1")
        require(self.size >= 1, "a split without rows", "at least one")
        self.position = 0
        """Samples given so far, over all epochs."""

    @property
    def epoch(self) -> int:
        """Whole passes over the data so far."""
        return self.position // self.size

    @property
    def batches_per_epoch(self) -> int:
        """The last one counted too, if it is short."""
        return -(-self.size // self.batch_size)

    def batch(self, number: int) -> Split:
        """The batch of that number, counted from 0 over all epochs; where the loader stands does not matter."""
        epoch, within = divmod(number, self.batches_per_epoch)
        return self._at(epoch * self.size + within * self.batch_size)

    def take(self, count: int) -> Iterator[Split]:
        """The next ``count`` batches, or those that are left of the epoch: a border that nothing crosses."""
        left = -(-(self.size - self.position % self.size) // self.batch_size)
        for _ in range(min(count, left)):
            batch = self._at(self.position)
            self.position += min(self.batch_size, self.size - self.position % self.size)
            yield batch

    def report(self) -> dict[str, float]:
        """``train/epoch`` at the end of one, else nothing."""
        return {"train/epoch": float(self.epoch)} if self.position and self.position % self.size == 0 else {}

    def _at(self, position: int) -> Split:
        """The batch that begins after so many samples."""
        row_B, epoch = rows(self.seed, position, self.batch_size, self.size), position // self.size
        if self.share is not None:
            mine = self.share(len(row_B))
            row_B, position = row_B[mine.start : mine.stop], position + mine.start
        chosen = row_B.to(self.split.inputs.device)
        inputs, targets = self.split.inputs[chosen], self.split.targets
        if self.augmentation is not None:
            inputs = self.augmentation(inputs, self.seed, position, row_B, epoch)
        return Split(inputs, None if targets is None else targets[chosen])
