"""A grown tree as it is drawn: its questions in the words and units of its data."""

from palestra.datasets.dataset import Dataset
from palestra.datasets.tables.source import ENCODINGS
from palestra.learners.labels.grown_tree import GrownTree
from palestra.pictures.tree import DrawnNode, DrawnTree


def tree_shown(tree: GrownTree, dataset: Dataset, names: tuple[str, ...]) -> DrawnTree:
    """A picture of a tree.

    Args:
        tree: it.
        dataset: what it was grown on, which says what its features are called.
        names: of the classes; none where leaves hold numbers.
    """
    encoding = ENCODINGS[dataset.id](**dataset.kwargs) if dataset.id in ENCODINGS else None

    def question(feature: int, threshold: float) -> str:
        return encoding.question(feature, threshold) if encoding else f"input {feature} ≤ {threshold:.4g}"

    columns = (tree.feature_L, tree.threshold_L, tree.left_L, tree.count_L, tree.value_LK)
    nodes = [
        DrawnNode(question(feature, threshold) if feature >= 0 else "", left, count, tuple(value))
        for feature, threshold, left, count, value in zip(*(column.tolist() for column in columns), strict=True)
    ]
    leaves = sum(not node.question for node in nodes)
    said = f"{leaves:,} leaves, {tree.depth} questions deep; who says yes goes left"
    return DrawnTree("a tree of questions", said, nodes, names)
