"""The part of scikit-learn's face that its own base class has, for where it is not installed."""

import html
import inspect
from typing import Any, Self

from palestra.errors import unknown_name


class Plain:
    """What scikit-learn's own base class does, as far as the face goes, where it is not installed."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments, as they were given."""
        return {name: getattr(self, name) for name in list(inspect.signature(type(self)).parameters)}

    def set_params(self, **params: Any) -> Self:
        """Give some of the constructor's arguments other values. UsageError for a name that it has not."""
        names = self.get_params()
        for name, value in params.items():
            if name not in names:
                raise unknown_name(f"setting of {type(self).__name__}", name, names)
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({settings})"

    def _repr_html_(self) -> str:
        """What a notebook shows: its arguments, those that are not as by default in bold."""
        usual = {name: each.default for name, each in inspect.signature(type(self)).parameters.items()}
        rows = []
        for name, value in self.get_params().items():
            shown = html.escape(repr(value))
            other = shown if value == usual[name] else f"<b>{shown}</b>"
            rows.append(f"<tr><td>{html.escape(name)}</td><td>{other}</td></tr>")
        return f"<details><summary>{type(self).__name__}</summary><table>{''.join(rows)}</table></details>"
