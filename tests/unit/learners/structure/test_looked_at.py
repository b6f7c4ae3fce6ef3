"""What is looked at: the same rows for everybody, classes only where there are any, codes in a plane."""

import pytest
import torch

from palestra.datasets.dataset import Split
from palestra.learners.structure.looked_at import code_map, flat, has_classes, images_again, some
from palestra.ops.principal import principal_plane
from palestra.pictures.codes import Reconstructions


@pytest.mark.parametrize(
    ("targets", "expected"),
    [(None, False), (torch.zeros(4), False), (torch.zeros(4, 2).long(), False), (torch.zeros(4).long(), True)],
)
def test_classes_are_whole_numbers_one_a_row(targets: torch.Tensor | None, expected: bool) -> None:
    assert has_classes(Split(torch.zeros(4, 3), targets)) is expected


def test_some_are_the_same_for_everybody_with_their_classes() -> None:
    split = Split(torch.arange(50.0)[:, None], torch.arange(50))
    chosen = some(split, 20)
    assert chosen.targets is not None
    assert chosen.targets.tolist() == chosen.inputs[:, 0].tolist() == some(split, 20).inputs[:, 0].tolist()
    assert len(set(chosen.targets.tolist())) == 20
    assert len(some(Split(split.inputs, None), 80).inputs) == 50


def test_codes_are_drawn_in_a_plane_and_in_colours_where_there_are_classes() -> None:
    code = torch.randn(30, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(flat(code), principal_plane(code, 2).code(code))
    assert flat(code[:, :2]) is not None
    shown = code_map("below", code[:, :2], Split(code, torch.arange(30) % 3), ("a", "b", "c"))
    assert (shown.title, shown.said) == ("30 codes", "below")
    assert shown.points == pytest.approx(code[:, :2].numpy())
    assert shown.labels is not None
    assert shown.labels.tolist() == [i % 3 for i in range(30)]
    assert code_map("", code, Split(code, None), ()).labels is None


def test_images_are_shown_as_bright_as_they_can_be_and_rows_are_not() -> None:
    images = torch.randint(0, 17, (6, 4, 4), dtype=torch.uint8)
    images[0, 0, 0] = 16
    (shown,) = images_again("title", {"before": images, "after": images * 2.0 - 5}, Split(images, None))
    assert isinstance(shown, Reconstructions)
    assert shown.rows["after"].min() >= 0
    assert shown.rows["after"].max() == 16
    assert images_again("title", {"before": images.flatten(1)}, Split(images.flatten(1), None)) == []
