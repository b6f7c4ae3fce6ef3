"""Blackjack of Sutton & Barto (2018, example 5.1) solved by dynamic programming: an infinite deck, as Gymnasium deals.

It reads no line of the environment's. A natural, of which an observation says nothing, is told apart within; what an
observation is worth is then a mean of both, weighted by how often each shows it.
"""

from functools import cache

import numpy as np

CARDS = {**dict.fromkeys(range(1, 10), 1 / 13), 10: 4 / 13}
"""Chance of each card; an ace is 1, and worth 10 more while that does not go beyond 21: usable."""
STICK, HIT = 0, 1


def after(total: int, usable: bool, card: int) -> tuple[int, bool]:
    """A hand's sum, and whether it counts an ace as 11, with one more card."""
    total += card
    if usable and total > 21:
        return total - 10, False
    if card == 1 and not usable and total + 10 <= 21:
        return total + 10, True
    return total, usable


@cache
def dealt(card: int) -> dict[int, float]:
    """Chances of the dealer's last sum, 0 where that goes beyond 21, with one card shown; 22 is a natural."""
    chances = dict.fromkeys((0, *range(17, 23)), 0.0)

    def play(total: int, usable: bool, p: float, cards: int) -> None:
        if cards == 2 and total == 21:
            chances[22] += p
        elif total > 21:
            chances[0] += p
        elif total >= 17:
            chances[total] += p
        else:
            for one, chance in CARDS.items():
                play(*after(total, usable, one), p * chance, cards + 1)

    play(*after(0, False, card), 1.0, 1)
    return chances


def sticking(total: int, card: int, natural: bool) -> float:
    """Expected reward of sticking; a natural wins against all but a natural, whose sum is 21."""
    return sum(
        p * (float(natural) if natural and sum_ != 22 else float(np.sign(total - min(sum_, 21))))
        for sum_, p in dealt(card).items()
    )


HANDS = [
    *((s, 0) for s in range(21, 10, -1)),
    *((s, 1) for s in range(21, 11, -1)),
    *((s, 0) for s in range(10, 3, -1)),
]
"""Sums, and whether with a usable ace: each after those that another card leads to."""


class Solved:
    """Q (32, 11, 2, 2) by sum, dealer's card, usable ace and action, of the best policy.

    Sums count as in the observation. At 21 with a usable ace, ``q`` is that of a hand which is no natural, ``natural``
    (11,) that of sticking with one.
    """

    def __init__(self):
        self.q = np.zeros((32, 11, 2, 2))
        self.natural = np.array([0.0, *(sticking(21, card, True) for card in range(1, 11))])
        for card in range(1, 11):
            for total, usable in HANDS:
                self.q[total, card, usable, STICK] = sticking(total, card, False)
                for one, p in CARDS.items():
                    following, ace = after(total, bool(usable), one)
                    value = -1.0 if following > 21 else self.q[following, card, int(ace)].max()
                    self.q[total, card, usable, HIT] += p * value

    def value_of(self, policy: np.ndarray) -> float:
        """Expected return of an episode under actions (32, 11, 2)."""
        v = np.zeros((32, 11, 2))
        total_return = 0.0
        for card in range(1, 11):
            for total, usable in HANDS:
                if policy[total, card, usable] == STICK:
                    v[total, card, usable] = sticking(total, card, False)
                    continue
                for one, p in CARDS.items():
                    following, ace = after(total, bool(usable), one)
                    v[total, card, usable] += p * (-1.0 if following > 21 else v[following, card, int(ace)])
            for first, p in CARDS.items():
                for second, p2 in CARDS.items():
                    total, ace = after(*after(0, False, first), second)
                    value = v[total, card, int(ace)]
                    if total == 21 and policy[21, card, 1] == STICK:
                        value = self.natural[card]
                    total_return += CARDS[card] * p * p2 * value
        return total_return
