"""Data as NumPy, for a notebook, a plot, or another library."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from palestra.datasets.dataset import SOURCES, Dataset, known_cards
from palestra.datasets.episodes import holds_episodes
from palestra.errors import UsageError, unknown_name

_BY_SUFFIX = {".csv": "own/table", ".tsv": "own/table", ".npz": "own/arrays", ".npy": "own/arrays"}


def load_data(name: str, *, split: str = "train", **arguments: Any) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The rows of a split, as in ``images, labels = palestra.load_data("fashion-mnist", split="test")``.

    What is not in the cache is fetched. Images are uint8 (N, H, W) or (N, H, W, 3), labels int64.

    Args:
        name: of a data set (``palestra data ls``), or the path of a folder of images, a CSV or an ``.npz``; of recorded
            episodes the inputs are observations, and the targets the actions taken there.
        split: ``train``, ``validation`` or ``test``.
        **arguments: of the data set, as a recipe sets them.

    Returns:
        (N, ...) inputs, and (N, ...) targets or None where nothing is to be predicted.
    """
    dataset = named(name, arguments)
    splits = dataset.load()
    if split not in splits:
        raise unknown_name(f"split of {name!r}", split, splits)
    inputs, targets = splits[split]
    return inputs.numpy(), None if targets is None else targets.numpy()


def named(name: str, arguments: dict[str, Any]) -> Dataset:
    """The data set of a name, or at a path. UsageError for a path at which is nothing that can be learned from."""
    known_cards()
    path = Path(name).expanduser()
    if name in SOURCES or not path.exists():
        return Dataset(name, arguments)
    if path.is_dir():
        return Dataset("own/images", {"path": name, **arguments})
    if path.suffix.lower() not in _BY_SUFFIX:
        raise UsageError(f"{name} is no file to learn from; expected a folder of images, .csv, .tsv, .npz or .npy")
    if path.suffix.lower() == ".npz" and holds_episodes(path):
        return Dataset("own/episodes", {"path": name, **arguments})
    return Dataset(_BY_SUFFIX[path.suffix.lower()], {"path": name, **arguments})
