"""Which data a learner learns from. Sources register themselves under a name; a file of its own holds each."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from inspect import signature
from reprlib import repr as short
from typing import Any, ClassVar, NamedTuple, get_type_hints

from torch import Tensor

from palestra import datasets
from palestra.datasets.card import Card
from palestra.datasets.hub.cache import Shelf
from palestra.envs.arguments import check_arguments, to_json
from palestra.errors import UsageError, require, unknown_name
from palestra.measure import Measure


class Split(NamedTuple):
    """Part of a data set, as tensors with one row a sample."""

    inputs: Tensor
    """(N, ...) what is known."""
    targets: Tensor | None
    """(N, ...) what is to be predicted; None where nothing is."""


_KINDS: dict[Any, Any] = {int: int, float: (int, float), bool: bool, str: str}
"""Types of arguments that are checked before the source sees them."""
Splits = Mapping[str, Split]
"""``train``, ``validation``, ``test``: a learner fits the first, chooses on the second, and is judged on the third."""

SOURCES: dict[str, Callable[..., Splits]] = {}
"""Name to a function of keyword arguments that gives the splits."""
CARDS: dict[str, Card] = {}
"""Name to what is known about a data set, of those that said so."""
NAMES: dict[str, Callable[..., tuple[str, ...]]] = {}
"""Name to a function of the same arguments that gives the words for its labels, where its card does not."""
TOKENS: dict[str, tuple[str, ...]] = {}
"""Name to the words for the numbers that inputs consist of, where these are sequences of tokens."""
ITEMS: dict[str, Callable[[], tuple[str, ...]]] = {}
"""Name to a function that gives the words for the second number of each row, where rows are who rated what."""
SIDES: dict[str, Callable[[], tuple[Tensor, Tensor]]] = {}
"""Name to a function that gives what is known of those who rate and of what is rated, (U, F) and (I, G) float32."""
ORIGINS: dict[str, Callable[..., dict[str, Any]]] = {}
"""Name to a function of the same arguments that says where data without a resource came from, as JSON values."""
DIGESTS: dict[str, Callable[..., dict[str, str]]] = {}
"""Name to a function of the same arguments that gives the SHA-256 of each of the user's own files, by path."""


def register(
    name: str,
    load: Callable[..., Splits],
    card: Card | None = None,
    names: Callable[..., tuple[str, ...]] | None = None,
    tokens: tuple[str, ...] = (),
    origin: Callable[..., dict[str, Any]] | None = None,
    digests: Callable[..., dict[str, str]] | None = None,
    items: Callable[[], tuple[str, ...]] | None = None,
    sides: Callable[[], tuple[Tensor, Tensor]] | None = None,
) -> None:
    """Make a source known under a name. UsageError where another has the name.

    Args:
        name: under which a recipe and a configuration name it.
        load: gives the splits, from keyword arguments that JSON can hold.
        card: what there is to know about it.
        names: gives the words for its labels, from the same arguments, where no card has them.
        tokens: the words for the numbers that its inputs consist of, if these are sequences.
        origin: says where its data came from, from the same arguments, where no card has a resource.
        digests: gives the SHA-256 of files that may change, from the same arguments, where they are the user's own.
        items: gives the words for what was rated, if rows are who rated what.
        sides: gives what is known of those who rate, (U, F) float32, and of what is rated, (I, G), if rows are such.
    """
    require(SOURCES.get(name, load) is load, f"a second data set named {name!r}", "a name of its own")
    SOURCES[name] = load
    if card is not None:
        CARDS[name] = card
    if names is not None:
        NAMES[name] = names
    if tokens:
        TOKENS[name] = tokens
    if origin is not None:
        ORIGINS[name] = origin
    if digests is not None:
        DIGESTS[name] = digests
    if items is not None:
        ITEMS[name] = items
    if sides is not None:
        SIDES[name] = sides


def known_cards() -> dict[str, Card]:
    """Name to what is known about a data set, of ours and of those that a module of the user's registered."""
    _import_ours()
    return dict(CARDS)


def _import_ours() -> None:
    """Let every file of this room register what it holds."""
    for module in pkgutil.iter_modules(datasets.__path__):
        importlib.import_module(f"palestra.datasets.{module.name}")


@dataclass(frozen=True)
class Dataset:
    """Which data, as a recipe and a configuration name them."""

    key: ClassVar[str] = "dataset"
    """Under which a configuration names it."""

    id: str = ""
    """Name of the source."""
    kwargs: dict[str, Any] = field(default_factory=dict)
    """Arguments of the source itself."""

    @classmethod
    def named(cls, name: str, config: Any) -> "Dataset":
        """The data set of that name. UsageError for what is no name."""
        require(isinstance(name, str), f"{short(name)} to learn from", "a Dataset, or the id of one")
        return cls(name)

    def __post_init__(self) -> None:
        check_arguments(repr(self.id), self.kwargs)

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {name: to_json(value) for name, value in asdict(self).items()}

    def load(self) -> Splits:
        """Its splits. UsageError for an unknown name or argument."""
        source = self._known()
        try:
            signature(source).bind(**self.kwargs)
        except TypeError as error:
            raise UsageError(f"arguments {self.kwargs} of the data set {self.id!r}: {error}") from error
        hints = get_type_hints(source)
        for name, value in self.kwargs.items():
            kinds = _KINDS.get(hints.get(name), object)
            fits = isinstance(value, kinds) and (hints.get(name) in (bool, None) or not isinstance(value, bool))
            expected = f"{getattr(hints.get(name), '__name__', 'another')}, as the data set {self.id!r} takes it"
            require(fits or kinds is object, f"{name}={value!r}", expected)
        return source(**self.kwargs)

    def class_names(self) -> tuple[str, ...]:
        """Label to word, for pictures and predictions; empty where labels have no words. UsageError as for ``load``."""
        self._known()
        if self.id in CARDS and CARDS[self.id].classes:
            return CARDS[self.id].classes
        return NAMES[self.id](**self.kwargs) if self.id in NAMES else ()

    def token_names(self) -> tuple[str, ...]:
        """Token to word, of sequences that are read; empty where they have none. UsageError as for ``load``."""
        self._known()
        return TOKENS.get(self.id, ())

    def item_names(self) -> tuple[str, ...]:
        """Words for what was rated, by its number; empty where it has none. UsageError as for ``load``."""
        self._known()
        return ITEMS[self.id]() if self.id in ITEMS else ()

    def sides(self) -> tuple[Tensor, Tensor]:
        """What is known of those who rate, (U, F) float32, and of what is rated, (I, G). UsageError where none is."""
        self._known()
        require(self.id in SIDES, f"the data set {self.id!r}", f"one of who rated what: {', '.join(sorted(SIDES))}")
        return SIDES[self.id]()

    def origin(self) -> dict[str, Any]:
        """For the record of a run: the digest of each file and where it came from, or that the data were made.

        Empty for data that are made on the spot.
        """
        self._known()
        if self.id in DIGESTS:
            return {"files": {path: {"sha256": each} for path, each in DIGESTS[self.id](**self.kwargs).items()}}
        if self.kwargs.get("stand_in"):
            return {"stand_in": True}
        if self.id in ORIGINS:
            return ORIGINS[self.id](**self.kwargs)
        card = CARDS.get(self.id)
        if card is None or card.resource is None:
            return {}
        noted = Shelf(card.resource.name).origin
        files = {each.name: {"sha256": each.sha256, **noted.get(each.name, {})} for each in card.resource.contents}
        return {"files": files, "licence": card.licence}

    def _known(self) -> Callable[..., Splits]:
        if self.id not in SOURCES:
            _import_ours()
        if self.id not in SOURCES:
            raise unknown_name("data set", self.id, SOURCES)
        return SOURCES[self.id]

    def measure(self, *, split: str = "validation", count: int = 0, seed: int = 0) -> Measure:
        """A measure on ``count`` rows of a split, 0 for all."""
        return Measure(count, split, seed)

    def final(self, *, split: str = "test", count: int = 0, seed: int = 0) -> Measure:
        """How good what was learned is in the end: on the rows that nothing was chosen by."""
        return self.measure(split=split, count=count, seed=seed)


class InMemory(Dataset):
    """Data that is there already, and cannot be named: what learns from it can be used, but not loaded again."""

    def __init__(self, splits: Splits):
        super().__init__("in memory")
        object.__setattr__(self, "_splits", splits)  # of a frozen dataclass, and none of its fields

    def load(self) -> Splits:
        """What it was made of."""
        splits: Splits = vars(self)["_splits"]
        return splits

    def class_names(self) -> tuple[str, ...]:
        """None: arrays have no words."""
        return ()

    def token_names(self) -> tuple[str, ...]:
        """None either."""
        return ()

    def item_names(self) -> tuple[str, ...]:
        """Nor here."""
        return ()

    def origin(self) -> dict[str, Any]:
        """Nothing: nobody knows where arrays come from."""
        return {}

    def to_json(self) -> dict[str, Any]:
        """UsageError: there is no name for it."""
        raise UsageError("data in memory has no name to be loaded by; register a data set to save what learns from it")
