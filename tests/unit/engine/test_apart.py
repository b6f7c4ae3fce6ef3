"""What ranks have of their own: taken out of a state, put into another, left out of what has to be the same."""

from pathlib import Path
from typing import Any

import pytest
import torch
from coin import Coin

from palestra.engine import checkpoint
from palestra.engine.apart import digest, of_the_others, own_state, replaced, taken
from palestra.errors import PalestraError
from palestra.runs import checkpoints
from together import Threads, side_by_side

STATE: dict[str, Any] = {"net": {"w": torch.arange(3.0)}, "luck": {"a": {"seed": 1}, "b": None}, "clock": 5}
PATHS = ("luck.a.seed", "luck.b.seed", "nothing.here", "clock")


def test_what_stands_at_paths_is_taken_and_replaced() -> None:
    found = taken(STATE, PATHS)
    assert found == {"luck.a.seed": 1, "clock": 5}
    other = replaced(STATE, {**found, "luck.a.seed": 9, "luck.b.seed": 9, "nothing.here": 9})
    assert other["luck"] == {"a": {"seed": 9}, "b": None}
    assert list(other) == list(STATE)
    assert STATE["luck"]["a"]["seed"] == 1


def test_a_digest_is_of_every_bit_but_those() -> None:
    known = digest(STATE, PATHS)
    assert digest(replaced(STATE, {"luck.a.seed": 2, "clock": 6}), PATHS) == known
    assert digest(replaced(STATE, {"net.w": torch.tensor([0.0, 1.0, 2.0000002])}), PATHS) != known
    assert digest(replaced(STATE, {"luck.b": 0}), PATHS) != known


class Shared(Coin):
    """A coin that several flip, each with luck of its own."""

    apart = ("rng",)

    def __init__(self, ranks: Any, seed: int = 0) -> None:
        super().__init__(seed)
        if ranks is not None:
            self.ranks = ranks
            self.rng.manual_seed(seed + ranks.rank)


def test_each_rank_finds_its_own_in_a_checkpoint(tmp_path: Path) -> None:
    def save(ranks: Threads) -> torch.Tensor:
        coin = Shared(ranks)
        others = of_the_others(coin)
        if ranks.rank == 0:
            checkpoint.save(coin, tmp_path, others=others)
        return coin.rng.get_state()

    states = side_by_side(3, save)
    loaded = checkpoints.load_latest(tmp_path)

    def load(ranks: Threads) -> tuple[torch.Tensor, list[str]]:
        coin = Shared(ranks, seed=50)
        notes = checkpoint.restore(coin, loaded)
        return coin.rng.get_state(), notes

    for known, (found, notes) in zip(states, side_by_side(3, load), strict=True):
        assert torch.equal(found, known)
        assert notes == []


def test_another_number_of_ranks_keeps_its_own_and_says_so(tmp_path: Path) -> None:
    def save(ranks: Threads) -> None:
        coin = Shared(ranks)
        coin.step()
        ranks.part()
        coin.heads = torch.tensor(4.0)
        others = of_the_others(coin)
        if ranks.rank == 0:
            checkpoint.save(coin, tmp_path, others=others)

    side_by_side(2, save)
    alone = Shared(None, seed=7)
    before = alone.rng.get_state()
    state, notes = own_state(alone, checkpoints.load_latest(tmp_path))
    assert notes == ["not exact: saved by 2 processes, and this is one of 1: anew begins rng"]
    assert torch.equal(state["rng"], before)
    assert checkpoint.restore(alone, checkpoints.load_latest(tmp_path)) == notes
    assert (float(alone.heads), alone.clock) == (4.0, 8)


def test_ranks_that_have_come_apart_are_no_training() -> None:
    def work(ranks: Threads) -> None:
        coin = Shared(ranks)
        coin.heads = torch.tensor(float(ranks.rank == 1))
        of_the_others(coin)

    with pytest.raises(PalestraError, match="rank 1 has come to other parameters than rank 0"):
        side_by_side(2, work)
