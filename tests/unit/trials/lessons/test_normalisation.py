"""The lesson on normalisation: one thing is changed at a time, and the table is of what was measured."""

import pytest
import torch

from palestra.trials.lessons import normalisation
from palestra.trials.lessons.normalisation import accuracies, enlarged, figures, lesson


def test_figures_of_three_trainings() -> None:
    runs = [[0.1, 0.92, 0.8, 0.95], [0.5, 0.6, 0.7, 0.9], [0.3, 0.2, 0.4, 0.7]]
    accuracy = torch.tensor(runs, dtype=torch.float64)
    # 0.9 comes with epochs 2, 4, and never, which is 5; the largest fall is from 0.92 to 0.8.
    mean, lowest, highest, epochs, fall = figures(accuracy)
    assert (mean, lowest, highest) == pytest.approx((0.85, 0.7, 0.95))
    assert epochs == pytest.approx(11 / 3)
    assert fall == pytest.approx(0.12)
    assert figures(torch.tensor([[0.1, 0.2]]))[-1] == 0


def test_every_pixel_is_four() -> None:
    images, labels = enlarged().load()["validation"]
    assert labels is not None
    assert images.shape == (len(labels), 16, 16)
    assert torch.equal(images[:, ::2, ::2], images[:, 1::2, 1::2])
    assert torch.equal(images[:, ::2, 1::2], images[:, 1::2, ::2])


def test_normalisation_gets_sigmoids_going_and_pooling_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normalisation, "EPOCHS", 4)
    found = {change: accuracies(enlarged(), change, seed=0) for change in normalisation.NAMES}
    assert found["average", "none"].max() < 0.5
    assert found["max", "none"].max() < 0.5
    assert found["average", "batch"].max() > 0.8
    assert not torch.equal(found["average", "batch"], found["max", "batch"])


def test_the_sentence_is_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normalisation, "EPOCHS", 2)
    monkeypatch.setattr(normalisation, "SEEDS", 2)
    done = lesson(0)
    last = {(row[0], row[1]): float(row[2]) for row in done.rows}
    both, alone, pooled = (
        f"{last[change] - last['average', 'none']:+.3f}"
        for change in (("max", "batch"), ("average", "batch"), ("max", "none"))
    )
    assert done.said.endswith(f"{both} by both; by normalisation alone {alone}, by pooling the largest alone {pooled}")
