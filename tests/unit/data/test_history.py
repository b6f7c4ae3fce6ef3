"""A history against a list of steps."""

import torch

from palestra.data.history import History

CPU = torch.device("cpu")


def test_it_is_the_latest_steps_of_a_list_over_ends_of_episodes_too() -> None:
    """Three episodes side by side, of lengths 7, 2, 2, ... and without end; four steps are kept."""
    length, target, rng = 4, 10.0, torch.Generator().manual_seed(0)
    history = History(3, length, 2, 5, target, CPU)
    lists: list[list[tuple[list[float], float, int, list[float] | None]]] = [[], [], []]
    left, age = [target] * 3, [0] * 3
    for step in range(12):
        obs = torch.randn(3, 2, generator=rng)
        history.see(obs + 1)  # nobody is told what came of it, so it did not happen
        window, place = history.see(obs)
        for b, known in enumerate(lists):
            known.append((obs[b].tolist(), left[b], age[b], None))
            now = known[-length:]
            assert int(place[b]) == len(now) - 1
            for t, (seen, wanted, time, done) in enumerate(now):
                assert window.obs[b, t].tolist() == seen
                assert window.to_go[b, t] == wanted
                assert window.time[b, t] == time
                assert window.known[b, t]
                assert window.action[b, t].tolist() == (done or [0.0] * 5)
        action, reward = torch.randn(3, 5, generator=rng), torch.tensor([1.0, 2.0, 0.5])
        ended = torch.tensor([step == 6, step % 2 == 1, False])
        history.told(action, reward, ended)
        for b, known in enumerate(lists):
            known[-1] = (*known[-1][:3], action[b].tolist())
            left[b], age[b] = left[b] - float(reward[b]), age[b] + 1
            if ended[b]:
                known.clear()
                left[b], age[b] = target, 0
    assert int(history.age[2]) == 12
    assert len(history) == 3


def test_no_more_places_are_given_than_are_taken() -> None:
    history = History(2, 8, 1, 1, 0.0, CPU)
    for steps in range(1, 4):
        window, _ = history.see(torch.zeros(2, 1))
        assert window.to_go.shape == (2, steps)
        history.told(torch.zeros(2, 1), torch.zeros(2), torch.zeros(2, dtype=torch.bool))


def test_it_is_written_to_within_inference_mode_and_outside() -> None:
    with torch.inference_mode():
        history = History(1, 2, 1, 1, 1.0, CPU)
        seen = history.see(torch.ones(1, 1))[0]
        history.told(seen.obs[:, 0], torch.ones(1), torch.zeros(1, dtype=torch.bool))
    window, _ = history.see(torch.ones(1, 1))
    assert window.to_go.tolist() == [[1.0, 0.0]]


def test_each_can_be_asked_for_a_return_of_its_own() -> None:
    history = History(2, 3, 1, 1, torch.tensor([1.0, 5.0]), CPU)
    zeros, ended = torch.zeros(2, 1), torch.tensor([False, True])
    history.told(zeros, torch.ones(2), torch.zeros(2, dtype=torch.bool))
    assert history.wanted.tolist() == [0, 4]
    history.told(zeros, torch.ones(2), ended)
    assert history.wanted.tolist() == [-1, 5]
