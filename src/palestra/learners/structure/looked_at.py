"""What a learner without labels looks at to show what it found: some rows of a split, and their classes if they have
any, which taught it nothing.
"""

from collections.abc import Mapping

from torch import Tensor

from palestra.datasets.dataset import Split
from palestra.datasets.order import permutation
from palestra.engine.exhibit import Exhibit
from palestra.ops.principal import principal_plane
from palestra.pictures.codes import CodeMap, Reconstructions


def has_classes(split: Split) -> bool:
    """Whether rows have one class each, and not a value or none."""
    return split.targets is not None and split.targets.dim() == 1 and not split.targets.is_floating_point()


def some(split: Split, count: int) -> Split:
    """So many rows, the same ones whoever asks."""
    chosen = permutation(0, 0, len(split.inputs))[:count].to(split.inputs.device)
    return Split(split.inputs[chosen], None if split.targets is None else split.targets[chosen])


def flat(code_BK: Tensor) -> Tensor:
    """(B, 2): codes of two numbers as they are, of more in the two directions in which they differ most."""
    return code_BK if code_BK.shape[1] == 2 else principal_plane(code_BK, 2).code(code_BK)


def code_map(said: str, code_BK: Tensor, split: Split, names: tuple[str, ...]) -> CodeMap:
    """A picture of where the codes of a split's rows lie; a code has two numbers or more.

    Args:
        said: below the title.
        code_BK: the codes.
        split: what they are of.
        names: of the classes, or none.
    """
    classes = split.targets.cpu().numpy() if split.targets is not None and has_classes(split) else None
    return CodeMap(f"{len(code_BK):,} codes", said, flat(code_BK).cpu().numpy(), classes, names)


def images_again(title: str, lines: Mapping[str, Tensor], known: Split) -> list[Exhibit]:
    """A picture of images and of what became of them, one below the other; none of rows that are no images.

    Args:
        title: above it.
        lines: name to rows; the first are those that are in the data.
        known: what was learned from, which says how bright a whole number can be.
    """
    if known.inputs.dim() < 3:
        return []
    shown = {name: line.cpu().numpy() for name, line in lines.items()}
    if not known.inputs.is_floating_point():
        top = float(known.inputs.max())
        shown = {name: line.clip(0, top) for name, line in shown.items()}
    return [Reconstructions(title, shown)]
