"""What a sweep tries next: the i-th suggestion is a function of the seed, i, and what has been told, nothing else.

So one that was computed and lost in a kill is computed again, and comes out the same. Random search (Bergstra & Bengio
2012) and the grid are told nothing; the tree-structured Parzen estimator (Bergstra et al. 2011) is Optuna's, of which
nothing but ask and tell is used.
"""

import importlib.util
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from palestra.engine import seeding
from palestra.errors import UsageError, missing_extra, require
from palestra.measure import Direction
from palestra.trials.sweep.space import Axis, Choices, Numbers

Method = Literal["grid", "random", "asha", "tpe"]
History = Sequence[tuple[Mapping[str, Any], float | None]]
"""Settings and scores in the order in which they were told; None of a trial that failed."""


def check_method(method: str, space: Mapping[str, Axis]) -> None:
    """Raise UsageError for a method that cannot try a space: a grid of ranges, or one of a package that is not here."""
    for name, axis in space.items() if method == "grid" else ():
        if isinstance(axis, Numbers):
            kind = "log" if axis.scale == "log" else "int" if axis.whole else "uniform"
            ends = f"{axis.low:g},{axis.high:g}"
            raise UsageError(f"a grid with {name}={kind}({ends}); expected choices a,b,c, or points {kind}({ends},5)")
    if method == "tpe" and importlib.util.find_spec("optuna") is None:
        raise missing_extra("sweep", "the method tpe")


def grid(space: Mapping[str, Axis]) -> list[dict[str, Any]]:
    """Every combination of the choices; the last setting changes first."""
    axes = [axis.values for axis in space.values() if isinstance(axis, Choices)]
    return [dict(zip(space, values, strict=True)) for values in itertools.product(*axes)]


def suggestion(
    method: Method, space: Mapping[str, Axis], seed: int, number: int, told: History, direction: Direction
) -> dict[str, Any]:
    """The settings of trial ``number``, from 0.

    Args:
        method: which way.
        space: what may be tried.
        seed: of the sweep.
        number: which one.
        told: what is known; ``tpe`` alone looks at it.
        direction: which way scores are better.
    """
    if method == "grid":
        points = grid(space)
        require(number < len(points), f"trial {number} of a grid of {len(points)}", "one of its own")
        return points[number]
    if method == "tpe":
        return _parzen(space, seed, number, told, direction)
    return {name: axis.at(_share(seed, number, name)) for name, axis in space.items()}


def _share(seed: int, number: int, name: str) -> float:
    """In [0, 1), for each setting its own: another axis beside it changes nothing."""
    return float(np.random.default_rng(seeding.derive(seed, "sweep", number, name)).random())


def _parzen(space: Mapping[str, Axis], seed: int, number: int, told: History, direction: Direction) -> dict[str, Any]:
    import optuna  # half a second, and only for those who ask for it

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {name: _distribution(optuna, axis) for name, axis in space.items()}
    sampler = optuna.samplers.TPESampler(seed=seeding.derive(seed, "sweep", number) % 2**32)
    study = optuna.create_study(sampler=sampler, direction="maximize" if direction == "up" else "minimize")
    for settings, score in told:
        failed = score is None or not math.isfinite(score)
        study.add_trial(
            optuna.trial.create_trial(
                params={name: _parameter(axis, settings[name]) for name, axis in space.items()},
                distributions=distributions,
                value=None if failed else score,
                state=optuna.trial.TrialState.FAIL if failed else optuna.trial.TrialState.COMPLETE,
            )
        )
    asked = study.ask(distributions).params
    return {name: _setting(axis, asked[name]) for name, axis in space.items()}


def _distribution(optuna: Any, axis: Axis) -> Any:
    if isinstance(axis, Choices):  # by their places, since lists are no choices to Optuna
        return optuna.distributions.CategoricalDistribution(tuple(range(len(axis.values))))
    log = axis.scale == "log"
    if axis.whole:
        return optuna.distributions.IntDistribution(int(axis.low), int(axis.high), log=log)
    return optuna.distributions.FloatDistribution(axis.low, axis.high, log=log)


def _parameter(axis: Axis, value: Any) -> Any:
    return axis.values.index(value) if isinstance(axis, Choices) else value


def _setting(axis: Axis, parameter: Any) -> Any:
    return axis.values[parameter] if isinstance(axis, Choices) else parameter
