"""Sets of items that are often in one basket, and rules between them (Agrawal, Imielinski & Swami 1993).

    support(X)       = share of baskets that hold all of X
    confidence(X->Y) = support(X and Y) / support(X)
    lift(X->Y)       = confidence(X->Y) / support(Y)

What is frequent is grown size by size: a set is, if all but its last item and all but the last but one are, and if the
baskets that hold both are enough. Which baskets hold a set is a row of bits (Zaki 2000), so that counting is an "and"
of two such rows, and a basket of two hundred items costs as many bits as one of two.

    I  items
    V  words of 64 baskets each
    O  sets of items
    Q  items of one set, ascending
    R  rules
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from palestra.errors import require

MOST = 2_000_000
"""Sets of one size; more are nothing that anybody can look at."""
Words = NDArray[np.uint64]


class Sets(NamedTuple):
    """Frequent sets of one size, in the order of their items."""

    item_OQ: NDArray[np.int64]
    """Their items."""
    count_O: NDArray[np.int64]
    """Baskets that hold all of them."""


class Rule(NamedTuple):
    """Who has the one has the other."""

    antecedent: tuple[int, ...]
    """The one."""
    consequent: tuple[int, ...]
    """The other."""
    support: float
    """Share of baskets that hold both."""
    confidence: float
    """Share of those that hold the antecedent."""
    lift: float
    """How many times as often as if the two had nothing to do with each other."""


def packed(table_BI: NDArray[Any]) -> Words:
    """(I, V): for every item a bit for each basket; baskets (B, I) are not 0 where an item is in one."""
    require(table_BI.ndim == 2 and len(table_BI) > 0, f"baskets of shape {table_BI.shape}", "(baskets, items)")
    bytes_IL = np.packbits(np.ascontiguousarray((table_BI != 0).T), axis=1)
    short = -bytes_IL.shape[1] % 8
    return np.ascontiguousarray(np.pad(bytes_IL, ((0, 0), (0, short)))).view(np.uint64)


def least_count(support: float, baskets: int) -> int:
    """The fewest baskets, at least one, whose share is a support."""
    count = max(1, round(support * baskets))
    while count > 1 and (count - 1) / baskets >= support:
        count -= 1
    while count / baskets < support:
        count += 1
    return count


def single_sets(bits_IV: Words, least: int) -> Sets:
    """The frequent items."""
    count_I = np.bitwise_count(bits_IV).sum(1, dtype=np.int64)
    item_O = np.flatnonzero(count_I >= least)
    return Sets(item_O[:, None], count_I[item_O])


def longer_sets(bits_IV: Words, sets: Sets, least: int) -> Sets:
    """The frequent sets of one item more than these. UsageError for more than ``MOST``."""
    size = sets.item_OQ.shape[1]
    items, counts, found = [], [], 0
    for alike_OQ in _alike(sets.item_OQ):
        head, tails = alike_OQ[0, :-1], alike_OQ[:, -1]
        bits_OV = bits_IV[tails]
        if size > 1:
            bits_OV &= np.bitwise_and.reduce(bits_IV[head], 0)
        for i in range(len(tails) - 1):
            count_L = np.bitwise_count(bits_OV[i] & bits_OV[i + 1 :]).sum(1, dtype=np.int64)
            often_L = np.flatnonzero(count_L >= least)
            if len(often_L):
                begin = np.broadcast_to(alike_OQ[i], (len(often_L), size))
                items.append(np.concatenate((begin, tails[i + 1 + often_L, None]), 1))
                counts.append(count_L[often_L])
                found += len(often_L)
        expected = f"at most {MOST:,}: a larger support, or no longer ones"
        require(found <= MOST, f"more than {MOST:,} sets of {size + 1} items in {least} baskets or more", expected)
    if not items:
        return Sets(np.zeros((0, size + 1), np.int64), np.zeros(0, np.int64))
    return Sets(np.concatenate(items), np.concatenate(counts))


def rules_of(levels: list[Sets], baskets: int, confidence: float, lift: float = 0.0) -> list[Rule]:
    """Every rule between two parts of a frequent set that has a confidence and a lift, the surest first.

    Args:
        levels: frequent sets of one item, of two, ...: all that there are, of each size.
        baskets: how many there are.
        confidence: the least.
        lift: the least.
    """
    base = 1 + max((int(level.item_OQ.max()) for level in levels if level.item_OQ.size), default=0)
    known = [_keys(level.item_OQ, base) for level in levels]

    def counts(item_OQ: NDArray[np.int64]) -> NDArray[np.int64]:
        place = item_OQ.shape[1] - 1
        count_O: NDArray[np.int64] = levels[place].count_O[np.searchsorted(known[place], _keys(item_OQ, base))]
        return count_O

    found = []
    for size, level in enumerate(levels[1:], 2):
        for columns in _parts(size):
            others = tuple(column for column in range(size) if column not in columns)
            antecedent_OQ, consequent_OQ = level.item_OQ[:, columns], level.item_OQ[:, others]
            sure_O = level.count_O / counts(antecedent_OQ)
            lift_O = sure_O / (counts(consequent_OQ) / baskets)
            for place in np.flatnonzero((sure_O >= confidence) & (lift_O >= lift)).tolist():
                one, other = tuple(antecedent_OQ[place].tolist()), tuple(consequent_OQ[place].tolist())
                share = int(level.count_O[place]) / baskets
                found.append(Rule(one, other, share, float(sure_O[place]), float(lift_O[place])))
    return sorted(found, key=lambda rule: (-rule.confidence, -rule.support, rule.antecedent, rule.consequent))


def _alike(item_OQ: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Sets that differ in their last item alone; they stand one behind the other."""
    if len(item_OQ) == 0:
        return
    other_O = (item_OQ[1:, :-1] != item_OQ[:-1, :-1]).any(1)
    yield from np.split(item_OQ, np.flatnonzero(other_O) + 1)


def _parts(size: int) -> Iterator[tuple[int, ...]]:
    """The columns of every part of a set that is neither all of it nor nothing."""
    for count in range(1, size):
        yield from combinations(range(size), count)


def _keys(item_OQ: NDArray[np.int64], base: int) -> NDArray[Any]:
    """(O,) a number for each set, in the order of the sets; of any length where 63 bits do not hold it."""
    exact = item_OQ if base ** item_OQ.shape[1] < 2**63 else item_OQ.astype(object)
    key_O = exact[:, 0]
    for column in range(1, exact.shape[1]):
        key_O = key_O * base + exact[:, column]
    return key_O
