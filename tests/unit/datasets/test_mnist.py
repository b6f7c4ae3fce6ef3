"""MNIST: its files, its sources, its shape."""

import re

import pytest

from palestra.datasets import idx_set, mnist
from palestra.datasets.dataset import Dataset


def test_every_source_has_the_four_files() -> None:
    resource = mnist.RESOURCE
    assert [content.name for content in resource.contents] == [*idx_set.FILES]
    assert all(re.fullmatch(r"[0-9a-f]{64}", content.sha256) for content in resource.contents)
    for source in resource.sources:
        members = source.members  # type: ignore[attr-defined]
        assert [*members] == [*idx_set.FILES]
        assert all(name in member for name, member in members.items())


def test_its_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx_set, "SIZES", (60, 20))
    named = Dataset(mnist.RESOURCE.name, {"validation": 10, "stand_in": True})
    splits = named.load()
    assert [tuple(split.inputs.shape) for split in splits.values()] == [(50, 28, 28), (10, 28, 28), (20, 28, 28)]
    assert len(named.class_names()) == 10
