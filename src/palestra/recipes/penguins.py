"""Recipes for penguins: bill, flipper and mass, with gaps; of which of three species?"""

from palestra.recipes.recipe import Claim, Recipe

RECIPES = (
    Recipe(
        "penguins/forest",
        "a random forest by scikit-learn, and its out-of-bag error",
        "library-classifier",
        dataset="penguins",
        budget=100,
        eval_every=50,
        settings={"estimator": "RandomForestClassifier", "arguments": {"n_estimators": 100}},
        eval_count=0,
        paradigm="supervised",
        claim=Claim(
            0.975,
            "its own fit comes to 0.989 on three other partitions; a point less for luck",
            "eval/accuracy",
            count=0,
            split="5-fold",
        ),
    ),
)
