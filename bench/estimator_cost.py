"""What does the engine cost on top of scikit-learn's and XGBoost's own ``fit``? In one step, in many, and recorded."""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import torch
from threadpoolctl import threadpool_limits

import palestra
from palestra.datasets.dataset import Dataset
from palestra.learners.estimators.catalogue import make_estimator
from palestra.recipes.recipe import Recipe
from palestra.trials.plan import resolve
from report import publish

Case = tuple[str, str, dict[str, Any], int, dict[str, Any]]
"""Data set, estimator, arguments, rounds, and what it is given besides when it is fitted by itself, to say as much."""
SAYS_LESS: Case = ("digits", "RandomForestClassifier", {"n_estimators": 200}, 200, {})
CASES: tuple[Case, ...] = (
    ("digits", "RandomForestClassifier", {"n_estimators": 200}, 200, {"oob_score": True}),
    SAYS_LESS,
    ("digits", "HistGradientBoostingClassifier", {"max_iter": 100}, 100, {}),
    ("credit-default", "XGBClassifier", {"n_estimators": 300, "max_depth": 3, "n_jobs": 1}, 300, {}),
    ("diamonds", "HistGradientBoostingRegressor", {"max_iter": 200}, 200, {}),
    ("credit-default", "LogisticRegression", {}, 1, {}),
    ("digits", "SVC", {}, 1, {}),
)


def seconds(what: Callable[[], Any]) -> float:
    """Of one call."""
    begin = time.perf_counter()
    what()
    return time.perf_counter() - begin


def measured(
    data: str, name: str, arguments: dict[str, Any], rounds: int, besides: dict[str, Any], repeats: int
) -> dict[str, Any]:
    """One case: its own fit beside ours, in turn, so that a drift of the machine meets all."""
    kind = "classifier" if "Classifier" in name or name in ("LogisticRegression", "SVC") else "regressor"
    split = Dataset(data).load()["train"]
    assert split.targets is not None
    inputs, targets = split.inputs.flatten(1).double().numpy(), split.targets.numpy()

    def own() -> None:
        with threadpool_limits(1):
            drawn = {} if name == "LogisticRegression" else {"random_state": 0}
            make_estimator(name, {**arguments, **besides, **drawn}).fit(inputs, targets)

    def ours(step: int, recorded: bool) -> float:
        settings = {"estimator": name, "arguments": arguments, "rounds_per_step": step}
        recipe = Recipe("bench/estimator", "", f"library-{kind}", dataset=data, budget=rounds, settings=settings)
        if recorded:
            with tempfile.TemporaryDirectory() as out:
                return seconds(lambda: palestra.train(recipe, out=out, eval_every=0, tensorboard=False))
        learner = resolve(recipe).make_learner()
        _ = learner.rows, learner.splits  # loading the data is no part of either
        return seconds(lambda: learner.learn(rounds))

    own()
    rows = [
        (seconds(own), ours(rounds, False), ours(max(1, rounds // 10), False), ours(rounds, True))
        for _ in range(repeats)
    ]
    alone, once, often, kept = (statistics.median(column) for column in zip(*rows))
    return {
        "data": data, "estimator": ", ".join([name, *besides]), "rounds": rounds, "fit s": alone, "one step s": once,
        "cost ms": 1e3 * (once - alone), "cost %": 100 * (once / alone - 1), "ten steps s": often,
        "recorded run s": kept,
    }  # fmt: skip


def main() -> None:
    """Every case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    table = [measured(*case, args.repeats) for case in CASES]
    alike = [row for row, case in zip(table, CASES) if case != SAYS_LESS]
    over = max(min(row["cost %"] / 3, row["cost ms"] / 50) for row in alike)
    publish(
        "estimator_cost",
        "The engine's own cost on top of an estimator's fit",
        {"ours": over, "peer": 1.0, "ratio": over, "unit": "of the limit, 3 % or 50 ms", "seeds": [0]},
        table,
        [
            f"Median of {args.repeats} repeats in turn, one thread. `one step` is the learner alone, all in one step:"
            " what it costs beyond `fit` is seeding, the report of how well it does on 400 of its rows, and"
            " the loop. `ten steps` reports ten times, by `warm_start` or from XGBoost's bytes; `recorded run` is"
            " everything: loading the data, one step, a checkpoint, the manifest.",
            "Ours says a forest's out-of-bag error by itself; scikit-learn only with `oob_score`. The headline compares"
            " the two that say it; the forest without stands beside it.",
        ],
    )


if __name__ == "__main__":
    main()
