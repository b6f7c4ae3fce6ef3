"""A sweep as a value: checked before anything is trained, the same from its file, and not mixed up with another."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from quick import QUICK

from palestra.errors import UsageError
from palestra.recipes.registry import RECIPES
from palestra.runs.files import UnreadableError
from palestra.trials.sweep.request import REQUEST, Request, begun, read_request, request_of
from palestra.trials.sweep.space import Choices, Numbers

SETTINGS: dict[str, Any] = {
    "learning_rate": "log(1e-4,1e-2)", "gamma": [0.95, 0.99], "num_epochs": "2", "hidden_sizes": "8|4,4"
}  # fmt: skip


def asked(**words: Any) -> Request:
    given = {"trials": 7, "seeds": 2, "first": 5, "confirm": 3, **words}
    return request_of(QUICK, SETTINGS, {"world.num_envs": 2, "training.eval_every": 64}, **given)


def test_what_is_tried_and_what_is_set() -> None:
    request = asked()
    assert request.space == {
        "learner.learning_rate": Numbers(1e-4, 1e-2, "log"),
        "learner.gamma": Choices((0.95, 0.99)),
        "learner.hidden_sizes": Choices(([8], [4, 4])),
    }
    assert (request.plan.learner.settings.num_epochs, request.plan.world.num_envs, request.plan.claim) == (2, 2, None)
    assert list(request.fresh) == [7, 8, 9]
    trial = request.trial(Path("there"), 3, {"learner.gamma": 0.95}, 6)
    assert (trial.number, trial.seed, trial.halving, trial.plan().learner.settings.gamma) == (3, 6, None, 0.95)
    ended = asked(method="asha").trial(Path("there"), 3, {}, 6).halving
    assert ended is not None
    assert (ended.number, ended.rungs) == (3, (64,))
    assert Path(ended.journal) == Path("there/journal.db").absolute()


def test_it_is_the_same_from_its_file(tmp_path: Path) -> None:
    for method in ("random", "asha"):
        request = asked(method=method)
        begun(request, tmp_path / method)
        again = read_request(tmp_path / method)
        assert again == request
        assert again.space == request.space
        assert again.plan == request.plan
        begun(request, tmp_path / method)  # the same command again


def test_another_sweep_is_not_gone_on_with(tmp_path: Path) -> None:
    begun(asked(), tmp_path)
    for words in ({"method": "asha"}, {"seeds": 3}, {"first": 6}):
        with pytest.raises(UsageError, match="holds another sweep; expected another --out, or --resume"):
            begun(asked(**words), tmp_path)
    begun(asked(trials=9, confirm=0), tmp_path)  # more of the same
    assert (read_request(tmp_path).trials, read_request(tmp_path).confirm) == (9, 0)
    with pytest.raises(UsageError, match="trials=7 of a sweep of 9; expected as many or more"):
        begun(asked(), tmp_path)


def test_a_grid_is_tried_whole() -> None:
    request = request_of(QUICK, {"gamma": "0.9,0.95,0.99", "num_epochs": "1,2"}, method="grid")
    assert request.trials == 6
    with pytest.raises(UsageError, match="trials=5 of a grid of 6; expected none"):
        request_of(QUICK, {"gamma": "0.9,0.95,0.99", "num_epochs": "1,2"}, method="grid", trials=5)
    with pytest.raises(UsageError, match="trials=7 of a grid of 6"):
        request.extended(trials=7)


@pytest.mark.parametrize(
    ("settings", "words", "said"),
    [
        ({}, {}, "a sweep without anything to try; expected --set NAME=a,b,c"),
        ({"gamma": "0.9"}, {}, "a sweep without anything to try"),
        ({"gamma": "0.9,1"}, {"method": "asah"}, "unknown method 'asah'; nearest: asha"),
        ({"gamma": "0.9,1"}, {"trials": 0}, "trials=0; expected from 1"),
        ({"gamma": "0.9,1"}, {"seeds": 0}, "seeds=0; expected from 1"),
        ({"gamma": "0.9,1"}, {"confirm": -1}, "confirm=-1; expected from 0"),
        ({"gamma": "0.9,1"}, {"first": -1}, "seed=-1; expected 0 or more"),
        ({"gamma": "0.9,1", "seed": "1,2"}, {}, "seed=1,2 in a sweep; expected --seed"),
        ({"gamma": "0.9,1", "budget": "1,2"}, {}, "setting budget=1,2; expected an integer"),
        ({"gamma": "0.9,1", "eval_every": "0"}, {"method": "asha"}, "successive halving of 256 with none"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], words: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        request_of(QUICK, settings, **words)


def test_a_seed_among_the_overrides_is_refused() -> None:
    with pytest.raises(UsageError, match=r"training.seed among the overrides; expected first=N"):
        request_of(QUICK, {"gamma": "0.9,1"}, {"training.seed": 3})


def test_damaged_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no sweep"):
        read_request(tmp_path)
    begun(asked(), tmp_path)
    values = json.loads((tmp_path / REQUEST).read_text())
    for name, value in (
        ("format", 2), ("method", "nosuch"), ("trials", "many"), ("given", 5), ("given", {"learner.gamma": "eval(1)"}),
        ("trial", {}),
    ):  # fmt: skip
        (tmp_path / REQUEST).write_text(json.dumps({**values, name: value}))
        with pytest.raises(UnreadableError, match=r"sweep.json cannot be followed: "):
            read_request(tmp_path)


def test_every_paradigm_can_be_asked_for() -> None:
    request = request_of(RECIPES["digits/softmax"], {"learning_rate": "log(1e-3,1)"})
    assert dataclasses.replace(RECIPES["digits/softmax"], claim=None) == request.recipe
    assert (request.trials, request.plan.headline) == (40, "eval/accuracy")
