"""K-means: what is shown is the learner's own, stepped by the Trainer; dragged centres begin anew; presets fail."""

from typing import Any

import pytest
import torch
from same_state import differing

from palestra.datasets.dataset import InMemory, Split
from palestra.errors import UsageError
from palestra.learners.structure.k_means import KMeans, KMeansConfig
from palestra.ops.lloyd import inertia_of, nearest_centre, settled, spread_start
from palestra.playgrounds.catalogue import find_offer
from palestra.playgrounds.offers.k_means import KMeansAsked
from palestra.playgrounds.played.k_means import KMeansPlayground
from palestra.playgrounds.timeline import Timeline

POINTS = ((-0.9, 0.0), (-0.8, 0.1), (0.5, 0.5), (0.6, 0.5), (0.6, -0.7))


@pytest.mark.parametrize("start", ["random", "k-means++"])
def test_it_is_the_learner_stepped_by_the_trainer(start: Any) -> None:
    playground = KMeansPlayground(KMeansAsked("five", groups=4, start=start, seed=2))
    rows = playground.points
    config = KMeansConfig(groups=4, start=start, restarts=1)
    other = KMeans(InMemory({"train": Split(rows.clone(), None)}), config, seed=2, device="cpu")
    timeline = Timeline(playground)
    timeline.forward(4)
    timeline.back(1)
    other.learn(3 * len(rows))
    assert differing(playground.learner, other) == []
    timeline.forward(1_000)
    other.learn(10**6)
    assert playground.finished
    assert differing(playground.learner, other) == []
    assert torch.equal(playground.frame()["centres"], other.centre_GF)
    assert playground.frame()["inertias"][-1] == float(other.best_inertia)


def test_a_centre_that_is_dragged_goes_on_from_there() -> None:
    playground = KMeansPlayground(KMeansAsked("own", POINTS, groups=2, seed=0))
    playground.edit({"centre": 0, "to": [-1.0, 0.0]})
    playground.edit({"centre": 1, "to": [1.0, 0.0]})
    assert playground.frame()["centres"].tolist() == [[-1.0, 0.0], [1.0, 0.0]]
    assert playground.frame()["group"].tolist() == [0, 0, 1, 1, 1]
    playground.step()
    assert playground.frame()["centres"].flatten().tolist() == pytest.approx([-0.85, 0.05, 1.7 / 3, 0.1])
    assert playground.frame()["inertias"] == sorted(playground.frame()["inertias"], reverse=True)


def test_points_can_be_put_down_and_taken_away() -> None:
    playground = KMeansPlayground(KMeansAsked("three", groups=2))
    playground.edit({"point": [0.25, -0.5]})
    assert playground.asked.data == "own"
    assert playground.asked.points[-1] == (0.25, -0.5)
    assert len(playground.points) == len(playground.asked.points) == 241
    playground.edit({"clear": True})
    assert len(playground.points) == 2
    for wrong in ({}, {"clear": 1}, {"centre": 2, "to": [0, 0]}, {"point": [0]}, {"centre": 0, "to": [3, 0]}):
        with pytest.raises(UsageError):
            playground.edit(wrong)


def test_presets_show_what_they_say() -> None:
    def ended(name: str) -> KMeansPlayground:
        (preset,) = (each for each in find_offer("k-means").presets if each.name == name)
        playground = KMeansPlayground(find_offer("k-means").settings(dict(preset.settings)))  # type: ignore[arg-type]
        while not playground.finished:
            playground.step()
        return playground

    def inertia(points: torch.Tensor, centre_GF: torch.Tensor) -> float:
        return float(inertia_of(points, centre_GF, nearest_centre(points, centre_GF)))

    stuck, spread = ended("stuck"), ended("spread")
    draws = (torch.Generator().manual_seed(seed) for seed in range(10))
    best = min(inertia(stuck.points, settled(stuck.points, spread_start(stuck.points, 5, draw))) for draw in draws)
    assert stuck.frame()["inertias"][-1] > 2 * best
    assert spread.frame()["inertias"][-1] < 8
    long = ended("long")
    cut = long.frame()["centres"]
    assert (cut[0, 0] - cut[1, 0]).abs() > 0.6 > 0.2 > (cut[0, 1] - cut[1, 1]).abs()  # left and right, not up and down
    rings = ended("rings").frame()["centres"]
    assert (rings.norm(dim=1) > 0.15).all()  # neither is the middle
    counts = ended("nothing").frame()["group"].bincount()
    assert counts.min() > 30
