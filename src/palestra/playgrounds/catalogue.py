"""Which playgrounds there are. Listing them imports neither torch nor a learner."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palestra.errors import unknown_name
from palestra.playgrounds.offer import Offer
from palestra.playgrounds.offers import arm, bandit, cartpole, classifier, convolution, descent, gridworld, k_means

if TYPE_CHECKING:
    from palestra.playgrounds.playground import Playground

OFFERS: dict[str, Offer] = {
    each.OFFER.name: each.OFFER
    for each in (bandit, gridworld, descent, k_means, classifier, convolution, cartpole, arm)
}
"""Name to offer, in the order in which a page shows them."""
PLAYED = {
    "bandit": ("palestra.playgrounds.played.bandit", "BanditPlayground"),
    "gridworld": ("palestra.playgrounds.played.gridworld", "GridworldPlayground"),
    "descent": ("palestra.playgrounds.played.descent", "DescentPlayground"),
    "k-means": ("palestra.playgrounds.played.k_means", "KMeansPlayground"),
    "classifier": ("palestra.playgrounds.played.classifier", "ClassifierPlayground"),
    "convolution": ("palestra.playgrounds.played.convolution", "ConvolutionPlayground"),
    "cartpole": ("palestra.playgrounds.played.cartpole", "CartPolePlayground"),
    "arm": ("palestra.playgrounds.played.arm", "ArmPlayground"),
}
"""Name to module and class. Only what stands here is ever imported, whatever a command says."""
SHOWN_BY: dict[str, tuple[str, dict[str, Any]]] = {
    "algorithms/epsilon-greedy": ("bandit", {}),
    "algorithms/ucb": ("bandit", {"algorithm": "ucb"}),
    "algorithms/thompson": ("bandit", {"algorithm": "thompson"}),
    "algorithms/gradient-bandit": ("bandit", {"algorithm": "gradient-bandit"}),
    "algorithms/value-iteration": ("gridworld", {}),
    "algorithms/q-learning": ("gridworld", {"method": "q-learning", "gamma": 1.0}),
    "algorithms/sarsa": ("gridworld", {"method": "sarsa", "gamma": 1.0}),
    "algorithms/ppo": ("cartpole", {}),
    "algorithms/dagger": ("arm", {}),
    "algorithms/expert": ("arm", {"agent": "expert"}),
    "algorithms/linear-regression": ("descent", {}),
    "algorithms/softmax-regression": ("classifier", {"hidden": []}),
    "algorithms/mlp": ("classifier", {}),
    "algorithms/image-classifier": ("convolution", {}),
    "algorithms/k-means": ("k-means", {}),
}
"""Page of the documentation to the playground that shows its idea, and the settings with which it does."""


def catalogue() -> list[dict[str, Any]]:
    """Every playground as JSON values: name, title, what, settings with their ranges, presets, pages about it."""
    pages = {name: [page for page, (shown, _) in SHOWN_BY.items() if shown == name] for name in OFFERS}
    return [offer.to_json() | {"pages": pages[offer.name]} for offer in OFFERS.values()]


def find_offer(name: str) -> Offer:
    """What stands under a name. UsageError, with the nearest names, where nothing does."""
    if name not in OFFERS:
        raise unknown_name("playground", name, OFFERS)
    return OFFERS[name]


def make_playground(name: str, settings: Any, runs: Path | None = None) -> "Playground[Any]":
    """One to be played, from settings as JSON values. UsageError for what it does not take.

    ``runs`` is the folder in which it may look for trained agents.
    """
    asked = find_offer(name).settings(settings)
    module, attribute = PLAYED[name]
    kind: type[Playground[Any]] = getattr(importlib.import_module(module), attribute)
    return kind.made(asked, runs)
