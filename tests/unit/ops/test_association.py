"""Frequent sets and rules against counting everything, on a thousand collections; large ones; long baskets."""

import time
from itertools import chain, combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from palestra.errors import UsageError
from palestra.ops import association
from palestra.ops.association import Rule, Sets, least_count, longer_sets, packed, rules_of, single_sets


def mined(table: NDArray[Any], least: int, longest: int = 99) -> list[Sets]:
    bits = packed(table)
    levels = [single_sets(bits, least)]
    while len(levels[-1].count_O) and len(levels) < longest:
        levels.append(longer_sets(bits, levels[-1], least))
    return levels


def as_dict(levels: list[Sets]) -> dict[tuple[int, ...], int]:
    return {
        tuple(items): count
        for level in levels
        for items, count in zip(level.item_OQ.tolist(), level.count_O.tolist(), strict=True)
    }


def counted(table: NDArray[Any], least: int) -> dict[tuple[int, ...], int]:
    """Every set of every size, by looking at every basket."""
    items = range(table.shape[1])
    every = chain.from_iterable(combinations(items, size) for size in range(1, table.shape[1] + 1))
    counts = {chosen: sum(all(basket[item] for item in chosen) for basket in table.tolist()) for chosen in every}
    return {chosen: count for chosen, count in counts.items() if count >= least}


def ruled(frequent: dict[tuple[int, ...], int], baskets: int, confidence: float, lift: float) -> set[Any]:
    """Every rule, by definition."""
    found = set()
    for items, count in frequent.items():
        for size in range(1, len(items)):
            for one in combinations(items, size):
                other = tuple(item for item in items if item not in one)
                sure = count / frequent[one]
                if sure >= confidence and sure / (frequent[other] / baskets) >= lift:
                    found.add((one, other, count))
    return found


@pytest.mark.parametrize("part", range(10))
def test_on_a_thousand_collections_it_is_what_counting_everything_finds(part: int) -> None:
    for seed in range(100 * part, 100 * part + 100):
        rng = np.random.default_rng(seed)
        baskets, items = int(rng.integers(1, 25)), int(rng.integers(1, 8))
        table = (rng.random((baskets, items)) < rng.random()).astype(np.uint8)
        least = int(rng.integers(1, 5))
        levels, wanted = mined(table, least), counted(table, least)
        assert as_dict(levels) == wanted
        confidence, lift = float(rng.choice([0.0, 0.5, 2 / 3, 1.0])), float(rng.choice([0.0, 1.0, 1.5]))
        rules = rules_of(levels, baskets, confidence, lift)
        said = {(rule.antecedent, rule.consequent, round(rule.support * baskets)) for rule in rules}
        assert said == ruled(wanted, baskets, confidence, lift)
        assert len(said) == len(rules)


def test_rules_by_hand_the_surest_first() -> None:
    table = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1], [0, 0, 1]])
    first, second, *others = rules_of(mined(table, 1), 4, 0.0)
    assert first == Rule((1,), (0,), 0.5, 1.0, pytest.approx(4 / 3))
    assert second == Rule((0,), (1,), 0.5, pytest.approx(2 / 3), pytest.approx(4 / 3))
    assert [rule.confidence for rule in others] == pytest.approx([1 / 2, 1 / 3])
    assert rules_of(mined(table, 1), 4, 0.9, 1.2) == [first]


@pytest.mark.parametrize(
    ("support", "baskets", "count"),
    [(0.5, 4, 2), (0.51, 4, 3), (0.1, 30, 3), (0.0, 7, 1), (1.0, 7, 7), (0.29, 100, 29)],
)
def test_a_support_is_so_many_baskets(support: float, baskets: int, count: int) -> None:
    assert least_count(support, baskets) == count
    assert count / baskets >= support


def test_many_items_of_long_sets_have_keys_of_any_length() -> None:
    table = np.zeros((3, 4_000), np.uint8)
    table[:, [5, 900, 2_000, 2_500, 3_000, 3_999]] = 1
    levels = mined(table, 3)
    assert [len(level.count_O) for level in levels] == [6, 15, 20, 15, 6, 1, 0]
    assert len(rules_of(levels, 3, 1.0)) == sum(
        2**size - 2 for size in range(2, 7) for _ in combinations(range(6), size)
    )


def test_a_hundred_thousand_baskets_take_seconds() -> None:
    rng = np.random.default_rng(0)
    share = 0.3 / (1 + np.arange(200)) ** 0.7
    table = (rng.random((100_000, 200)) < share).astype(np.uint8)
    table[:5_000, 150:153] = 1
    begin = time.process_time()
    levels = mined(table, 1_000)
    taken = time.process_time() - begin
    assert as_dict(levels)[150, 151, 152] >= 5_000
    both = (table[:, 0] & table[:, 3]).sum()
    assert as_dict(levels)[0, 3] == both
    assert taken < 10


def test_one_basket_of_two_hundred_items_costs_no_more_than_its_bits() -> None:
    rng = np.random.default_rng(0)
    table = (rng.random((2_000, 200)) < 0.02).astype(np.uint8)
    without = mined(table, 5)
    table[7] = 1  # it has 2^200 subsets, each of which it alone would have to hold
    begin = time.process_time()
    levels = mined(table, 6)
    assert time.process_time() - begin < 10
    assert as_dict(levels).keys() <= as_dict(without).keys()


def test_what_is_alone_and_what_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = np.ones((1, 200), np.uint8)
    assert [len(level.count_O) for level in mined(alone, 1, 2)] == [200, 19_900]
    monkeypatch.setattr(association, "MOST", 20_000)
    with pytest.raises(UsageError, match="more than 20,000 sets of 3 items in 1 baskets or more; expected at most"):
        mined(alone, 1, 3)
    assert as_dict(mined(np.zeros((5, 3)), 1)) == {}
    assert rules_of(mined(np.zeros((5, 3)), 1), 5, 0.0) == []
    with pytest.raises(UsageError, match=r"baskets of shape \(0, 3\)"):
        packed(np.zeros((0, 3)))
