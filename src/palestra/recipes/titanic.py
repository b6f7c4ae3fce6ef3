"""Recipes for the Titanic: who a passenger was, with gaps; did he or she survive?"""

from palestra.recipes.recipe import Claim, Recipe

RECIPES = (
    Recipe(
        "titanic/boosting",
        "histogram boosting by scikit-learn",
        "library-classifier",
        dataset="titanic",
        budget=100,
        settings={
            "estimator": "HistGradientBoostingClassifier",
            "arguments": {"max_iter": 100, "learning_rate": 0.05, "max_leaf_nodes": 15},
        },
        eval_count=0,
        paradigm="supervised",
        claim=Claim(
            0.785,
            "its defaults come to 0.788 and 0.803 on other partitions, logistic regression to 0.783 to 0.792",
            "eval/accuracy",
            count=0,
            split="5-fold",
        ),
    ),
)
