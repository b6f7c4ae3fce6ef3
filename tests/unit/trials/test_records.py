"""Records of verifications: what is written is what is listed, and a recipe that changed has no record any more."""

import dataclasses
import json
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from palestra.errors import PalestraError, UsageError
from palestra.recipes.recipe import Claim, Recipe
from palestra.recipes.registry import RECIPES
from palestra.trials import records
from palestra.trials.plan import resolve
from palestra.trials.records import check_recordable, read_record, record_path, spoken_record, write_table
from palestra.trials.trial import Result
from palestra.trials.verdict import judge
from palestra.trials.verify import Verification, write_record

RECIPE = RECIPES["cartpole/ppo"]
SOURCE, SHIPPED = records.FOLDER, records.TABLE


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    monkeypatch.setattr(records, "TABLE", tmp_path / "table" / "verified.json")


def verified(values: list[float | None], recipe: Recipe = RECIPE) -> Verification:
    trials = tuple(Result(i, value, 50_176, 2.5, error=None if value else "no") for i, value in enumerate(values))
    known = [value for value in values if value is not None]
    threshold = recipe.claim.threshold if recipe.claim else None
    verdict = judge(known, threshold) if len(known) == len(values) else None
    return Verification(recipe, "eval/return_mean", 100, trials, verdict)


def test_what_is_written_is_what_is_read() -> None:
    assert spoken_record(RECIPE) == "not verified yet"
    done = verified([480.0, *[500.0] * 9])
    path = write_record(done, command="palestra verify cartpole/ppo --record", tried=["more epochs: the same"])
    assert path == record_path(RECIPE)
    found = read_record(RECIPE)
    assert found is not None
    assert (found.verdict, found.values, found.fresh) == (done.verdict, [480.0, *[500.0] * 9], True)
    assert spoken_record(RECIPE) == "held 10/10, IQM 500 [496.7, 500]"
    facts = json.loads(path.read_text())
    assert facts["settings"]["learning_rate"] == 5e-3
    assert facts["command"] == "palestra verify cartpole/ppo --record"
    write_record(done, command="again", tried=["fewer epochs: worse"])
    assert json.loads(path.read_text())["tried"] == ["more epochs: the same", "fewer epochs: worse"]


CHANGES: list[dict[str, Any]] = [
    {"budget": 60_000},
    {"settings": {**RECIPE.settings, "gamma": 0.9}},
    {"settings": {}},
    {"env_kwargs": {"max_episode_steps": 5}},
    {"num_envs": 8},
    {"target": 1.0},
    {"claim": None},
    {"claim": Claim(400.0, "a lower one")},
    {"claim": Claim(475.0, "the same", count=10)},
    {"claim": Claim(475.0, "the same", split="test")},
    {"claim": Claim(475.0, "the same", direction="down")},
]


@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: "-".join(changes))
def test_a_recipe_that_changed_is_not_verified(changes: dict[str, Any]) -> None:
    write_record(verified([500.0] * 10), command="")
    assert spoken_record(dataclasses.replace(RECIPE, **changes)) == "changed since it was verified"


def test_a_recipe_that_chooses_what_was_done_when_there_was_no_choice_has_not_changed() -> None:
    path = write_record(verified([500.0] * 10), command="")
    facts = json.loads(path.read_text())
    facts["settings"] = {name: value for name, value in facts["settings"].items() if name not in records.LATER}
    path.write_text(json.dumps(facts))
    write_table()
    for name, then in records.LATER.items():
        same, other = ({**RECIPE.settings, name: chosen} for chosen in (then, not then))
        assert spoken_record(dataclasses.replace(RECIPE, settings=same)).startswith("held 10/10")
        assert spoken_record(dataclasses.replace(RECIPE, settings=other)) == "changed since it was verified"


def test_a_recipe_that_says_what_was_the_default_then_has_not_changed() -> None:
    facts = json.loads(write_record(verified([500.0] * 10), command="").read_text())
    assert "hidden_sizes" not in RECIPE.settings
    for value, spoken in ((facts["settings"]["hidden_sizes"], "held 10/10"), ([32], "changed since")):
        now = dataclasses.replace(RECIPE, settings={**RECIPE.settings, "hidden_sizes": value})
        assert spoken_record(now).startswith(spoken)


def test_every_fresh_record_is_of_the_settings_that_its_recipe_comes_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe that relies on a default which has changed since would be another, without a word of it changed."""
    monkeypatch.setattr(records, "TABLE", SHIPPED)
    for recipe in RECIPES.values():
        record = read_record(recipe)
        if record is not None and record.fresh:
            now = json.loads(json.dumps(dataclasses.asdict(resolve(recipe).learner.settings)))
            then = {name: value for name, value in record.facts["settings"].items() if name in now}
            assert {name: now[name] for name in then} == then, recipe.id


def test_words_may_change() -> None:
    write_record(verified([500.0] * 10), command="")
    assert RECIPE.claim is not None
    claim = dataclasses.replace(RECIPE.claim, source="said better", seeds=5)
    assert spoken_record(dataclasses.replace(RECIPE, summary="said better", claim=claim)).startswith("held 10/10")


def test_a_field_that_recipes_did_not_have_then_is_no_change() -> None:
    path = write_record(verified([500.0] * 10), command="")
    facts = json.loads(path.read_text())
    del facts["configuration"]["env_kwargs"]
    path.write_text(json.dumps(facts))
    write_table()
    assert spoken_record(RECIPE).startswith("held")
    assert spoken_record(dataclasses.replace(RECIPE, env_kwargs={"a": 1})) == "changed since it was verified"


def test_a_record_of_more_seeds_is_not_written_over() -> None:
    write_record(verified([500.0] * 10), command="")
    with pytest.raises(UsageError, match="on 5 seeds; expected at least the 10"):
        write_record(verified([500.0] * 5), command="")
    longer = dataclasses.replace(RECIPE, budget=60_000)
    write_record(verified([500.0] * 5, longer), command="")  # the old one was of another recipe
    assert spoken_record(longer).startswith("held 5/5")


def test_a_failed_seed_is_not_recorded() -> None:
    with pytest.raises(UsageError, match="seeds that failed"):
        write_record(verified([500.0] * 9 + [None]), command="")
    assert not record_path(RECIPE).exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"verdict": {}, "trials": []}'])
def test_a_file_that_is_no_record_is_named(text: str) -> None:
    record_path(RECIPE).write_text(text)
    with pytest.raises(PalestraError, match=r"cartpole--ppo\.json is not a record"):
        write_table()
    assert read_record(RECIPE) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cartpole/ppo": {}}', '{"a": {"verdict": {}, "trials": []}}'])
def test_a_table_that_is_none_is_named(text: str) -> None:
    records.TABLE.parent.mkdir()
    records.TABLE.write_text(text)
    with pytest.raises(PalestraError, match=r"verified\.json is not the table of the records"):
        read_record(RECIPE)


def test_without_a_checkout_nothing_is_recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(records, "FOLDER", tmp_path / "lib" / "records")
    for call in (check_recordable, write_table, lambda: write_record(verified([500.0] * 10), command="")):
        with pytest.raises(UsageError, match="records belong to the source; clone it"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_the_table_holds_the_records_of_the_source() -> None:
    records = {facts["recipe"]: facts for path in SOURCE.glob("*.json") for facts in [json.loads(path.read_bytes())]}
    assert records
    assert json.loads(SHIPPED.read_bytes()) == records  # else: make docs


def test_the_wheel_carries_the_table() -> None:
    root = SOURCE.parent
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["src/palestra"]  # everything in it but what git ignores, and the pages:
    pages = {f"docs/{page.name}" for page in (root / "docs").glob("*.md")}
    folders = {f"docs/{name}" for name in ("algorithms", "decisions", "images")}
    assert wheel["force-include"] == {name: f"palestra/{name}" for name in pages | folders}
    assert SHIPPED.relative_to(root) == Path("src/palestra/recipes/verified.json")
    ignored = [line for line in (root / ".gitignore").read_text().splitlines() if line]
    assert not any(fnmatch(name, line.strip("/")) for line in ignored for name in SHIPPED.relative_to(root).parts)


def test_of_a_world_whose_optimum_is_known_a_record_says_how_far_it_is() -> None:
    write_record(verified([490.0] * 10), command="")
    known = dataclasses.replace(RECIPE, optimum=500.0, optimum_source="the time limit")
    assert spoken_record(known) == f"{spoken_record(RECIPE)}, 10 short of the optimum"
    assert spoken_record(RECIPE).startswith("held 10/10")
