"""How ``bench/same_results.py`` tells equal from rounded from different, and what it makes of its cases."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(scope="module")
def script() -> Any:
    """The script, with its own folder on the path as when it is run."""
    before = list(sys.path)
    sys.path.insert(0, str(BENCH))
    try:
        spec = importlib.util.spec_from_file_location("same_results", BENCH / "same_results.py")
        assert spec is not None
        assert spec.loader is not None
        module: ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = before
    return module


OLD = {
    "learned/policy.weight": np.array([[1.0, -2.0], [0.5, 0.0]], np.float32),
    "learned/visits": np.array([3, 1]),
    "kept/0": np.array([7.0]),
    "rows/train/loss": np.array([np.nan, 0.5, 0.25]),
    "actions/greedy": np.array([0, 1, 1]),
}


def changed(name: str, value: Any) -> dict[str, np.ndarray]:
    return {**{key: array.copy() for key, array in OLD.items()}, name: value}


def test_equal_is_every_bit(script: Any) -> None:
    found = script.compare(OLD, changed("kept/0", np.array([8.0])))
    assert (found.verdict, found.difference, found.where) == ("equal", 0.0, "")
    assert found.numbers == 4 + 2 + 3 + 3
    negative = OLD["learned/policy.weight"].copy()
    negative[1, 1] = -0.0
    assert script.compare(OLD, changed("learned/policy.weight", negative)).verdict == "equal to 1e-5"


def test_parameters_are_found_by_their_values_whatever_they_are_called(script: Any) -> None:
    new = changed("kept/4", OLD["learned/policy.weight"])
    del new["learned/policy.weight"]
    assert script.compare(OLD, new).verdict == "equal"
    new["kept/4"] = OLD["learned/policy.weight"].T.copy()
    found = script.compare(OLD, new)
    assert (found.verdict, found.where, found.difference) == ("differs", "learned/policy.weight", 1.25)


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1 + 9e-6, "equal to 1e-5"), (1 + 1.1e-5, "differs")], ids=["rounding", "more"]
)
def test_a_difference_is_relative_to_the_largest_number(script: Any, factor: float, verdict: str) -> None:
    wide = {"learned/w": np.array([1e-9, -4.0])}
    found = script.compare(wide, {"learned/w": wide["learned/w"] * np.array([1.0, factor])})
    assert (found.verdict, found.where) == (verdict, "learned/w")
    assert found.difference == pytest.approx(factor - 1)


def test_a_loss_that_cancels_is_measured_by_its_terms(script: Any) -> None:
    old, new = {"rows/loss": np.array([1e-8])}, {"rows/loss": np.array([1e-7])}
    assert script.compare(old, new).difference == pytest.approx(9e-8 / 0.1)
    assert script.compare({"learned/b": old["rows/loss"]}, {"learned/b": new["rows/loss"]}).difference == 9.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("actions/greedy", np.array([0, 1, 0])),
        ("learned/visits", np.array([3.0, 1.0])),
        ("learned/visits", np.array([3, 1, 0])),
        ("rows/train/loss", np.array([0.0, 0.5, 0.25])),
        ("rows/train/loss", np.array([np.nan, 0.5, np.inf])),
        ("rows/train/new", np.zeros(3)),
    ],
    ids=["integers", "type", "shape", "reported where it was not", "infinite", "one more metric"],
)
def test_what_has_no_relative_difference_differs(script: Any, name: str, value: np.ndarray) -> None:
    found = script.compare(OLD, changed(name, value))
    assert (found.verdict, found.where, found.difference) == ("differs", name, np.inf)


@pytest.mark.parametrize("name", ["rows/env/is_success", "evaluation/eval/prob", "reference/eval/prob"])
def test_what_environments_say_in_info_may_be_new_but_is_not_lost(script: Any, name: str) -> None:
    new = changed(name, np.ones(3))
    assert script.compare(OLD, new).verdict == "equal"
    assert script.compare(new, OLD).where == name
    assert script.compare(new, {**new, name: np.zeros(3)}).where == name


def test_a_metric_that_is_gone_differs(script: Any) -> None:
    new = changed("kept/0", OLD["kept/0"])
    del new["rows/train/loss"]
    assert script.compare(OLD, new).where == "rows/train/loss"


def entry(tmp_path: Path, status: str = "done", said: str = "", named: bool = True, **arrays: Any) -> dict[str, Any]:
    file = tmp_path / f"{len(list(tmp_path.iterdir()))}.npz"
    np.savez(file, **arrays)
    return {"status": status, "said": said, "named": named, "file": file}


def test_a_case_is_judged_by_how_it_ended_and_by_what_is_expected(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, near, other = (entry(tmp_path, **{"rows\\x": np.array([x])}) for x in (1.0, 1.000001, 2.0))
    monkeypatch.setattr(script, "EXPECTED", {})
    assert script.judge("ppo, Box", one, one)["unexpected"] is False
    script.EXPECTED["ppo, *"] = script.Expected("equal to 1e-5", "summed in another order")
    row = script.judge("ppo, Box", one, near)
    assert (row["result"], row["why"], row["unexpected"]) == ("equal to 1e-5", "summed in another order", False)
    row = script.judge("ppo, Box", one, other)
    assert (row["result"], row["why"], row["unexpected"]) == ("differs", "", True)
    assert script.judge("sac, Box", one, near)["unexpected"] is True
    refused = entry(tmp_path, "refused", "cannot act in it")
    assert script.judge("sac, Box", one, refused)["where"] == "before: done; now: cannot act in it"
    assert script.judge("sac, Box", one, None)["where"] == "before: done; now: no such case"
    assert script.judge("sac, Box", refused, refused)["unexpected"] is True  # a case that is listed has to be served
    assert script.judge("sac, Box", refused | {"named": False}, one) is None


def test_every_case_has_a_name_of_its_own_and_a_world(script: Any) -> None:
    sys.path.insert(0, str(BENCH / "sameness"))
    try:
        from cases import cases
    finally:
        sys.path.remove(str(BENCH / "sameness"))
    listed = list(cases(["ppo", "dqn"]))
    assert len({case.name for case in listed}) == len(listed)
    assert all(case.place.id for case in listed)
