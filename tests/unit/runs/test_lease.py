"""Leases: one holder at a time, taken from who gives no sign of life, and fenced against who comes back."""

import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from turns import TurnDepot, Turns

from palestra.errors import PalestraError
from palestra.runs.depot import FolderDepot
from palestra.runs.lease import Claim, Lease, LeaseLostError, Waiter, claims

FORK = multiprocessing.get_context("fork")
ROOT = "trial"


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: float = 0.0):
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def depot(tmp_path: Path) -> FolderDepot:
    return FolderDepot(tmp_path)


def taken(waiter: Waiter) -> Lease:
    lease = waiter.look()
    assert lease is not None
    return lease


def waited(waiter: Waiter, clock: Clock, seconds: float) -> Lease | None:
    """Look once a second for so long."""
    for _ in range(int(seconds)):
        clock.now += 1.0
        lease = waiter.look()
        if lease is not None:
            return lease
    return None


def test_the_first_one_has_it_and_gives_it_to_the_next(depot: FolderDepot) -> None:
    clock = Clock()
    first, second = (Waiter(depot, ROOT, note, expiry=10, clock=clock) for note in ("one", "two"))
    lease = taken(first)
    assert (lease.claim.token, lease.claim.pid, lease.claim.note) == (1, os.getpid(), "one")
    lease.check()
    assert second.look() is None
    lease.release()
    after = taken(second)
    assert (after.claim.token, after.claim.note) == (2, "two")
    assert claims(depot, ROOT) == [lease.claim, after.claim]
    assert lease.place != after.place


def test_it_is_taken_from_who_gives_no_sign_of_life_and_from_nobody_else(depot: FolderDepot) -> None:
    clock = Clock()
    lease = taken(Waiter(depot, ROOT, expiry=10, clock=clock))
    other = Waiter(depot, ROOT, expiry=10, clock=clock)
    for said in range(5):
        lease.beat(str(said))
        assert waited(other, clock, 10) is None
    after = waited(other, clock, 3)
    assert after is not None
    assert after.claim.token == 2


def test_who_was_frozen_past_its_expiry_notices_before_it_writes(depot: FolderDepot) -> None:
    clock = Clock()
    lease = taken(Waiter(depot, ROOT, expiry=10, clock=clock))
    after = waited(Waiter(depot, ROOT, expiry=10, clock=clock), clock, 20)
    assert after is not None
    for write in (lease.check, lease.beat, lease.release):
        with pytest.raises(LeaseLostError, match=rf"taken over by process {os.getpid()} of "):
            write()
    assert [name for name in depot.names(ROOT) if lease.claim.holder in name] == []
    after.check()


def test_what_was_cleared_away_is_nobodys_though_another_may_begin_anew(depot: FolderDepot) -> None:
    lease = taken(Waiter(depot, ROOT))
    depot.remove_all(ROOT)
    with pytest.raises(LeaseLostError, match="is gone"):
        lease.check()
    again = taken(Waiter(depot, ROOT))
    assert again.claim.token == lease.claim.token
    with pytest.raises(LeaseLostError, match="is gone"):
        lease.beat()
    assert again.place != lease.place


def test_who_waits_uses_its_own_clock_and_counts_no_time_in_which_it_was_frozen(depot: FolderDepot) -> None:
    lease = taken(Waiter(depot, ROOT, expiry=10, clock=Clock(1e9)))
    clock = Clock(-5.0)
    other = Waiter(depot, ROOT, expiry=10, clock=clock)
    assert waited(other, clock, 8) is None
    clock.now += 1_000.0  # both may have been frozen, or the machine was asleep
    assert other.look() is None
    lease.beat()
    assert waited(other, clock, 9) is None


def test_who_was_killed_before_it_could_say_who_it_is_is_waited_out(depot: FolderDepot) -> None:
    depot.create(f"{ROOT}/lease/000001", b"")
    clock = Clock()
    after = waited(Waiter(depot, ROOT, expiry=10, clock=clock), clock, 20)
    assert after is not None
    assert claims(depot, ROOT) == [Claim(1, ""), after.claim]
    assert clock.now > 10


def test_of_threads_that_ask_at_once_one_has_each_number(depot: FolderDepot) -> None:
    won: list[int] = []
    begin = threading.Barrier(4)

    def ask() -> None:
        waiter = Waiter(depot, ROOT)
        begin.wait()
        for _ in range(10):
            lease = waiter.look()
            if lease is not None:
                won.append(lease.claim.token)
                lease.release()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == list(range(1, len(won) + 1))
    assert len(claims(depot, ROOT)) == len(won) > 4


def hold(folder: Path, expiry: float, said: Connection) -> None:
    """Have the lease and keep it, and tell of its loss."""
    lease = Waiter(FolderDepot(folder), ROOT, expiry=expiry).look()
    assert lease is not None
    lost = threading.Event()

    def lose(error: PalestraError) -> None:
        said.send(str(error))
        lost.set()

    with lease.kept(expiry=expiry, lost=lose):
        said.send("held")
        lost.wait(60)


@pytest.mark.parametrize("end", [signal.SIGSTOP, signal.SIGKILL])
def test_a_process_that_is_frozen_or_killed_loses_it(end: signal.Signals, tmp_path: Path) -> None:
    expiry = 0.8
    ours, theirs = FORK.Pipe(duplex=False)
    holder = FORK.Process(target=hold, args=(tmp_path, expiry, theirs))
    holder.start()
    try:
        assert ours.recv() == "held"
        waiter, began = Waiter(FolderDepot(tmp_path), ROOT, expiry=expiry), time.monotonic()
        while time.monotonic() - began < 2 * expiry:  # as long as it lives it is let alone
            assert waiter.look() is None
            time.sleep(0.05)
        assert holder.pid is not None
        os.kill(holder.pid, end)
        began = time.monotonic()
        while (lease := waiter.look()) is None:
            assert time.monotonic() - began < 30
            time.sleep(0.05)
        assert time.monotonic() - began > expiry / 2
        if end == signal.SIGSTOP:
            os.kill(holder.pid, signal.SIGCONT)
            assert ours.poll(30)
            assert "taken over" in ours.recv()
        lease.check()
    finally:
        holder.kill()
        holder.join()


def test_who_cannot_reach_the_depot_for_an_expiry_gives_up_and_not_before(tmp_path: Path) -> None:
    link = tmp_path / "link"
    (tmp_path / "depot").mkdir()
    link.symlink_to(tmp_path / "depot")
    lease = taken(Waiter(FolderDepot(link), ROOT, expiry=0.4))
    lost: list[PalestraError] = []
    with lease.kept(expiry=0.4, lost=lost.append):
        time.sleep(0.1)
        link.unlink()
        time.sleep(0.1)
        assert lost == []
        deadline = time.monotonic() + 30
        while not lost and time.monotonic() < deadline:
            time.sleep(0.02)
    assert "cannot be reached" in str(lost[0])


class World:
    """Three holders that count on, each from the newest value that it finds, and beat once after each value."""

    def __init__(self, choices: list[int]):
        self.clock = Clock()
        self.published: list[tuple[int, int]] = []
        """Number of the holder and value, in the order in which they appeared."""
        self.claimed: dict[int, int] = {}
        """By its number, how many values there were when a holder was claimed."""
        self.begun: dict[int, int] = {}
        """By its number, the value from which a holder went on."""
        self.refused = 0
        """Writes that a holder left off, since it saw that the lease was another's."""
        self.depot = TurnDepot({}, self.done)
        self.turns = Turns([self.live] * 3, choices, self.tick)
        self.depot.turns = self.turns

    def tick(self) -> None:
        self.clock.now += 1.0

    def done(self, what: str, name: str) -> None:
        if what == "create":
            self.claimed[int(name.rpartition("/")[2])] = len(self.published)
        if name.endswith("/value"):
            self.published.append((int(name.split("/")[2].partition("-")[0]), int(self.depot.objects[name])))

    def newest(self) -> int:
        for claim in reversed(claims(self.depot, ROOT)):
            value = self.depot.get(f"{claim.place(ROOT)}/value")
            if value is not None:
                return int(value)
        return 0

    def live(self) -> None:
        waiter = Waiter(self.depot, ROOT, expiry=3.0, clock=self.clock)
        while True:
            lease = waiter.look()
            if lease is None:
                continue
            value = self.newest()
            assert lease.claim.token not in self.begun
            self.begun[lease.claim.token] = value
            try:
                for _ in range(3):
                    value += 1
                    lease.check()
                    self.depot.put(f"{lease.place}/value", str(value).encode())
                    lease.beat()
                lease.release()
            except LeaseLostError:
                self.refused += 1

    def late(self, token: int) -> list[int]:
        """Values that a holder published when the next one had been claimed."""
        fence = self.claimed.get(token + 1, len(self.published))
        return [value for owner, value in self.published[fence:] if owner == token]

    def check(self) -> None:
        """What has to hold in whatever order they come."""
        assert self.turns.errors == []
        assert sorted(self.claimed) == list(range(1, len(self.claimed) + 1))
        for token, value in self.begun.items():
            there = self.published[: self.claimed[token]]
            timely = [each for owner, each in there if each not in self.late(owner)]
            assert value >= max(timely, default=0)  # nothing is lost that was published by who still had it
        for token in self.claimed:
            assert len(self.late(token)) <= 1  # that which was between the look and the write


def ran(choices: list[int]) -> World:
    world = World(choices)
    world.turns.run()
    world.check()
    return world


STRETCHES = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 30)), min_size=4, max_size=20)


@settings(max_examples=25, deadline=None)
@given(STRETCHES)
def test_however_they_come_between_each_other_nothing_timely_is_lost(stretches: list[tuple[int, int]]) -> None:
    ran([actor for actor, turns in stretches for _ in range(turns)])


def test_a_holder_that_stops_at_any_operation_writes_at_most_once_behind_the_fence() -> None:
    worlds = [ran([0] * stop + [1] * 45 + [0] * 20) for stop in range(2, 15)]
    assert all(len(world.claimed) > 1 for world in worlds)
    assert {len(world.late(1)) for world in worlds} == {0, 1}  # both happen, so the place of its own is needed
    assert all(world.refused > 0 for world in worlds)
