"""A model of another library as a part: what it has learned, by the names of its attributes, without pickle."""

from collections.abc import Sequence
from typing import Any


class Fitted:
    """A scikit-learn model, or anything that keeps what it has learned as arrays and numbers in attributes.

    Settings are not saved: the model is made from the learner's, as when training began. A model whose state is an
    object (a tree) needs a way of its own.

    Args:
        model: not fitted yet.
        learned: names of the attributes that fitting gives it; scikit-learn's end in ``_``.
    """

    def __init__(self, model: Any, learned: Sequence[str]):
        self.model, self.learned = model, tuple(learned)

    def state_dict(self) -> dict[str, Any]:
        """The attributes that are there: none before it is fitted."""
        return {name: getattr(self.model, name) for name in self.learned if hasattr(self.model, name)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Give the model what it had learned. ValueError for the state of another model."""
        if not state.keys() <= set(self.learned):
            raise ValueError(f"a state of {sorted(state)}; expected one of {sorted(self.learned)}")
        for name in self.learned:
            vars(self.model).pop(name, None)
        for name, value in state.items():
            setattr(self.model, name, value)
