"""What a user types is read by a small grammar: ranges against SciPy's distributions, types against the settings."""

from typing import Any

import numpy as np
import pytest
from quick import QUICK
from scipy import stats

from palestra.errors import UsageError
from palestra.recipes.registry import RECIPES
from palestra.trials.plan import resolve
from palestra.trials.sweep.space import Choices, Numbers, is_single, space_of

PLAN = resolve(QUICK)


@pytest.mark.parametrize(
    ("name", "words", "place", "axis"),
    [
        ("learner.learning_rate", "log(1e-4,1e-2)", "learner.learning_rate", Numbers(1e-4, 1e-2, "log")),
        ("learning_rate", " log( 1e-4 , 1e-2 ) ", "learner.learning_rate", Numbers(1e-4, 1e-2, "log")),
        ("gamma", "0.9..0.99", "learner.gamma", Numbers(0.9, 0.99)),
        ("gamma", ".9...99", "learner.gamma", Numbers(0.9, 0.99)),
        ("gamma", "0..1", "learner.gamma", Numbers(0.0, 1.0)),
        ("gamma", "uniform(0.9,0.99)", "learner.gamma", Numbers(0.9, 0.99)),
        ("num_epochs", "1..8", "learner.num_epochs", Numbers(1, 8, whole=True)),
        ("num_epochs", "int(1,8)", "learner.num_epochs", Numbers(1, 8, whole=True)),
        ("num_steps", "log(8,512)", "learner.num_steps", Numbers(8, 512, "log", whole=True)),
        ("gamma", "0.95, 0.99,0.95", "learner.gamma", Choices((0.95, 0.99))),
        ("gamma", "log(0.25,1,3)", "learner.gamma", Choices((0.25, 0.5, 1.0))),
        ("num_steps", "log(8,32,3)", "learner.num_steps", Choices((8, 16, 32))),
        ("normalize_obs", "true,false", "learner.normalize_obs", Choices((True, False))),
        ("surrogate", "clip,clip", "learner.surrogate", Choices(("clip",))),
        ("hidden_sizes", "64,64|256,256", "learner.hidden_sizes", Choices(([64, 64], [256, 256]))),
        ("target_kl", "none,0.02", "learner.target_kl", Choices((None, 0.02))),
        ("target_kl", "0.01..0.05", "learner.target_kl", Numbers(0.01, 0.05)),
        ("num_envs", "2|4", "world.num_envs", Choices((2, 4))),
        ("world.kwargs.gravity", "5..15", "world.kwargs.gravity", Numbers(5, 15, whole=True)),
        ("world.kwargs.gravity", "5.0..15", "world.kwargs.gravity", Numbers(5, 15)),
        ("world.kwargs.gravity", "9.8,5", "world.kwargs.gravity", Choices((9.8, 5))),
        ("gamma", [0.9, 1], "learner.gamma", Choices((0.9, 1.0))),
        ("hidden_sizes", [[8], (16, 16)], "learner.hidden_sizes", Choices(([8], [16, 16]))),
    ],
)  # fmt: skip
def test_words_become_an_axis(name: str, words: Any, place: str, axis: Any) -> None:
    assert space_of(PLAN, {name: words}) == {place: axis}


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("lerning_rate", "1..2", r"unknown setting 'lerning_rate'; nearest: learning_rate"),
        ("learner.gama", "0.9..1", r"unknown setting of PPOConfig 'gama'; nearest: gamma"),
        ("training.budget", "1,2", "training.budget in a sweep; expected a setting of the learner or the world"),
        ("gamma", "log(1,0.5)", r"gamma=log\(1,0.5\); expected a lower end below the upper one"),
        ("gamma", "log(0,0.5)", "expected a lower end above 0, which has a logarithm"),
        ("gamma", "log(0.1)", r"expected log\(lo,hi\), or log\(lo,hi,n\)"),
        ("gamma", "log(0.1,0.2,0.3,0.4)", r"expected log\(lo,hi\), or log\(lo,hi,n\)"),
        ("gamma", "log(a,0.2)", r"gamma=log\(a,0.2\), of which 'a' is no number; expected a,b,c or log"),
        ("gamma", "uniform(0,inf)", "of which 'inf' is no number"),
        ("gamma", "uniform(0.1,0.2,1)", "a number of points from 2 to 10,000 in the third place"),
        ("gamma", "lgo(0.1,0.2)", r"gamma=lgo\(0.1,0.2\); expected a,b,c or log\(lo,hi\)"),
        ("gamma", "__import__('os').system('true')", "gamma=__import__.*; expected a,b,c or"),
        ("gamma", "0.9..1.5", r"gamma=1.5; expected"),
        ("gamma", "0.9,high", "setting gamma=high; expected a number"),
        ("num_epochs", "uniform(1,8)", r"num_epochs=uniform\(1,8\), which is a whole number; expected int\(lo,hi\)"),
        ("num_epochs", "1..2.5", "which is a whole number"),
        ("normalize_obs", "0..1", "normalize_obs=0..1, which is no number; expected choices: a,b,c"),
        ("hidden_sizes", "log(8,64)", "which is no number; expected choices"),
        ("learning_rate_schedule", "linear,quadratic", "setting learning_rate_schedule=quadratic; expected one of"),
        ("gamma", ",", "gamma=,; expected a,b,c"),
        ("gamma", [], r"gamma=\[\]; expected a,b,c"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(name: str, words: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said) as error:
        space_of(PLAN, {name: words})
    assert "\n" not in str(error.value)


def test_a_setting_is_tried_once() -> None:
    with pytest.raises(UsageError, match=r"learner.gamma, which is learner.gamma, twice; expected each setting once"):
        space_of(PLAN, {"gamma": "0.9,0.99", "learner.gamma": "0.9..1"})


def test_arguments_of_another_librarys_estimator_are_settings_too() -> None:
    plan = resolve(RECIPES["digits/forest"])
    assert space_of(plan, {"max_depth": "2,4,8", "arguments.max_features": "0.1..0.9"}) == {
        "learner.arguments.max_depth": Choices((2, 4, 8)),
        "learner.arguments.max_features": Numbers(0.1, 0.9),
    }


def test_one_value_is_set_and_not_tried() -> None:
    for name, words in (("gamma", "0.9"), ("hidden_sizes", "64,64"), ("normalize_obs", "true"), ("gamma", "1e-3")):
        assert is_single(PLAN, name, words), words
    for name, words in (("gamma", "0.9,1"), ("gamma", "0..1"), ("hidden_sizes", "64|32"), ("gamma", "log(0.1,1,2)")):
        assert not is_single(PLAN, name, words), words


def test_shares_are_those_of_the_distributions() -> None:
    share = (np.arange(2_000) + 0.5) / 2_000
    uniform, log = (np.array([axis.at(u) for u in share]) for axis in (Numbers(2, 5), Numbers(1e-4, 1e-2, "log")))
    np.testing.assert_allclose(uniform, stats.uniform(2, 3).ppf(share), rtol=1e-12)
    np.testing.assert_allclose(log, stats.loguniform(1e-4, 1e-2).ppf(share), rtol=1e-9)
    whole = [Numbers(1, 4, whole=True).at(u) for u in share]
    assert np.bincount(whole).tolist() == [0, 500, 500, 500, 500]
    powers = np.array([Numbers(1, 64, "log", whole=True).at(u) for u in share])
    assert (powers.min(), powers.max()) == (1, 64)
    assert all(type(value) is int for value in whole)
    expected = [stats.loguniform(0.5, 64.5).cdf(k + 0.5) - stats.loguniform(0.5, 64.5).cdf(k - 0.5) for k in (1, 8, 64)]
    np.testing.assert_allclose([(powers == k).mean() for k in (1, 8, 64)], expected, atol=1e-3)
    chosen = [Choices(("a", "b", "c")).at(u) for u in (0.0, 0.34, 0.99, 1.0)]
    assert chosen == ["a", "b", "c", "c"]


def test_a_place_is_where_a_value_is() -> None:
    assert [Numbers(2, 4).place(value) for value in (2, 3, 4)] == [0, 0.5, 1]
    assert Numbers(1e-4, 1e-2, "log").place(1e-3) == pytest.approx(0.5)
    assert [Choices(("a", [8], None)).place(value) for value in ("a", [8], None)] == pytest.approx([1 / 6, 0.5, 5 / 6])
