"""Kill it at any instant: a training that was killed and resumed is bit for bit the one that never was.

Both learners on the batched environments, killed with SIGKILL by another process at random instants, half of them
inside the writing of a checkpoint. Two controls that do it wrong must fail the same comparison.
"""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
import sabotage
from driver import BUDGET, Driver, config
from run_comparison import differences

from palestra.runs import checkpoints

both_learners = pytest.mark.parametrize("learner", ["ppo", "dqn"])


def assert_same(driver: Driver, asked: dict[str, Any], chain: SimpleNamespace) -> None:
    assert chain.error is None
    assert [note for note in chain.notes if note != "no checkpoint yet: starting from the beginning"] == []
    assert differences(driver.whole(asked).run, chain.run) == []


@both_learners
def test_killed_anywhere(driver: Driver, learner: str) -> None:
    asked = config(learner)
    chain = driver.chain(asked, seed=1, kills=4, longest=0.6 * driver.whole(asked).seconds)
    assert chain.kills >= 4
    assert chain.inside >= 2
    assert_same(driver, asked, chain)


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


@both_learners
def test_control_without_generators(driver: Driver, learner: str) -> None:
    asked = config(learner)
    chain = driver.chain(asked, plans=[{"save": 3, "into": 0.5}], broken="generators")
    assert chain.error is None
    assert chain.steps[0] > 0
    found = differences(driver.whole(asked).run, chain.run)
    assert any(line.startswith("last.learner.modules") for line in found), found
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


@pytest.mark.slow
@both_learners
def test_a_hundred_kills(driver: Driver, learner: str, capfd: pytest.CaptureFixture[str]) -> None:
    kills = inside = lives = chains = 0
    different = {}
    while kills < 100:
        asked = config(learner, seed=chains)
        chain = driver.chain(asked, seed=chains, kills=10, longest=0.6 * driver.whole(asked).seconds)
        kills, inside, lives, chains = kills + chain.kills, inside + chain.inside, lives + chain.lives, chains + 1
        found = [chain.error] if chain.error else differences(driver.whole(asked).run, chain.run)
        if found:
            different[chains - 1] = found
    line = f"{learner}: {kills} kills, {inside} inside saves, {lives} lives, "
    line += f"{chains - len(different)} of {chains} trainings bit-identical"
    with capfd.disabled():
        print(f"\n{line}", file=sys.stderr)
    assert different == {}, line
    assert inside >= 40, line
