"""Blackjack against Gymnasium's: every chance of every hand, by dealing its environment all cards that there are."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import pytest
import torch
from blackjack import HIT, STICK, Solved
from gymnasium.envs.toy_text.blackjack import is_natural, score, sum_hand, usable_ace

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.finite.blackjack import (
    BLACKJACK,
    CARDS,
    HANDS,
    Blackjack,
    Hand,
    blackjack,
    dealers_end,
    has_settings,
    make_blackjack_vec,
)
from palestra.envs.finite.dynamics import process_of
from palestra.envs.finite.mdp import FiniteMDP
from palestra.envs.finite.states import States, show_states
from palestra.errors import UsageError

Chances = dict[Any, float]
DECK = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10]
SETTINGS = [{}, {"sab": False}, {"sab": False, "natural": True}, {"sab": True, "natural": True}]


class Short(Exception):
    """More cards are asked for than there are."""


class Dealt:
    """Deals the cards that it is given, in the place of the environment's generator."""

    def __init__(self, cards: tuple[int, ...]):
        self.cards = list(cards)

    def choice(self, among: list[Any]) -> Any:
        if isinstance(among[0], str):  # what is painted on a card
            return among[0]
        if not self.cards:
            raise Short
        assert among == DECK
        return self.cards.pop(0)


def all_ways(play: Callable[[Dealt], Any]) -> Chances:
    """What may come out of a play, over all cards that it may be dealt."""
    found: Chances = defaultdict(float)
    waiting: list[tuple[tuple[int, ...], float]] = [((), 1.0)]
    while waiting:
        cards, chance = waiting.pop()
        try:
            found[play(Dealt(cards))] += chance
        except Short:
            waiting += (((*cards, card), chance * p) for card, p in CARDS.items())
    return found


def theirs(**settings: bool) -> Any:
    env = gym.make(BLACKJACK, **settings).unwrapped
    env.reset(seed=0)
    return env


def what_matters(player: tuple[int, ...]) -> Hand:
    return Hand(sum_hand(player), bool(usable_ace(player)), is_natural(player))


def players() -> Iterator[tuple[int, ...]]:
    """Hands of up to five cards in which nothing is lost, eight at most of those that matter alike."""
    times: Counter[Hand] = Counter()
    hands = {tuple(sorted((first, second))) for first in CARDS for second in CARDS}
    while hands:
        further = set()
        for hand in sorted(hands):
            kind = what_matters(hand)
            if kind.total > 21 or times[kind] >= 8 or len(hand) > 5:
                continue
            times[kind] += 1
            yield hand
            further |= {tuple(sorted((*hand, card))) for card in CARDS}
        hands = further


def same(one: Chances, other: Chances) -> bool:
    return {key for key, p in one.items() if p} == {key for key, p in other.items() if p} and all(
        abs(p - other[key]) < 1e-12 for key, p in one.items()
    )


def state(hand: Hand, card: int) -> int:
    return HANDS.index(hand) * len(CARDS) + card - 1


def shown() -> list[tuple[int, ...]]:
    """What each state shows, in Gymnasium's form."""
    env = TorchVectorEnv(Blackjack(len(HANDS) * len(CARDS)))
    obs = env.set_state(torch.arange(env.num_envs)[:, None])
    assert (obs.sum(1) == 3).all()
    return list(zip(*(part.argmax(1).tolist() for part in obs.split((32, 11, 2), 1)), strict=True))


def outcomes(mdp: FiniteMDP, seen: list[tuple[int, ...]], place: int, action: int) -> Chances:
    """Observation, reward and end of what may follow."""
    found: Chances = defaultdict(float)
    pair = place * mdp.num_actions + action
    for i in range(int(mdp.offset[pair]), int(mdp.offset[pair + 1])):
        key = seen[int(mdp.next_state[i])], float(mdp.reward[i]), bool(mdp.terminated[i])
        found[key] += float(mdp.probability[i])
    return found


def test_episodes_begin_as_gymnasiums() -> None:
    env = theirs()

    def begin(dealt: Dealt) -> Any:
        env.np_random = dealt
        return env.reset()[0], is_natural(env.player)

    mdp, seen = blackjack(), shown()
    ours: Chances = defaultdict(float)
    for place in mdp.start.nonzero().squeeze(1).tolist():
        ours[seen[place], HANDS[place // len(CARDS)].natural] += float(mdp.start[place])
    assert same(ours, all_ways(begin))


def test_one_card_more_does_what_gymnasiums_does() -> None:
    env, mdp, seen, hands = theirs(), blackjack(), shown(), set()
    for cards in players():
        hand = what_matters(cards)
        hands.add(hand)
        place = state(hand, 7)
        assert seen[place] == (hand.total, 7, hand.soft)

        def hit(dealt: Dealt, cards: tuple[int, ...] = cards) -> Any:
            env.np_random, env.player, env.dealer = dealt, list(cards), [7, 2]
            obs, reward, terminated, _, _ = env.step(HIT)
            return obs, reward, terminated

        assert same(outcomes(mdp, seen, place, HIT), all_ways(hit))
    assert hands == {hand for hand in HANDS if hand.total <= 21}  # no other can be held


@pytest.fixture(scope="module")
def dealers() -> dict[int, dict[tuple[int, ...], float]]:
    """Of each first card, hands that Gymnasium's dealer ends with, one of those that count alike, and their chances."""
    env, found = theirs(), {}
    for card in CARDS:

        def play(dealt: Dealt, card: int = card) -> tuple[int, ...]:
            env.np_random, env.player, env.dealer = dealt, [10, 10], [card, dealt.choice(DECK)]
            env.step(STICK)
            return tuple(env.dealer)

        alike: dict[tuple[int, bool], list[tuple[tuple[int, ...], float]]] = defaultdict(list)
        for hand, p in all_ways(play).items():
            alike[score(hand), is_natural(hand)].append((hand, p))
        found[card] = {ways[0][0]: sum(p for _, p in ways) for ways in alike.values()}
    return found


def test_the_dealer_plays_as_gymnasiums(dealers: dict[int, dict[tuple[int, ...], float]]) -> None:
    for card, ends in dealers.items():
        ours: Chances = defaultdict(float)
        for hand, p in dealers_end(card).items():
            ours[hand.score, hand.natural] += p
        assert same(ours, {(score(hand), is_natural(hand)): p for hand, p in ends.items()})


@pytest.mark.parametrize("settings", SETTINGS)
def test_sticking_pays_what_gymnasiums_pays(
    settings: dict[str, bool], dealers: dict[int, dict[tuple[int, ...], float]]
) -> None:
    env, mdp, seen = theirs(**settings), blackjack(**settings), shown()
    env.np_random = Dealt(())  # these dealers take no card more
    for cards in players():
        for card, ends in dealers.items():
            theirs_pay: Chances = defaultdict(float)
            for dealer, p in ends.items():
                env.player, env.dealer = list(cards), list(dealer)
                obs, reward, terminated, _, _ = env.step(STICK)
                theirs_pay[obs, reward, terminated] += p
            assert same(outcomes(mdp, seen, state(what_matters(cards), card), STICK), theirs_pay)


def test_copies_return_what_the_policy_is_worth() -> None:
    best, copies, steps = Solved(), 2_000, 60
    policy = torch.from_numpy(best.q.argmax(-1).reshape(-1))
    env = make_blackjack_vec(copies)
    states = States(env.observed.own)
    show_states(env, states)
    rewards, number = [], env.reset(0)
    for _ in range(steps):
        result = env.step(policy[number])
        rewards.append(result.reward[result.terminated])
        assert (result.reward[~result.terminated] == 0).all()
        number = result.obs
    returns = torch.cat(rewards).double()
    ends = len(returns)
    assert ends > 60_000
    assert abs(float(returns.mean()) - best.value_of(best.q.argmax(-1))) < 4 * float(returns.std()) / ends**0.5


def test_numbers_are_those_of_what_is_shown() -> None:
    rows, numbers = (TorchVectorEnv(Blackjack(64)) for _ in range(2))
    states = States(rows.observed.own)
    show_states(numbers, states)
    assert numbers.observation_space.shape == ()
    obs, number = rows.reset(3), numbers.reset(3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(30):
        assert torch.equal(states.index(obs), number)
        action = torch.randint(2, (64,), generator=generator)
        result, other = rows.step(action), numbers.step(action)
        assert torch.equal(states.index(result.final_obs), other.final_obs)
        assert torch.equal(result.reward, other.reward)
        obs, number = result.obs, other.obs


def test_what_is_shown_hides_a_natural_so_that_there_is_no_process_of_it() -> None:
    seen = shown()
    assert seen[state(Hand(21, True), 4)] == seen[state(Hand(21, True, natural=True), 4)]
    assert process_of(make_blackjack_vec(2)) is None


def test_settings_of_the_game_are_taken_and_no_others() -> None:
    assert has_settings({"natural": True, "sab": False, "max_episode_steps": 5})
    assert not has_settings({"render_mode": "rgb_array"})
    assert make_blackjack_vec(2).max_episode_steps is None
    env = make_blackjack_vec(2, env_kwargs={"sab": False, "natural": True, "max_episode_steps": 5})
    assert env.max_episode_steps == 5
    assert isinstance(env.dynamics, Blackjack)
    assert 1.5 in env.dynamics.mdp.reward
    with pytest.raises(UsageError, match=r"cannot have 'Blackjack-v1' with \{'face': 'up'\}; use backend='sync'"):
        make_blackjack_vec(2, env_kwargs={"face": "up"})
