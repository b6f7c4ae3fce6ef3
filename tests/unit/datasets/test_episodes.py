"""Recorded episodes: sums, parts and files, each against a loop; and what a damaged file is answered with."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outcomes import outcome
from recordings import episodes

from palestra.datasets.episodes import (
    NAMES,
    Episodes,
    first_episodes,
    holds_episodes,
    joined,
    read_episodes,
    write_episodes,
)
from palestra.errors import UsageError

LENGTHS = [3, 1, 4]
MADE = episodes("CartPole-v1", LENGTHS)


def same(one: Episodes, other: Episodes) -> bool:
    return one.facts == other.facts and all(
        np.array_equal(a, b) and a.dtype == b.dtype
        for a, b in ((getattr(one, name), getattr(other, name)) for name in NAMES[:-1])
    )  # fmt: skip


def test_sums_are_those_of_a_loop() -> None:
    rewards, start = MADE.rewards.tolist(), 0
    for i, length in enumerate(LENGTHS):
        own = rewards[start : start + length]
        assert MADE.returns[i] == sum(own)
        assert MADE.returns_to_go()[start : start + length].tolist() == [sum(own[t:]) for t in range(length)]
        start += length
    assert (MADE.starts.tolist(), MADE.lengths.tolist()) == ([0, 3, 4], LENGTHS)
    assert MADE.numbers.tolist() == [0, 0, 0, 1, 2, 2, 2, 2]


def test_parts_are_whole_episodes_and_come_together_again() -> None:
    last, first = MADE.of(np.array([2])), MADE.of(np.array([0, 1]))
    assert np.array_equal(last.observations, MADE.observations[4:])
    assert (last.ends.tolist(), first.ends.tolist()) == ([4], [3, 4])
    assert same(joined([first, last], MADE.facts), MADE)
    assert joined([last, first], {}).digest == MADE.of(np.array([2, 0, 1])).digest != MADE.digest


def test_one_episode_of_each_copy_and_one_that_goes_on_is_truncated() -> None:
    ends = np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0], [1, 1, 0]], bool)  # (T, E): lengths 2, 4, and no end
    terminated, truncated = ends.copy(), ends.copy()
    terminated[:, 1], truncated[:, 0] = False, False
    obs = np.arange(12, dtype=np.float32).reshape(4, 3, 1)
    found = first_episodes(obs, obs[..., 0].astype(np.int64), obs[..., 0], terminated, truncated, obs + 100, {})
    assert found.observations[:, 0].tolist() == [0, 3, 1, 4, 7, 10, 2, 5, 8, 11]
    assert found.ends.tolist() == [2, 6, 10]
    assert np.flatnonzero(found.terminated).tolist() == [1]
    assert np.flatnonzero(found.truncated).tolist() == [5, 9]
    assert found.final_observations[:, 0].tolist() == [103, 110, 111]
    assert not truncated[-1, 2]  # what was given is left alone


def test_a_file_gives_back_what_went_in_and_its_bytes_are_the_same_each_time(tmp_path: Path) -> None:
    for path in (tmp_path / "a.npz", tmp_path / "b.npz"):
        write_episodes(path, MADE)
    found = read_episodes(tmp_path / "a.npz")
    assert found.facts == {"format": 1, **MADE.facts}
    assert same(dataclasses.replace(found, facts=MADE.facts), MADE)
    assert found.digest == MADE.digest
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:  # NumPy alone reads it
        assert set(archive.files) == {*NAMES}
        assert json.loads(archive["facts"].tobytes())["env"] == "CartPole-v1"
    assert holds_episodes(tmp_path / "a.npz")


def broken(**given: Any) -> Episodes:
    return dataclasses.replace(MADE, **given)


NAN = np.full_like(MADE.observations, np.nan)
SPACES = {name: {**MADE.facts, "spaces": {**MADE.facts["spaces"], "action": value}} for name, value in {
    "none": {"octopus": 8}, "three": {"discrete": 3, "start": 0}, "one": {"discrete": 1, "start": 0},
}.items()}  # fmt: skip


@pytest.mark.parametrize(("given", "why"), [
    ({"rewards": MADE.rewards[:-1]}, r"observations is of shape \(8, 4\) for 7 rewards"),
    ({"rewards": MADE.rewards[:, None]}, r"rewards is of shape \(8, 1\) and float32"),
    ({"ends": np.array([3, 4, 9])}, "3 episodes do not part its 8 steps"),
    ({"ends": np.array([4, 4, 8])}, "3 episodes do not part its 8 steps"),
    ({"ends": np.array([], np.int64)}, "0 episodes do not part its 8 steps"),
    ({"final_observations": MADE.final_observations[:2]}, r"final_observations is of shape \(2, 4\) for 3 episodes"),
    ({"terminated": ~MADE.terminated}, "episodes end where no step does, or twice"),
    ({"truncated": MADE.truncated | MADE.terminated}, "episodes end where no step does, or twice"),
    ({"observations": NAN}, "observations holds NaN or infinity"),
    ({"observations": MADE.observations.astype(np.float64)}, "observations are float64 and actions int64"),
    ({"observations": MADE.observations[:, :3], "final_observations": MADE.final_observations[:, :3]},
     r"observations \(3,\) of float32 for the space Box"),
    ({"actions": MADE.actions + 1}, r"actions \(\) of int64 for the space Discrete\(2\)"),
    ({"actions": MADE.actions.astype(np.float32)}, r"actions \(\) of float32 for the space Discrete\(2\)"),
    ({"facts": SPACES["none"]}, "its spaces are none: a saved space"),
    ({"facts": SPACES["one"]}, r"for the space Discrete\(1\)"),
    ({"facts": {"env": "CartPole-v1"}}, "its facts name no world"),
])  # fmt: skip
def test_what_is_no_recording_is_told_in_one_line(tmp_path: Path, given: dict[str, Any], why: str) -> None:
    write_episodes(tmp_path / "a.npz", broken(**given))
    with pytest.raises(UsageError, match=why) as refusal:
        read_episodes(tmp_path / "a.npz")
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).endswith("expected what palestra record-episodes wrote")


def test_other_files_and_other_formats(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(UsageError, match=r"a\.npz cannot be read \(No such file or directory\)"):
        read_episodes(path)
    np.savez(path, inputs=np.zeros(3))
    with pytest.raises(UsageError, match=r"holds no recorded episodes \(it has no observations\)"):
        read_episodes(path)
    assert not holds_episodes(path)
    assert not holds_episodes(tmp_path)
    write_episodes(path, broken(facts={**MADE.facts, "format": 2}))
    with pytest.raises(UsageError, match="of format 2; expected format 1"):
        read_episodes(path)
    write_episodes(path, MADE)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UsageError, match=r"a\.npz cannot be read \("):
        read_episodes(path)
    assert not holds_episodes(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_file_with_any_bytes_changed_is_read_as_it_was_or_refused(flips: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_episodes(path, MADE)
    data = bytearray(path.read_bytes())
    for place, flip in flips:
        data[int(place * len(data))] ^= flip
    path.write_bytes(data)
    found, said = outcome(lambda: read_episodes(path))
    assert said or (found is not None and found.digest == MADE.digest)
