"""What is trained without a recipe: one who learns and one to learn from, or a line with an example."""

from types import SimpleNamespace
from typing import Any

import pytest

from palestra.cli.adhoc import named, recipe_of
from palestra.errors import UsageError


def asked(**given: str) -> dict[str, str]:
    return named(SimpleNamespace(**{"algo": None, "env_id": None, "estimator": None, "data": None, **given}))


def test_what_was_given_is_known_by_its_option() -> None:
    assert asked() == {}
    assert asked(env_id="CartPole-v1", algo="ppo") == {"--algo": "ppo", "--env-id": "CartPole-v1"}


@pytest.mark.parametrize(
    ("given", "overrides", "recipe", "learner", "budget"),
    [
        ({"algo": "ppo", "env_id": "CartPole-v1"}, {}, "cartpole-v1/ppo", "ppo", 100_000),
        ({"algo": "mlp", "data": "iris"}, {}, "iris/mlp", "mlp", 100_000),
        ({"estimator": "SVC", "data": "iris"}, {}, "iris/svc", "library-classifier", 1),
        ({"estimator": "ExtraTreesClassifier", "data": "iris"}, {"n_estimators": "30"},
         "iris/extratreesclassifier", "library-classifier", 30),
    ],
)  # fmt: skip
def test_a_pair_is_a_recipe(
    given: dict[str, str], overrides: dict[str, Any], recipe: str, learner: str, budget: int
) -> None:
    made = recipe_of(asked(**given), None, overrides)
    assert (made.id, made.learner, made.budget) == (recipe, learner, budget)
    assert recipe_of(asked(**given), 7, overrides).budget == 7


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"algo": "ppo"}, "--algo without --env-id; expected both"),
        ({"data": "iris"}, "--data without --estimator; expected both"),
        ({"estimator": "SVC", "env_id": "CartPole-v1"}, "one who learns and one to learn from"),
        ({"algo": "mlp", "estimator": "SVC", "data": "iris"}, "one who learns and one to learn from"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(given: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        recipe_of(asked(**given), None, {})
