"""Association rules as a learner: sizes step by step, hidden items named, against what is bought most."""

from typing import Any

import numpy as np
import pytest
import torch

from palestra.datasets.baskets import NAMES, confidence_of_butter, load
from palestra.datasets.dataset import InMemory, Split
from palestra.errors import UsageError
from palestra.learners.structure.association_rules import HIT_RATE, AssociationRules, AssociationRulesConfig
from palestra.pictures.rules import Rules

BREAD, BUTTER, FLOUR, YEAST, SUGAR, SOAP = map(NAMES.index, ("bread", "butter", "flour", "yeast", "sugar", "soap"))


def fitted(source: Any = "toy/baskets", **settings: Any) -> AssociationRules:
    return AssociationRules(source, AssociationRulesConfig(**settings)).learn(10**9)


def test_a_step_finds_one_size_and_it_ends_where_there_is_no_longer_one() -> None:
    learner, table = fitted(support=0.02), load()["train"].inputs.numpy().astype(np.int64)
    assert [level.item_OQ.shape[1] for level in learner.levels] == [1, 2, 3]
    assert (learner.clock, learner.finished) == (3 * 2_000, True)
    levels = learner.levels
    assert levels[0].count_O.tolist() == table.sum(0).tolist()
    pairs = dict(zip(map(tuple, levels[1].item_OQ.tolist()), levels[1].count_O.tolist(), strict=True))
    both = {(i, j): int((table[:, i] & table[:, j]).sum()) for i in range(12) for j in range(i + 1, 12)}
    assert pairs == {pair: count for pair, count in both.items() if count >= 40}
    none = fitted(support=1.0)
    assert (none.size, none.finished, none.rules, none.exhibits()) == (1, True, [], [])
    assert fitted(support=0.02, longest=1).size == 1


def test_what_was_put_in_is_found() -> None:
    found = {(rule.antecedent, rule.consequent): rule for rule in fitted(support=0.005, confidence=0.85).rules}
    assert found[(BREAD,), (BUTTER,)].confidence == pytest.approx(confidence_of_butter(), abs=0.04)
    assert found[(BREAD,), (BUTTER,)].lift > 4
    assert found[(FLOUR, YEAST), (SUGAR,)].confidence == 1.0


def test_a_hidden_item_is_named_by_the_surest_rule_that_fits() -> None:
    learner = fitted(support=0.005, confidence=0.5)
    rows = np.zeros((2, 12), np.uint8)
    rows[0, BREAD] = 1
    rows[1, [FLOUR, YEAST]] = 1
    said = learner.predicted(rows).numpy()
    assert said.shape == (2, 12)
    assert said.argmax(1).tolist() == learner.predict(rows).tolist() == [BUTTER, SUGAR]
    assert said[0, BREAD] == said[1, FLOUR] == said[1, YEAST] == -np.inf
    sure = {rule.consequent: rule.confidence for rule in learner.rules if rule.antecedent == (BREAD,)}
    assert said[0, BUTTER] == pytest.approx(sure[BUTTER,])
    share = load()["train"].inputs.double().mean(0)
    assert said[0, SOAP] == pytest.approx(float(share[SOAP]))  # to which no rule leads


def test_it_names_more_than_who_names_what_is_bought_most_and_hides_by_the_measures_seed() -> None:
    learner = fitted(support=0.005, confidence=0.5)
    found = learner.evaluate(split="test")
    assert len(found.samples) == int((load()["test"].inputs.sum(1) > 1).sum())
    assert found.score == pytest.approx(float(found.samples.mean()))
    assert found.score > found.metrics["eval/most_bought_hit_rate"] + 0.03
    assert found.metrics["eval/rules"] == len(learner.rules)
    again, other = learner.evaluate(split="test"), learner.evaluate(split="test", seed=1)
    assert torch.equal(again.samples, found.samples)
    assert not torch.equal(other.samples, found.samples)
    nothing = fitted(support=1.0).evaluate(split="test").metrics
    assert nothing["eval/hit_rate"] == nothing["eval/most_bought_hit_rate"]


def test_of_equals_the_first_are_named() -> None:
    scores = torch.zeros(2, 8)
    assert HIT_RATE.rows(scores, torch.tensor([4, 5])).tolist() == [1.0, 0.0]
    scores[1, 5] = 1.0
    assert HIT_RATE.rows(scores, torch.tensor([4, 5])).tolist() == [1.0, 1.0]


def test_it_shows_the_rules_of_the_highest_lift_by_name() -> None:
    learner = fitted(support=0.005, confidence=0.5)
    (shown,) = learner.exhibits()
    assert isinstance(shown, Rules)
    lifts = [rule.lift for rule in shown.rules]
    assert lifts == sorted(lifts, reverse=True)
    assert lifts[0] == max(rule.lift for rule in learner.rules)
    assert ("flour + yeast", "sugar") in {(rule.antecedent, rule.consequent) for rule in shown.rules}


def test_what_does_not_fit_is_refused() -> None:
    for wrong in ({"support": 0.0}, {"confidence": 1.1}, {"lift": -1.0}, {"longest": 0}):
        with pytest.raises(UsageError, match="; expected"):
            AssociationRulesConfig(**wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"in memory with rows \(2, 2\); expected baskets"):
        fitted(InMemory({"train": Split(torch.zeros(3, 2, 2), None)}))
    alone = InMemory({"train": Split(torch.eye(3), None)})
    with pytest.raises(UsageError, match="no basket of two items or more"):
        fitted(alone).evaluate(split="train")
