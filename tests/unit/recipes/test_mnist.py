"""The recipes of this family train for whole epochs of what is not held out, and are looked at after parts of one."""

from inspect import signature

from palestra.datasets.idx_set import SIZES
from palestra.datasets.mnist import load
from palestra.learners.registry import learner_type
from palestra.recipes.mnist import IMAGES, RECIPES


def test_they_train_for_whole_epochs() -> None:
    assert SIZES[0] - signature(load).parameters["validation"].default == IMAGES
    for recipe in RECIPES:
        assert recipe.dataset == "mnist"
        assert recipe.budget % IMAGES == 0
        assert IMAGES % recipe.eval_every == 0 or recipe.budget % recipe.eval_every == 0


def test_their_settings_are_those_of_their_learners() -> None:
    for recipe in RECIPES:
        config = learner_type(recipe.learner).config_type(**recipe.settings)
        assert all(getattr(config, name) == value for name, value in recipe.settings.items())


def test_claims_are_of_all_test_images() -> None:
    claims = [recipe.claim for recipe in RECIPES if recipe.claim]
    assert len(claims) == len(RECIPES)
    assert {(claim.split, claim.count) for claim in claims} == {("test", 0)}
