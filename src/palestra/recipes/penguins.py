"""Recipes for penguins: bill, flipper and mass, with gaps; of which of three species?"""

from palestra.recipes.recipe import Claim, Recipe

RECIPES = (
    Recipe(
        "penguins/forest",
        "a random forest by scikit-learn, and its out-of-bag error",
        "library-classifier",
        dataset="penguins",
        budget=200,
        settings={"estimator": "RandomForestClassifier", "arguments": {"n_estimators": 200}},
        eval_count=0,
        paradigm="supervised",
        claim=Claim(0.97, "TO BE MEASURED", "eval/accuracy", count=0, split="5-fold"),
    ),
)
