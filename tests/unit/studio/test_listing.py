from pathlib import Path

import pytest
from made_runs import make_run

from palestra.runs.aside import set_aside
from palestra.runs.query import parse
from palestra.runs.store import Run
from palestra.studio import listing
from palestra.studio.listing import Listing


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LOOK_SECONDS", -1.0)
    monkeypatch.setattr(listing, "_SHARE", 0)


def test_only_what_changed_is_sent_again(tmp_path: Path) -> None:
    one = make_run(tmp_path, 0)
    made = Listing(tmp_path)
    first = made.since(0)
    assert [row["id"] for row in first["rows"]] == [one]
    assert first["rows"][0] | {"recipe": "cartpole/ppo", "speed": 200.0, "headline_value": 480.0} == first["rows"][0]
    again = made.since(first["cursor"])
    assert (again["rows"], again["gone"], again["cursor"]) == ([], [], first["cursor"])
    two = make_run(tmp_path, 1)
    news = made.since(first["cursor"])
    assert [row["id"] for row in news["rows"]] == [two]
    with Run.open(one, tmp_path, write=True) as run:
        run.update_manifest(steps=600)
    later = made.since(news["cursor"])
    assert [(row["id"], row["steps"]) for row in later["rows"]] == [(one, 600)]
    assert {row["id"] for row in made.since(0)["rows"]} == {one, two}


def test_what_goes_is_told_and_what_comes_back_too(tmp_path: Path) -> None:
    one = make_run(tmp_path, 0)
    made = Listing(tmp_path)
    cursor = made.since(0)["cursor"]
    set_aside(tmp_path, one)
    news = made.since(cursor)
    assert (news["rows"], news["gone"], news["count"]) == ([], [one], 0)
    assert [each["id"] for each in made.others()["aside"]] == [one]
    assert made.since(10**9)["rows"] == [], "a cursor of another start begins anew"


def test_a_row_that_is_not_meant_any_more_is_gone_for_who_asks(tmp_path: Path) -> None:
    one = make_run(tmp_path, 0)
    made, query = Listing(tmp_path), parse("steps<550")
    first = made.since(0, query)
    assert [row["id"] for row in first["rows"]] == [one]
    with Run.open(one, tmp_path, write=True) as run:
        run.update_manifest(steps=600)
    news = made.since(first["cursor"], query)
    assert (news["rows"], news["gone"]) == ([], [one])
    assert [row["steps"] for row in made.since(first["cursor"])["rows"]] == [600]


def test_a_running_row_stands_where_its_numbers_do(tmp_path: Path) -> None:
    with Run.create(tmp_path, "cartpole", "ppo", 0, {"training": {"seed": 0, "budget": 900}}) as run:
        made = Listing(tmp_path)
        first = made.since(0)
        assert [(row["status"], row["steps"], row["budget"]) for row in first["rows"]] == [("running", 0, 900)]
        run.metrics.add(300, {"train/loss": 1.0})
        run.metrics.commit()
        news = made.since(first["cursor"])
        assert [row["steps"] for row in news["rows"]] == [300]
    assert [row["status"] for row in made.since(news["cursor"])["rows"]] == ["interrupted"]


def test_a_damaged_run_is_not_in_the_list(tmp_path: Path) -> None:
    one = make_run(tmp_path, 0)
    (tmp_path / one / "manifest.json").write_text("{")
    made = Listing(tmp_path)
    assert made.since(0)["rows"] == []
    assert [each["id"] for each in made.others()["unreadable"]] == [one]


def test_where_nothing_changed_only_trainings_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_SHARE", 1e9)
    whole: list[Path] = []
    list_runs = listing.index.list_runs
    monkeypatch.setattr(listing.index, "list_runs", lambda root: whole.append(root) or list_runs(root))
    make_run(tmp_path, 0)
    with Run.create(tmp_path, "cartpole", "ppo", 1, {}) as run:
        made = Listing(tmp_path)
        cursor = made.since(0)["cursor"]
        for steps in (10, 20):
            run.update_manifest(steps=steps)
            news = made.since(cursor)
            assert [row["steps"] for row in news["rows"]] == [steps]
            cursor = news["cursor"]
        assert len(whole) == 1
    make_run(tmp_path, 2)
    assert {row["seed"] for row in made.since(cursor)["rows"]} == {1, 2}
    assert len(whole) == 2, "the folder has changed"
