"""Action chunks against a plain loop in PyTorch, what was done next, and the mean of what was meant."""

from typing import Any

import numpy as np
import pytest
import torch
from plain_layers import plain_mlp
from recordings import episodes, known_as

from palestra.datasets.order import permutation
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.imitation.action_chunks import ActionChunks, ActionChunksConfig

ENV = "Pendulum-v1"
SMALL = {"horizon": 3, "hidden_sizes": (16,), "batch_size": 8}


def make(data: str, seed: int = 0, **settings: Any) -> ActionChunks:
    return ActionChunks(World(ENV, 2), ActionChunksConfig(data=data, **{**SMALL, **settings}), seed=seed)


@pytest.mark.parametrize("loss", ["absolute", "squared"])
def test_an_epoch_is_that_of_a_plain_loop_over_the_steps_that_there_are(
    monkeypatch: pytest.MonkeyPatch, loss: Any
) -> None:
    made = episodes(ENV, [5, 9, 2, 7])
    settings = {"learning_rate": 0.01, "learning_rate_schedule": "constant", "weight_decay": 0.1, "loss": loss}
    learner = make(known_as(monkeypatch, "mine", made), **settings)
    plain = plain_mlp(learner.chunker.net)
    groups: list[dict[str, Any]] = [
        {"params": [p for p in plain.parameters() if (p.dim() > 1) is large], "weight_decay": 0.1 if large else 0.0}
        for large in (True, False)
    ]
    adam = torch.optim.AdamW(groups, 0.01)
    obs = torch.from_numpy((made.observations - made.observations.mean(0)) / made.observations.std(0))
    learner.learn(23)
    for begin in range(0, 23, 8):
        errors = []
        for row in permutation(0, 0, 23)[begin : begin + 8].tolist():
            said = plain(obs[row]).tanh()
            there = range(min(3, int(made.ends[made.numbers[row]]) - row))
            errors += [said[t] - float(made.actions[row + t, 0]) / 2 for t in there]
        whole = torch.stack(errors)
        adam.zero_grad()
        (whole.abs() if loss == "absolute" else whole**2).mean().backward()
        adam.step()
    assert learner.clock == 23
    pairs = [p for pair in zip(learner.chunker.net.weights, learner.chunker.net.biases) for p in pair]
    for ours, theirs in zip(pairs, plain.parameters(), strict=True):
        torch.testing.assert_close(ours.detach(), theirs.detach(), rtol=1e-3, atol=1e-4)


def test_it_says_what_was_done_next_and_does_the_mean_of_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done follows from what was seen and the step after; chunks are right, and so are their means."""
    rng = np.random.default_rng(0)
    first = rng.uniform(-1, 1, (200, 1))
    turned = np.concatenate([first * 0.8**t for t in range(6)], 1)
    obs = np.repeat(turned.reshape(-1, 1), 3, 1).astype(np.float32)
    action = turned.reshape(-1, 1).astype(np.float32)
    made = episodes(ENV, [6] * 200, observations=obs, actions=action, final_observations=obs[:200])
    learner = make(known_as(monkeypatch, "mine", made), learning_rate=3e-3, loss="squared", batch_size=48).learn(60_000)
    policy, nobody, start = learner.chunker, torch.zeros(4, dtype=torch.bool), torch.tensor([-0.9, -0.5, 0.6, 0.8])
    policy.reset(4, seed=0)
    for t in range(5):
        wanted = start * 0.8**t
        done = policy.act(wanted[:, None].expand(-1, 3))
        torch.testing.assert_close(done.squeeze(1), wanted, rtol=0, atol=0.05)
        policy.told(done, torch.zeros(4), nobody)
    # Shown what is new, it still does in part what it meant before.
    misled = policy.act(torch.zeros(4, 3)).squeeze(1)
    alone = torch.from_numpy(learner.predict(np.zeros((4, 3), np.float32))).squeeze(1)
    assert (misled.abs() > alone.abs()).all()
    assert torch.equal(policy.act(torch.zeros(4, 3)).squeeze(1), misled)  # who asks twice asks the same


def test_a_restored_learner_goes_on_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    name = known_as(monkeypatch, "mine", episodes(ENV, [30, 30]))
    first, second = make(name), make(name, seed=1)
    for agent in (first, second):
        agent.budget = 400
        for _ in range(2 + agent.seed):
            agent.step()
    assert second.load_state_dict(first.state_dict()) == []
    assert [first.step() for _ in range(3)] == [second.step() for _ in range(3)]
    assert first.evaluate(episodes=2).samples.tolist() == second.evaluate(episodes=2).samples.tolist()


def test_what_it_cannot_learn_from_is_refused() -> None:
    with pytest.raises(UsageError, match=r"action-chunks cannot act in Discrete\(2\)"):
        ActionChunks("CartPole-v1")
    with pytest.raises(UsageError, match="action-chunks in 'Pendulum-v1' with data=two-ways"):
        ActionChunks(ENV)
    with pytest.raises(UsageError, match=r"action-chunks sees Box\(0, 255, .*; expected numbers, not images"):
        ActionChunks("probe/PixelTarget")
    wrong_ones: list[tuple[dict[str, Any], str]] = [
        ({"horizon": 0}, "horizon=0; expected at"),
        ({"decay": -1.0}, "decay=-1.0"),
    ]
    for wrong, said in wrong_ones:
        with pytest.raises(UsageError, match=said):
            ActionChunksConfig(**wrong)
