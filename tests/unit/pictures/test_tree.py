"""The picture of a tree: leaves side by side, parents between, words as words, and no more depths than fit."""

from pathlib import Path
from xml.etree import ElementTree

from palestra.pictures.gallery import draw_exhibits
from palestra.pictures.tree import DrawnNode, DrawnTree, places

SMALL = [
    DrawnNode("width ≤ 2 & <b>", 1, 10, (0.5, 0.5)),
    DrawnNode("", -1, 4, (1.0, 0.0)),
    DrawnNode("not red", 3, 6, (1 / 6, 5 / 6)),
    DrawnNode("", -1, 1, (1.0, 0.0)),
    DrawnNode("", -1, 5, (0.0, 1.0)),
]


def test_leaves_stand_side_by_side_and_parents_between_their_children() -> None:
    where = places(SMALL)
    assert [where[node].x for node in (1, 3, 4)] == [0.5, 1.5, 2.5]
    assert (where[2].x, where[0].x) == (2.0, 1.25)
    assert [where[node].depth for node in range(5)] == [0, 1, 1, 2, 2]
    assert sorted(places(SMALL, 1)) == [0, 1, 2]


def test_it_is_an_svg_whose_words_are_words(tmp_path: Path) -> None:
    (path,) = draw_exhibits([DrawnTree("title", "below", SMALL, ("no", "$yes"))], tmp_path / "plots")
    assert path.name == "tree.svg"
    words = {each.text for each in ElementTree.parse(path).iter() if each.tag.endswith("}text")}
    assert {"width ≤ 2 & <b>", "not red", "no", "$yes", "10 rows", "title", "below"} <= words
    again = draw_exhibits([DrawnTree("title", "below", SMALL, ("no", "$yes"))], tmp_path / "again")
    assert again[0].read_bytes() == path.read_bytes()


def test_numbers_and_deep_trees_are_drawn_too(tmp_path: Path) -> None:
    deep = [DrawnNode(f"question {depth}", 2 * depth + 1, 9, (1.5,)) for depth in range(8)]
    chain = [deep[0]]
    for depth in range(1, 8):
        chain += [deep[depth]._replace(left=2 * depth + 1), DrawnNode("", -1, 1, (2.5,))]
    chain += [DrawnNode("", -1, 1, (0.5,)), DrawnNode("", -1, 1, (3.0,))]
    (path,) = draw_exhibits([DrawnTree("numbers", "", chain, ())], tmp_path)
    words = {each.text for each in ElementTree.parse(path).iter() if each.tag.endswith("}text")}
    assert "question 4" in words
    assert "question 5" not in words
    assert "1.5 …" in words
    (alone,) = draw_exhibits([DrawnTree("root", "", [DrawnNode("", -1, 3, (1.0,))], ())], tmp_path)
    assert alone.exists()
