"""Blackjack-v1, many hands at once: Sutton & Barto 2018, example 5.1, by the rules that Gymnasium plays.

The deck is endless, so that all that matters of a hand is its sum, whether an ace in it counts as eleven, and whether
it is a natural: an ace and a ten, the first two cards. So hands are the states of a finite process, and are played as
any other. An observation hides whether a hand is a natural: what it tells apart is no process, and planners get none.
The dealer's card that lies face down is drawn when it is turned over, which nobody can tell from drawing it before.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.finite.dynamics import FiniteDynamics, time_limit_of
from palestra.envs.finite.mdp import FiniteMDP, Outcome, from_table
from palestra.envs.finite.states import States
from palestra.envs.spaces import adapted_observation_space
from palestra.errors import UsageError

BLACKJACK = "Blackjack-v1"
SETTINGS = ("natural", "sab", "max_episode_steps")
"""What Gymnasium's environment can be told, but for its pictures."""
CARDS: dict[int, float] = {**dict.fromkeys(range(1, 10), 1 / 13), 10: 4 / 13}
"""An ace is 1; ten, jack, queen and king are 10. To the probability of each."""
MOST, ENOUGH = 21, 17
"""Beyond the first a hand is lost; from the second on the dealer takes no card."""
SHOWS = spaces.Tuple((spaces.Discrete(32), spaces.Discrete(11), spaces.Discrete(2)))
"""The sum, the dealer's first card, and whether an ace counts as eleven."""


class Hand(NamedTuple):
    """What matters of some cards."""

    total: int
    """With an ace as eleven while that does not go beyond 21."""
    soft: bool
    """An ace counts as eleven."""
    natural: bool = False
    """An ace and a ten, and nothing else."""

    def taking(self, card: int) -> "Hand":
        """The hand with one more card."""
        total = self.total + card
        if self.soft and total > MOST:
            return Hand(total - 10, False)
        if card == 1 and total + 10 <= MOST:
            return Hand(total + 10, True)
        return Hand(total, self.soft)

    @property
    def score(self) -> int:
        """The sum, or 0 of a hand that is lost."""
        return self.total if self.total <= MOST else 0


HANDS = (
    *(Hand(total, False) for total in range(4, MOST + 11)),
    *(Hand(total, True) for total in range(12, MOST + 1)),
    Hand(MOST, True, natural=True),
)
"""All that a player can hold, the lost ones too."""
_PLACE = {hand: i for i, hand in enumerate(HANDS)}


def blackjack(natural: bool = False, sab: bool = True) -> FiniteMDP:
    """The process of a hand and the dealer's first card; action 0 sticks, 1 takes a card.

    Args:
        natural: a win by a natural pays 1.5.
        sab: as in the book: a natural wins against all but a natural, and ``natural`` does not count.
    """
    table: dict[int, dict[int, list[Outcome]]] = {}
    start = [0.0] * (len(HANDS) * len(CARDS))
    for card, chance in CARDS.items():
        dealer = dealers_end(card)
        for hand in HANDS:
            state = _state(hand, card)
            if hand.score == 0:  # an episode has ended here, and nobody acts
                table[state] = {action: [(1.0, state, 0.0, True)] for action in (0, 1)}
                continue
            paid: dict[float, float] = {}
            for other, p in dealer.items():
                reward = payment(hand, other, natural, sab)
                paid[reward] = paid.get(reward, 0.0) + p
            following = [(hand.taking(one), p) for one, p in CARDS.items()]
            table[state] = {
                0: [(p, state, reward, True) for reward, p in paid.items()],
                1: [(p, _state(to, card), float(to.score > 0) - 1.0, to.score == 0) for to, p in following],
            }
        for first, p in CARDS.items():
            for hand, q in _two(first):
                start[_state(hand, card)] += chance * p * q
    return from_table(table, start)


def _two(first: int) -> Iterator[tuple[Hand, float]]:
    """The hands of two cards, of which the first is known, and their probabilities."""
    for second, p in CARDS.items():
        hand = Hand(0, False).taking(first).taking(second)
        yield hand._replace(natural=hand.total == MOST), p


def dealers_end(card: int) -> dict[Hand, float]:
    """The hands that the dealer ends with, whose first card is seen, and their probabilities."""
    ends: dict[Hand, float] = {}
    playing = list(_two(card))
    while playing:
        further: dict[Hand, float] = {}
        for hand, p in playing:
            if hand.total >= ENOUGH:
                ends[hand] = ends.get(hand, 0.0) + p
                continue
            for one, q in CARDS.items():
                further[hand.taking(one)] = further.get(hand.taking(one), 0.0) + p * q
        playing = list(further.items())
    return ends


def payment(hand: Hand, dealer: Hand, natural: bool, sab: bool) -> float:
    """The reward of sticking with a hand, once the dealer has played."""
    won = float(np.sign(hand.score - dealer.score))
    if sab:
        return 1.0 if hand.natural and not dealer.natural else won
    return 1.5 if natural and hand.natural and won == 1.0 else won


def _state(hand: Hand, card: int) -> int:
    return _PLACE[hand] * len(CARDS) + card - 1


class Blackjack(FiniteDynamics):
    """Samples hands, and shows of them what Gymnasium's environment shows.

    Args:
        num_envs: copies.
        device: where they are.
        max_episode_steps: the time limit, None for none.
        settings: those of ``blackjack``.
    """

    shows_state = False
    own_observation_space = SHOWS

    def __init__(
        self,
        num_envs: int,
        device: str | torch.device = "cpu",
        max_episode_steps: int | None = None,
        **settings: bool,
    ) -> None:
        super().__init__(blackjack(**settings), num_envs, device, max_episode_steps)
        seen = [(hand.total, card, int(hand.soft)) for hand in HANDS for card in CARDS]
        self.observation_space, convert = adapted_observation_space(SHOWS, BLACKJACK)
        assert convert is not None
        self._states = States(SHOWS)
        with torch.inference_mode(False):
            rows = torch.from_numpy(convert(tuple(np.array(column) for column in zip(*seen, strict=True))))
            self._shown = rows.to(self.device)
            self._number = torch.tensor([self._states.number(each) for each in seen], device=self.device)

    def show_indices(self) -> None:
        """From now on observe the number (num_envs,) int64 of sum, card and ace, as tables count them."""
        self._shown = self._number
        self.observation_space = spaces.Box(0, self._states.num - 1, (), np.int64)

    def observe(self, state: Tensor) -> Tensor:
        """Rows (num_envs, 45) float32 with three ones; the numbers (num_envs,) int64 after ``show_indices``."""
        return self._shown.index_select(0, state.squeeze(1))


def has_settings(env_kwargs: Mapping[str, Any]) -> bool:
    """Whether these settings are of the game, and so can be played here."""
    return all(name in SETTINGS for name in env_kwargs)


def make_blackjack_vec(
    num_envs: int, device: str | torch.device = "cpu", env_kwargs: Mapping[str, Any] | None = None
) -> TorchVectorEnv:
    """So many copies of Blackjack-v1 with Gymnasium's settings. Raises UsageError for one of its pictures."""
    settings = dict(env_kwargs or {})
    if not has_settings(settings):
        raise UsageError(f"backend 'torch' cannot have {BLACKJACK!r} with {settings}; use backend='sync' for them")
    limit = time_limit_of(BLACKJACK, settings)
    rules = {name: bool(value) for name, value in settings.items() if name != "max_episode_steps"}
    return TorchVectorEnv(Blackjack(num_envs, device, limit, **rules))
