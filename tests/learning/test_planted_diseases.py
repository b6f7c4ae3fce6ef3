"""``palestra report`` names what was planted, and calls nothing healthy ill: cases of two draws, one never looked at.

The whole table, on three draws that were held back, is ``bench/results/planted_diseases.md``.
"""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("sklearn", reason="the estimators come with the [ml] extra")

from palestra.trials.report.report import of_case


def load() -> ModuleType:
    """The cases of the benchmark, which are the cases of this test."""
    path = Path(__file__).parents[2] / "bench" / "diseases" / "planted.py"
    spec = spec_from_file_location("planted", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["planted"] = module
    spec.loader.exec_module(module)
    return module


PLANTED = load()
HELD_BACK = 3
"""A seed that no limit was chosen on."""


def test_there_are_enough_and_every_name_is_planted() -> None:
    from palestra.trials.report.diagnose import NAMES

    assert len(PLANTED.PLANTED) >= 24
    assert {each.disease for each in PLANTED.PLANTED} == set(NAMES)


@pytest.mark.parametrize("planted", PLANTED.PLANTED, ids=lambda planted: planted.name.replace(" ", "-"))
def test_a_planted_disease_is_named(planted) -> None:
    names = of_case(PLANTED.drawn(planted, HELD_BACK)).names
    assert names[0] == planted.disease
    assert set(names) <= {planted.disease, *planted.beside}
