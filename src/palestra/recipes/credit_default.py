"""Recipes for credit cards: balance and income of somebody; a default, as three in a hundred have?"""

from palestra.recipes.recipe import Claim, Recipe

RECIPES = (
    Recipe(
        "credit-default/boosting",
        "XGBoost, until the validation split gets no better",
        "library-classifier",
        dataset="credit-default",
        budget=500,
        settings={
            "estimator": "XGBClassifier",
            "arguments": {"n_estimators": 500, "learning_rate": 0.05, "max_depth": 3, "subsample": 0.8},
            "rounds_per_step": 5,
            "early_stopping_rounds": 25,
        },
        eval_every=25,
        eval_count=0,
        paradigm="supervised",
        claim=Claim(
            0.095,
            "on the validation split the defaults of XGBoost and of histogram boosting come to 0.107 and 0.111",
            "eval/log_loss",
            count=0,
            direction="down",
            split="test",
        ),
    ),
)
