"""The decision transformer against returns that are known, a plain loop in PyTorch, and itself within an episode."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from recordings import COINS, STEPS, coins, episodes, known_as, with_coins
from torch.nn import functional as F

from palestra.datasets.order import permutation
from palestra.engine.seeding import generator
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.sequences.decision_transformer import DecisionTransformer, DecisionTransformerConfig
from palestra.nets.sequence.decision import decision_net
from palestra.pictures.asked import Asked
from palestra.pictures.frames import film

SMALL = {"width": 16, "heads": 2, "blocks": 1, "context": STEPS, "max_timestep": 8}


def make(env: str, data: str, seed: int = 0, **settings: Any) -> DecisionTransformer:
    return DecisionTransformer(World(env), DecisionTransformerConfig(data=data, **{**SMALL, **settings}), seed=seed)


@pytest.fixture(scope="module")
def flips() -> Any:
    """One that has learned from fair coins; each test finds it as it was."""
    with pytest.MonkeyPatch.context() as patch:
        yield make(COINS, with_coins(patch, 2_000), learning_rate=0.01).learn(24_000)


@pytest.mark.parametrize("wanted", range(STEPS + 1))
def test_from_coins_it_makes_exactly_what_it_is_asked_for(flips: DecisionTransformer, wanted: int) -> None:
    flips.policy.target_return = float(wanted)
    assert flips.evaluate(episodes=20).samples.tolist() == [wanted] * 20


def test_its_probabilities_are_those_of_coins_that_are_known_to_come_to_so_much(flips: DecisionTransformer) -> None:
    """Of ``left`` fair coins that show ``wanted`` ones, the first shows one with the probability wanted / left."""
    policy = flips.conditioned
    for wanted in range(STEPS + 1):
        policy.target_return = float(wanted)
        policy.reset(1, seed=0)
        for step, coin in enumerate((0, 1, 0)):
            left, still = STEPS - step, float(policy.history.wanted[0])
            window, place = policy.history.see(torch.zeros(1, 1))
            p = policy.outputs(window, window.action)[0, int(place)].softmax(0)[1]
            if 0 <= still <= left:
                assert float(p.detach()) == pytest.approx(still / left, abs=0.1)
            policy.told(torch.tensor([coin]), torch.tensor([float(coin)]), torch.tensor([False]))


def test_told_nothing_of_what_it_got_it_does_not(flips: DecisionTransformer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(flips.policy), "told", lambda *_: None)
    flips.policy.target_return = 1.0
    assert flips.evaluate(episodes=20).score != 1.0


def test_an_epoch_is_that_of_a_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    made = episodes("CartPole-v1", [5, 9, 2, 7])
    name = known_as(monkeypatch, "mine", made)
    settings = {"learning_rate": 0.01, "learning_rate_schedule": "constant", "weight_decay": 0.1, "batch_size": 8}
    learner = make("CartPole-v1", name, **settings).learn(23)
    net = decision_net(generator(0, "weights"), 4, 2, 2, STEPS, 8, 16, 2, 1)
    decaying, others = ([p for p in net.parameters() if (p.dim() > 1) is large] for large in (True, False))
    groups: list[dict[str, Any]] = [{"params": decaying, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, 0.01)
    mean, deviation = made.observations.mean(0), made.observations.std(0)
    middle, spread = made.returns_to_go().mean(), made.returns_to_go().std()
    for begin in range(0, 23, 8):
        losses = []
        for row in permutation(0, 0, 23)[begin : begin + 8].tolist():
            number = int(made.numbers[row])
            steps = range(row, min(row + STEPS, int(made.ends[number])))  # alone, with nothing behind it
            to_go = torch.tensor([[(made.rewards[step : made.ends[number]].sum() - middle) / spread for step in steps]])
            obs = torch.from_numpy((made.observations[steps.start : steps.stop] - mean) / deviation)[None]
            taken = torch.tensor([[int(made.actions[step]) for step in steps]])
            time = torch.tensor([[step - made.starts[number] for step in steps]])
            out = net(to_go.float(), obs.float(), F.one_hot(taken, 2).float(), time)
            losses += [-out[0, t].log_softmax(0)[action] for t, action in enumerate(taken[0].tolist())]
        optimizer.zero_grad()
        (sum(losses) / len(losses)).backward()
        optimizer.step()
    learned = learner.conditioned.network.state_dict()
    for parameter, theirs in net.state_dict().items():
        # No attention depends on the bias of its keys: that gradient is rounding, which Adam makes a step of.
        if not parameter.endswith("key.bias"):
            torch.testing.assert_close(learned[parameter], theirs, rtol=1e-3, atol=1e-4)


def test_what_it_acts_by_is_what_it_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """Led through a recorded episode it says at every step what it says of the window that ends there."""
    made = episodes("CartPole-v1", [11])
    learner = make("CartPole-v1", known_as(monkeypatch, "mine", made), batch_size=4).learn(22)
    policy, false = learner.conditioned, torch.tensor([False])
    policy.target_return = float(made.returns[0])
    policy.reset(1, seed=0)
    for step in range(11):
        window, place = policy.history.see(learner.recorded.obs[step : step + 1])
        now = policy.outputs(window, window.action)[0, int(place)]
        begin = max(0, step + 1 - STEPS)
        known = learner.recorded.window(torch.tensor([begin]), step + 1 - begin)
        whole = policy.outputs(known, policy.answers.encoded(known.action[0])[None])[0, -1]
        torch.testing.assert_close(now, whole, rtol=0, atol=1e-5)
        action = learner.recorded.action[step : step + 1]
        policy.told(action, torch.from_numpy(made.rewards[step : step + 1]), false)


def test_what_is_predicted_alone_is_a_first_step_and_a_film_is_an_episode(flips: DecisionTransformer) -> None:
    flips.policy.target_return = 1.0
    alone = [flips.predict(np.zeros((n, 1), np.float32)).tolist() for n in (3, 1, 3)]
    assert alone[0] == alone[2] == alone[1] * 3

    class Flips(gym.Env):
        def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
            self.left = STEPS
            return np.zeros(1, np.float32), {}

        def step(self, action: Any) -> Any:
            self.left -= 1
            return np.zeros(1, np.float32), float(action), self.left == 0, False, {}

        def render(self) -> Any:
            return np.zeros((1, 1, 3), np.uint8)

    for wanted in (1.0, 3.0):
        flips.policy.target_return = wanted
        frames = list(film(flips, Flips(), episodes=2, seed=0))
        assert [frame.total_reward for frame in frames[STEPS :: STEPS + 1]] == [wanted] * 2


def test_it_shows_what_it_makes_of_what_it_is_asked_for(flips: DecisionTransformer) -> None:
    (shown,) = flips.exhibits()
    assert isinstance(shown, Asked)
    assert shown.wanted.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]
    assert shown.made.shape == (9, 8)
    assert (shown.made[::2] == shown.wanted[::2, None]).all()
    assert len(shown.recorded) == 2_000


def test_numbers_within_bounds_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who got more had pushed harder: asked for much, it pushes hard."""
    push = np.random.default_rng(0).uniform(-2, 2, (300, 1)).astype(np.float32)
    obs = np.zeros((300, 3), np.float32)
    made = episodes(
        "Pendulum-v1", [1] * 300, observations=obs, actions=push, rewards=push[:, 0], final_observations=obs
    )
    learner = make("Pendulum-v1", known_as(monkeypatch, "mine", made), learning_rate=0.01).learn(12_000)
    for wanted in (-1.5, 0.0, 1.5):
        learner.policy.target_return = wanted
        assert learner.predict(obs[0])[0] == pytest.approx(wanted, abs=0.25)


def test_it_is_asked_for_the_best_that_was_recorded_if_for_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    name = known_as(monkeypatch, "mine", made := episodes("CartPole-v1", [5, 9]))
    assert make("CartPole-v1", name).policy.target_return == made.returns.max()
    asked = make("CartPole-v1", name, target_return=-3.5)
    assert asked.policy.target_return == -3.5
    other = make("CartPole-v1", name)
    other.load_state_dict(asked.state_dict())
    assert other.policy.target_return == -3.5


def test_what_it_cannot_learn_from_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="decision-transformer in 'Acrobot-v1' with data=cartpole-mixed"):
        make("Acrobot-v1", "cartpole-mixed")
    with pytest.raises(UsageError, match="context=0; expected at least 1"):
        DecisionTransformerConfig(context=0)
    image = np.zeros((1, 1, 24, 24), np.uint8)
    made = episodes("probe/PixelTarget", [1], observations=image, final_observations=image)
    with pytest.raises(UsageError, match=r"decision-transformer sees Box\(0, 255, .*; expected numbers, not images"):
        make("probe/PixelTarget", known_as(monkeypatch, "images", made))


def test_control_the_coins_are_fair() -> None:
    assert 1.8 < coins(400).returns.mean() < 2.2
