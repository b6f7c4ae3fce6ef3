"""Trajectories against loops over episodes."""

import torch
from recordings import episodes

from palestra.data.trajectories import Trajectories

LENGTHS = [3, 1, 4]
MADE = episodes("CartPole-v1", LENGTHS)
CPU = torch.device("cpu")


def test_a_window_is_what_a_loop_cuts_out() -> None:
    kept = Trajectories(MADE, CPU)
    assert len(kept) == 8
    rows = torch.tensor([0, 1, 2, 3, 4, 5, 7, 7])
    window = kept.window(rows, 3)
    for b, row in enumerate(rows.tolist()):
        number = int(MADE.numbers[row])
        start, end = int(MADE.starts[number]), int(MADE.ends[number])
        own = list(range(row, min(row + 3, end)))
        assert window.known[b].tolist() == [True] * len(own) + [False] * (3 - len(own))
        for t, step in enumerate(own):
            assert window.obs[b, t].tolist() == MADE.observations[step].tolist()
            assert window.action[b, t] == MADE.actions[step]
            assert window.time[b, t] == step - start
            assert window.to_go[b, t] == sum(MADE.rewards[step:end])


def test_what_is_known_of_them() -> None:
    facts = {"env": "CartPole-v1", "steps": 8, "sha256": MADE.digest, "best_return": MADE.returns.max()}
    assert Trajectories(MADE, CPU).facts == facts


def test_others_than_those_that_a_training_began_with_are_noticed() -> None:
    kept, others = Trajectories(MADE, CPU), Trajectories(episodes("CartPole-v1", LENGTHS, seed=1), CPU)
    assert kept.load_state_dict(Trajectories(MADE, CPU).state_dict()) == []
    (note,) = kept.load_state_dict(others.state_dict())
    assert note.startswith("not exact: the recorded episodes are others")
