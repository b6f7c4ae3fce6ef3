"""What a tree asks is told in the words and units of its table."""

import re

import pytest
import torch

from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.datasets.tables.source import FRAMES
from palestra.learners.labels.decision_tree import DecisionTree, DecisionTreeConfig
from palestra.learners.labels.tree_shown import tree_shown


def test_a_table_is_asked_in_its_own_units() -> None:
    tree = DecisionTree("iris", DecisionTreeConfig(depth=1)).learn(10**9).tree
    shown = tree_shown(tree, Dataset("iris"), ("a", "b", "c"))
    asked = re.fullmatch(r"(petal (?:length|width)) ≤ ([\d.]+)", shown.nodes[0].question)
    assert asked is not None
    frame, _ = FRAMES["iris"]()
    # Setosa's petals are shorter and narrower than anybody else's: fifty of them.
    assert (frame.numbers(asked[1]) <= float(asked[2])).sum() == 50
    assert [node.question for node in shown.nodes[1:]] == ["", ""]
    assert shown.said == "2 leaves, 1 questions deep; who says yes goes left"
    assert shown.nodes[0].rows == sum(node.rows for node in shown.nodes[1:]) == 90
    assert sum(shown.nodes[0].value) == pytest.approx(1.0)


def test_rows_without_names_are_asked_by_number() -> None:
    rows = torch.arange(8.0)[:, None]
    source = InMemory({"train": Split(rows, (rows[:, 0] > 3).long())})
    learner = DecisionTree(source).learn(10**9)
    shown = tree_shown(learner.tree, source, ())
    assert shown.nodes[0].question == "input 0 ≤ 3.5"
