"""The recipes of this family train for whole epochs of what is not held out, and are looked at after whole ones."""

from inspect import signature

from palestra.datasets.cifar10 import SIZES, load
from palestra.learners.registry import learner_type
from palestra.recipes.cifar10 import IMAGES, RECIPES


def test_they_train_for_whole_epochs() -> None:
    assert SIZES[0] - signature(load).parameters["validation"].default == IMAGES
    for recipe in RECIPES:
        assert recipe.dataset == "cifar10"
        assert recipe.budget % IMAGES == 0
        assert recipe.eval_every % IMAGES == 0


def test_their_settings_are_those_of_their_learners() -> None:
    for recipe in RECIPES:
        config = learner_type(recipe.learner).config_type(**recipe.settings)
        assert all(getattr(config, name) == value for name, value in recipe.settings.items())
