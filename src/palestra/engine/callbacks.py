"""Callbacks: what watches a training from outside, measures, and may stop it; and all that ends one before its budget.

``palestra.train("cartpole/ppo", callbacks=[Longest()])`` asks this one after every step, records what it says as a
series beside the learner's own, and goes on with it after a resume as if nothing had happened::

    class Longest(palestra.Callback):
        saves = ("longest",)
        longest = 0.0

        def on_step(self, trainer):
            length = trainer.learner.experience.interaction.episodes.metrics().get("train/length_mean", 0.0)
            self.longest = max(self.longest, length)
            return {"mine/longest": self.longest} if self.longest < 400 else False
"""

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.engine.settings import TrainSettings
from palestra.engine.state import Part, Stateful, capture, restore
from palestra.errors import UsageError, require, unknown_name
from palestra.measure import Direction, Evaluation, Metrics, reached

if TYPE_CHECKING:
    from palestra.engine.trainer import Trainer

Reply = Mapping[str, Any] | bool | None
"""Numbers by name are recorded, False stops the training, None and True let it go on."""


class Callback:
    """Watches a training: override what is of interest. ``trainer.learner`` is the learner, ``.clock`` its clock.

    One that remembers anything names it in ``saves``, or has ``state_dict`` and ``load_state_dict``: it is then saved
    and restored with the run, which says that it is not exact otherwise.
    """

    def on_step(self, trainer: "Trainer") -> Reply:
        """After each step of the learner. Numbers count as the learner's own do: a row holds their means."""
        return None

    def on_evaluation(self, trainer: "Trainer", evaluation: Evaluation) -> Reply:
        """After each evaluation, whose best so far is ``trainer.best_score``. Numbers stand beside its figures."""
        return None

    def on_end(self, trainer: "Trainer") -> Reply:
        """Once nothing is left to do: not where a signal interrupts what a resume goes on with."""
        return None


class OfSteps(Callback):
    """A function that is called after each step."""

    def __init__(self, function: Callable[["Trainer"], Reply]):
        self.function = function

    def on_step(self, trainer: "Trainer") -> Reply:
        """What it says."""
        return self.function(trainer)


Callbacks = Callback | Callable[["Trainer"], Reply] | Iterable[Callback | Callable[["Trainer"], Reply]]
"""One or several; a function is called after each step."""


class Watch:
    """Everything that may end a training before its budget: callbacks, patience, a target of evaluations.

    Args:
        callbacks: in the order in which they are asked.
        settings: with the target and the patience.
        direction: which way the learner's score is better.
    """

    def __init__(self, callbacks: Callbacks, settings: TrainSettings, direction: Direction):
        given = callbacks if isinstance(callbacks, Iterable) else [callbacks]
        self._callbacks = [_callback(each) for each in given]
        self._settings = settings
        self._direction: Direction = settings.target_direction or direction
        self._fruitless = 0
        self._met = False
        self.told_to_stop = False
        self._sources: dict[str, str] = {}

    @property
    def stops(self) -> bool:
        """Whether to stop: a callback said so, or patience is at its end."""
        return self.told_to_stop or 0 < self._settings.patience <= self._fruitless

    def target_met(self, best_score: float | None) -> bool:
        """Whether the target is reached: by the best score, or by the figure that it is of."""
        if self._settings.target_metric is not None:
            return self._met
        return reached(best_score, self._settings.target, self._direction)

    def after_step(self, trainer: "Trainer", metrics: Metrics) -> Metrics:
        """What a step reported, with what callbacks add."""
        for callback in self._callbacks:
            metrics = {**metrics, **self._heard(callback.on_step(trainer), callback, "on_step", metrics)}
        return metrics

    def after_evaluation(self, trainer: "Trainer", evaluation: Evaluation, improved: bool) -> Metrics:
        """What callbacks add to an evaluation."""
        self._fruitless = 0 if improved else self._fruitless + 1
        if self._settings.target_metric is not None:
            value = self._figure(self._settings.target_metric, evaluation.metrics)
            self._met = self._met or reached(value, self._settings.target, self._direction)
        added: Metrics = {}
        for callback in self._callbacks:
            reply = callback.on_evaluation(trainer, evaluation)
            added |= self._heard(reply, callback, "on_evaluation", {**evaluation.metrics, **added})
        return added

    def at_end(self, trainer: "Trainer") -> Metrics:
        """What callbacks say at last."""
        added: Metrics = {}
        for callback in self._callbacks:
            added |= self._heard(callback.on_end(trainer), callback, "on_end", added)
        return added

    def _figure(self, name: str, metrics: Metrics) -> float | None:
        """A figure of an evaluation; of what environments say (``env/...``) there may be none this time."""
        figure = name.replace("env/", "eval/", 1) if name.startswith("env/") else name
        if figure not in metrics and figure == name:
            raise unknown_name("target_metric", name, metrics)
        if figure not in metrics:
            said = ", ".join(sorted(metrics))
            warnings.warn(f"target on {name}, which the environment did not say; there are {said}", stacklevel=2)
        return metrics.get(figure)

    def _heard(self, reply: Reply, callback: Callback, when: str, taken: Metrics) -> Metrics:
        """The numbers in a reply, whose names have to be nobody else's; and whether it says to stop."""
        if reply is None:
            return {}
        source = f"{_name(callback)}.{when}"
        if isinstance(reply, bool | np.bool_):
            self.told_to_stop = self.told_to_stop or not reply
            return {}
        require(isinstance(reply, Mapping), f"{source} returned {reply!r}", "None, False to stop, or a dict of numbers")
        numbers = {}
        for name, value in reply.items():
            other = "the training" if name in taken else self._sources.setdefault(name, source)
            require(other == source, f"{source} reports {name!r}, as {other} does", "a name of its own, such as mine/x")
            try:
                numbers[name] = float(value)
            except (TypeError, ValueError, RuntimeError):
                raise UsageError(f"{source} reports {name}={value!r}; expected a number") from None
        return numbers

    def state_dict(self) -> dict[str, Any]:
        """What has been said so far, and the state of every callback that has one."""
        states = [capture(each) if isinstance(each, Part | Stateful) else None for each in self._callbacks]
        names = [_name(each) for each in self._callbacks]
        said = {"fruitless": self._fruitless, "met": self._met, "told_to_stop": self.told_to_stop}
        return {**said, "callbacks": names, "states": states}

    def load_state_dict(self, state: Mapping[str, Any]) -> list[str]:
        """Go on from there. Says what is not exact: other callbacks than then, or ones that save nothing."""
        self._fruitless, self._met = state["fruitless"], state["met"]
        self.told_to_stop = state["told_to_stop"]
        then, now = state["callbacks"], [_name(each) for each in self._callbacks]
        if then != now:
            were, are = (", ".join(names) or "none" for names in (then, now))
            return [f"not exact: callbacks were {were} and are {are}; palestra.resume(run, callbacks=[...]) takes them"]
        notes = []
        for callback, saved in zip(self._callbacks, state["states"]):
            if isinstance(callback, Part) and saved is not None:
                notes += restore(callback, saved)
            elif isinstance(callback, Stateful) and saved is not None:
                notes += callback.load_state_dict(saved) or []
            elif vars(callback):
                notes.append(
                    f"not exact: callback {_name(callback)} saves no state; give it saves = (...), or state_dict"
                    " and load_state_dict"
                )
        return notes


def _callback(given: Any) -> Callback:
    """A callback; a function is one that is called after each step."""
    if isinstance(given, type) or not (isinstance(given, Callback) or callable(given)):
        raise UsageError(
            f"callback {given!r}; expected an object, its class made from palestra.Callback, or a function"
        )
    return given if isinstance(given, Callback) else OfSteps(given)


def _name(callback: Callback) -> str:
    function = callback.function if isinstance(callback, OfSteps) else type(callback)
    return str(getattr(function, "__name__", type(function).__name__))
