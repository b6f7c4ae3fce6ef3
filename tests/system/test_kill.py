"""Kill it at any instant: a training that was killed and resumed is bit for bit the one that never was.

PPO and DQN at length on the batched environments, and every registered learner in short, killed with SIGKILL by
another process at random instants, half of them inside the writing of a checkpoint. Controls that do it wrong must fail
the same comparison.
"""

import itertools
import sys
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
import sabotage
from driver import BUDGET, REMEMBERING, Driver, config, make_small, small
from matrix import slow_but
from run_comparison import differences

from palestra.engine.agent import Actor
from palestra.engine.predictor import Predictor
from palestra.learners.registry import LEARNERS, learner_type
from palestra.runs import checkpoints

both_learners = pytest.mark.parametrize("learner", ["ppo", "dqn"])
LEARNING = [n for n in LEARNERS if learner_type(n).learner is not Actor]
"""What learns, in worlds; what fits data is killed in ``test_paradigms``."""
IN_WORLDS = [n for n in LEARNING if not issubclass(learner_type(n).learner, Predictor)]
ROOMS = {learner_type(n).learner.__module__.rpartition(".")[0]: n for n in reversed(IN_WORLDS)}
"""A learner of each room: with these a test is quick, and with all of them slow. Every learner's state is held against
its resumed one by ``tests/contract/test_learners.py``, in one process."""
every_learner = pytest.mark.parametrize("learner", slow_but(ROOMS.values(), IN_WORLDS))


def changes(notes: list[str]) -> list[str]:
    """Notes of resumes that a kill must not cause."""
    return [note for note in notes if note != "no checkpoint yet: starting from the beginning"]


def assert_same(driver: Driver, asked: dict[str, Any], chain: SimpleNamespace) -> None:
    assert chain.error is None
    assert changes(chain.notes) == []
    assert differences(driver.whole(asked).run, chain.run) == []


def kill_at_random(driver: Driver, learner: str, kills: int, seeds: Iterable[int]) -> str:
    """Trainings, one seed after another, killed ten times each at most, until there were so many kills in all.

    A moment that was meant for a save may come after it, so it goes on until half of so many hit one.
    Asserts that every one ends as it would have without, and returns the figures.
    """
    chains: list[SimpleNamespace] = []
    different = {}
    killed = inside = 0
    for seed in seeds:
        asked = config(learner, seed=seed)
        longest = 0.3 * driver.whole(asked).seconds
        wanted = max(kills - killed, 2 * (kills // 2 - inside))
        chain = driver.chain(asked, seed=seed, kills=min(10, wanted), longest=longest)
        found = [chain.error] if chain.error else changes(chain.notes) + differences(driver.whole(asked).run, chain.run)
        if found:
            different[seed] = found
        chains.append(chain)
        killed += chain.kills
        inside += chain.inside
        if killed >= kills and inside >= kills // 2:
            break
    figures = f"{learner}: {killed} kills, {inside} inside saves, {sum(chain.lives for chain in chains)} lives, "
    figures += f"{len(chains) - len(different)} of {len(chains)} trainings bit-identical"
    assert different == {}, figures
    assert killed >= kills, figures
    assert inside >= kills // 2, figures
    return figures


@both_learners
def test_killed_anywhere(driver: Driver, learner: str) -> None:
    kill_at_random(driver, learner, kills=6, seeds=range(8))


@both_learners
def test_killed_before_the_first_checkpoint(driver: Driver, learner: str) -> None:
    asked = config(learner)
    plans = [{"seconds": 0.0}, {"save": 1, "into": 0.0}, {"save": 1, "into": 0.3}]
    chain = driver.chain(asked, plans=plans)
    assert chain.unborn == 1
    assert chain.before_first >= 1
    assert chain.inside >= 1
    assert_same(driver, asked, chain)


@both_learners
def test_killed_at_the_end(driver: Driver, learner: str) -> None:
    """Inside the last save, and then between it and the end of the process."""
    asked = config(learner)
    last = {"save": 1, "at_clock": BUDGET[learner]}
    chain = driver.chain(asked, plans=[{**last, "into": 0.0}, {**last, "into": 0.6}, {**last, "into": 1.1}])
    assert chain.inside >= 1
    assert_same(driver, asked, chain)


def test_killed_on_the_way_to_a_target(driver: Driver) -> None:
    asked = config("ppo", target=60.0)
    whole = driver.whole(asked)
    ended = checkpoints.load_latest(whole.run / "checkpoints").step
    assert ended < BUDGET["ppo"]
    last = {"save": 1, "at_clock": ended}
    chain = driver.chain(asked, plans=[{"save": 2, "into": 0.5}, last, {**last, "into": 1.1}])
    assert chain.kills >= 2
    assert_same(driver, asked, chain)


def test_killed_in_the_middle_of_what_it_remembers(driver: Driver) -> None:
    chain = driver.chain(REMEMBERING, seed=2, kills=3, longest=0.3 * driver.whole(REMEMBERING).seconds)
    assert chain.kills >= 3
    assert chain.inside >= 1
    assert_same(driver, REMEMBERING, chain)


def test_control_without_what_is_remembered(driver: Driver) -> None:
    chain = driver.chain(REMEMBERING, plans=[{"save": 5, "by_itself": True}], broken="remembered")
    assert chain.error is None
    assert chain.steps[0] > 0
    found = differences(driver.whole(REMEMBERING).run, chain.run)
    assert any(line.startswith("last.learner.experience.actor_EY") for line in found), found


@both_learners
def test_control_without_generators(driver: Driver, learner: str) -> None:
    asked = config(learner)
    chain = driver.chain(asked, plans=[{"save": 3, "by_itself": True}], broken="generators")
    assert chain.error is None
    assert chain.steps[0] > 0
    found = differences(driver.whole(asked).run, chain.run)
    networks = ("last.learner.modules", "last.learner.nets.networks")
    assert any(line.startswith(networks) for line in found), found
    assert any("rows differ" in line for line in found), found


@both_learners
def test_control_in_place(driver: Driver, learner: str) -> None:
    """Kills inside saves leave files that cannot be read, or parts of two checkpoints that train on as one."""
    asked = config(learner)
    chain = driver.chain(asked, plans=[{"save": 2, "into": 0.1 * i} for i in range(1, 9)], broken="in place")
    assert chain.inside >= 1
    whole = driver.whole(asked).run
    assert chain.error is not None or differences(whole, chain.run, load=sabotage.load_in_place)


def test_the_control_in_place_is_the_same_if_not_killed(driver: Driver) -> None:
    asked = config("dqn")
    chain = driver.chain(asked, plans=[], broken="in place")
    assert differences(driver.whole(asked).run, chain.run, load=sabotage.load_in_place) == []


@every_learner
def test_every_learner_killed_anywhere(driver: Driver, learner: str) -> None:
    asked = small(learner)
    chain = driver.chain(asked, seed=1, kills=2, longest=0.5 * driver.whole(asked).seconds)
    assert chain.kills >= 1
    assert_same(driver, asked, chain)


@every_learner
def test_every_learner_without_its_generators(driver: Driver, learner: str) -> None:
    """The control of the test above: it must see that a generator was forgotten."""
    if not any(sabotage.generators_in(make_small(learner))):
        pytest.skip(f"{learner} draws nothing")
    asked = small(learner)
    chain = driver.chain(asked, plans=[{"save": 3, "by_itself": True}], broken="generators")
    assert chain.error is None
    assert chain.steps[0] > 0
    assert differences(driver.whole(asked).run, chain.run) != []


@pytest.mark.slow
@both_learners
def test_a_hundred_kills(driver: Driver, learner: str, capfd: pytest.CaptureFixture[str]) -> None:
    figures = kill_at_random(driver, learner, kills=100, seeds=itertools.count())
    with capfd.disabled():
        print(f"\n{figures}", file=sys.stderr)
