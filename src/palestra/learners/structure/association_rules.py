"""Association rules (Agrawal, Imielinski & Swami 1993): what is bought together, and who has the one has the other.

    support(X)       = share of baskets that hold all of X
    confidence(X->Y) = support(X and Y) / support(X)
    lift(X->Y)       = confidence(X->Y) / support(Y)

A step finds the frequent sets of one size, from those of one item less. What rules are worth is asked of baskets that
they were not found in: one item of each is hidden, and rules whose antecedent is in the rest say what it may be, each
item with the confidence of its surest rule; that nothing leads to an item with its support is a rule too. Beside it
stands who names what is bought most.

    I  items
    V  words of 64 baskets each
    Q  items of one set, ascending
    R  rules
    O  sets of items
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from palestra.datasets.dataset import Dataset
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.seeding import generator
from palestra.engine.settings import AlgorithmConfig
from palestra.errors import require
from palestra.measure import Evaluation, Measure, Metrics
from palestra.ops.association import (
    Rule,
    Sets,
    Words,
    least_count,
    longer_sets,
    packed,
    rules_of,
    single_sets,
)
from palestra.ops.scores import Score
from palestra.pictures.rules import NamedRule, Rules

NAMED, SHOWN = 5, 16
"""Items that are named of a basket when it is judged, and rules that are shown."""


def _is_named(score_BI: Tensor, hidden_B: Tensor) -> Tensor:
    """Whether the hidden item is among those with the highest scores; of equals, the first go first."""
    own_B1 = score_BI.gather(1, hidden_B[:, None])
    before_BI = torch.arange(score_BI.shape[1], device=score_BI.device) < hidden_B[:, None]
    ahead_B = ((score_BI > own_B1) | ((score_BI == own_B1) & before_BI)).sum(1)
    return (ahead_B < NAMED).double()


HIT_RATE = Score("eval/hit_rate", "up", _is_named)
"""Share of baskets whose hidden item is among the first ``NAMED``."""


@dataclass(frozen=True)
class AssociationRulesConfig(AlgorithmConfig):
    """Settings of association rules."""

    support: float = 0.01
    """The least share of baskets that hold a frequent set."""
    confidence: float = 0.5
    """The least of a rule."""
    lift: float = 1.0
    """The least of a rule; at 1 the two have nothing to do with each other."""
    longest: int = 3
    """Items of the largest sets."""

    def __post_init__(self) -> None:
        require(0 < self.support <= 1, f"support={self.support}", "a share above 0, at most 1")
        require(0 <= self.confidence <= 1, f"confidence={self.confidence}", "a share from 0 to 1")
        require(self.lift >= 0, f"lift={self.lift}", "0 or more")
        require(self.longest >= 1, f"longest={self.longest}", "1 or more")


class AssociationRules(Predictor, Learner):
    """Frequent sets and the rules in them, of baskets (B, I) that are not 0 where an item is in one."""

    name = "association-rules"
    config_type = AssociationRulesConfig
    config: AssociationRulesConfig
    kind = "recommender"
    scores = (HIT_RATE,)
    saves = ("size", "item_L", "count_L", "many_L")
    derives = ("bits_IV",)

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        shape = tuple(self.train.inputs.shape)
        require(len(shape) == 2, f"{self.dataset.id} with rows {shape[1:]}", "baskets (n, items)")
        self.least = least_count(self.config.support, len(self.train.inputs))
        self.size = 0
        """Of the largest sets that were looked for."""
        self.item_L, self.count_L, self.many_L = (torch.zeros(0, dtype=torch.int64) for _ in range(3))
        """Of all frequent sets, the smaller first: their items, in how many baskets they are, how many of each size."""

    @cached_property
    def bits_IV(self) -> Words:
        """Which baskets hold an item."""
        return packed(self.train.inputs.cpu().numpy())

    @property
    def levels(self) -> list[Sets]:
        """The frequent sets of one item, of two, ..."""
        many, begin, first, found = self.many_L.tolist(), 0, 0, []
        for size, count in enumerate(many, 1):
            item_OQ = self.item_L[begin : begin + size * count].reshape(count, size)
            found.append(Sets(item_OQ.numpy(), self.count_L[first : first + count].numpy()))
            begin, first = begin + size * count, first + count
        return found

    @property
    def rules(self) -> list[Rule]:
        """The rules, the surest first."""
        return rules_of(self.levels, len(self.train.inputs), self.config.confidence, self.config.lift)

    def step(self) -> Metrics:
        """The frequent sets of one item more."""
        levels = self.levels
        # Agrawal, Imielinski & Swami 1993: what is frequent has no part that is not.
        found = longer_sets(self.bits_IV, levels[-1], self.least) if levels else single_sets(self.bits_IV, self.least)
        self.size += 1
        self.item_L = torch.cat((self.item_L, torch.from_numpy(found.item_OQ).reshape(-1)))
        self.count_L = torch.cat((self.count_L, torch.from_numpy(found.count_O)))
        self.many_L = torch.cat((self.many_L, torch.tensor([len(found.count_O)])))
        self.clock += len(self.train.inputs)
        self.finished = self.size == self.config.longest or len(found.count_O) == 0
        return {"train/items": float(self.size), "train/frequent_sets": float(len(found.count_O))}

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B, I) confidence that an item is in a basket beside the others; of those that are in it, minus infinity."""
        held_BI = (inputs != 0).double()
        score_BI = self._share_I.expand_as(held_BI).clone()
        for rule in self.rules:
            if len(rule.consequent) == 1:
                fits_B = held_BI[:, list(rule.antecedent)].all(1)
                item = rule.consequent[0]
                score_BI[:, item] = torch.where(fits_B, score_BI[:, item].clamp(min=rule.confidence), score_BI[:, item])
        return score_BI.masked_fill(held_BI > 0, -torch.inf)

    def measured(self, measure: Measure) -> Evaluation:
        """How often a hidden item is among the first that are named, of baskets of two items or more.

        ``eval/most_bought_hit_rate`` is of the most bought items instead, ``eval/frequent_sets`` and ``eval/rules``
        say how many were found.
        """
        inputs = self._chosen(measure).inputs
        inputs = inputs[(inputs != 0).sum(1) > 1]
        require(len(inputs) > 0, "no basket of two items or more", "some, of which one can be hidden")
        luck_BI = torch.rand(inputs.shape, generator=generator(measure.seed, "hidden")).to(self.device)
        hidden_B = luck_BI.masked_fill(inputs == 0, -1.0).argmax(1)
        rest_BI = inputs.scatter(1, hidden_B[:, None], 0)
        found = self._evaluated(rest_BI, hidden_B)
        most_BI = self._share_I.expand(rest_BI.shape).masked_fill(rest_BI != 0, -torch.inf)
        more = {
            "eval/most_bought_hit_rate": float(_is_named(most_BI, hidden_B).mean()),
            "eval/frequent_sets": float(self.many_L.sum()),
            "eval/rules": float(len(self.rules)),
        }
        return replace(found, metrics={**found.metrics, **more})

    def exhibits(self) -> list[Exhibit]:
        """The rules of the highest lift."""
        rules, names = self.rules, self.dataset.class_names()

        def named(items: tuple[int, ...]) -> str:
            return " + ".join(names[item] if names else str(item) for item in items)

        best = sorted(rules, key=lambda rule: -rule.lift)[:SHOWN]
        shown = [
            NamedRule(named(each.antecedent), named(each.consequent), each.support, each.confidence, each.lift)
            for each in best
        ]
        title = f"{len(rules):,} rules, those of the highest lift"
        held = f"in {len(self.train.inputs):,} baskets, {int(self.many_L.sum()):,} frequent sets"
        return [Rules(title, held, shown)] if shown else []

    @property
    def _share_I(self) -> Tensor:
        """(I,) how large a share of baskets each item is in."""
        return (self.train.inputs != 0).double().mean(0)
