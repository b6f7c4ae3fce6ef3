"""The lesson on transfer: what is frozen stays, nothing is on both sides, half of the classes help with the other."""

import pytest
import torch

from palestra.nets.ensemble import Ensemble
from palestra.trials.lessons import transfer
from palestra.trials.lessons.side_by_side import accuracies, copy, digits
from palestra.trials.lessons.transfer import (
    FIRST,
    REACH,
    SECOND,
    accuracies_by_way,
    features,
    lesson,
    placed,
    source_networks,
)


def test_a_digit_stands_whole_somewhere_in_its_field() -> None:
    images = torch.rand(500, 8, 8, generator=torch.Generator().manual_seed(0)) + 0.1
    fields = placed(images, torch.Generator().manual_seed(1)).view(-1, 8 + 2 * REACH, 8 + 2 * REACH)
    torch.testing.assert_close(fields.sum((1, 2)), images.sum((1, 2)))
    corners = {tuple(each.nonzero().amin(0).tolist()) for each in fields}
    assert corners == {(row, column) for row in range(2 * REACH + 1) for column in range(2 * REACH + 1)}


def test_features_and_the_last_layer_are_the_network() -> None:
    rng = torch.Generator().manual_seed(0)
    one, other, x = Ensemble(2, (5, 4, 3), rng), Ensemble(2, (5, 4, 3), rng), torch.rand(6, 5, generator=rng)
    weight, bias = one.layers()[-1]
    torch.testing.assert_close(features(one, x) @ weight + bias, one(x))
    copy(one.layers(), other)
    assert torch.equal(other(x), one(x))
    assert other.layers()[0][0].data_ptr() != one.layers()[0][0].data_ptr()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "TRAININGS", 3)
    monkeypatch.setattr(transfer, "SOURCE_STEPS", 300)


@pytest.mark.usefixtures("small")
def test_the_source_knows_the_first_half_and_helps_with_the_second() -> None:
    rng = torch.Generator().manual_seed(0)
    source = source_networks(rng)
    before = [each.detach().clone() for each in source.parameters()]
    images, labels = digits("validation")
    known = labels < len(FIRST)
    assert accuracies(source, placed(images[known], rng), labels[known]).min() > 0.9
    found = accuracies_by_way(source, 2, rng)
    assert found["frozen"].mean() > found["from scratch"].mean() + 0.03
    assert found["fine-tuned"].mean() > found["from scratch"].mean() + 0.03
    assert all(torch.equal(one, other) for one, other in zip(before, source.parameters(), strict=True))


@pytest.mark.usefixtures("small")
def test_gains_are_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "SOURCE_STEPS", 5)
    monkeypatch.setattr(transfer, "STEPS", 5)
    monkeypatch.setattr(transfer, "COUNTS", (1, 3))
    rows = lesson(0).rows
    assert [row[:2] for row in rows] == [(n, way) for n in ("1", "3") for way in transfer.WAYS]
    for scratch, *others in (rows[:3], rows[3:]):
        assert scratch[3:] == (0.0, 0.0, 0.0)
        for _, _, accuracy, gain, low, high in others:
            assert float(gain) == pytest.approx(float(accuracy) - float(scratch[2]))
            assert float(low) <= float(gain) <= float(high)


def test_what_is_judged_is_of_the_second_half_and_was_held_out() -> None:
    images, labels = transfer._held_out()
    assert set(labels.tolist()) == set(SECOND)
    assert len(images) == sum(int((digits(split)[1] >= SECOND[0]).sum()) for split in ("validation", "test"))
