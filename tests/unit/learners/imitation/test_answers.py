"""Actions as imitators know them: there and back, losses in closed form, and what is not allowed."""

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch.nn import functional as F

from palestra.envs.masks import ActionMask
from palestra.envs.registry import make_vec
from palestra.errors import UsageError
from palestra.learners.imitation.answers import LEAST_STD, Choices, Mixture, Numbers, answers


class Bounded:
    device = torch.device("cpu")


BOX = spaces.Box(np.array([-2.0, 0.0], np.float32), np.array([2.0, 1.0], np.float32))


def test_numbers_go_there_and_back() -> None:
    own = Numbers(BOX, "it", Bounded())  # type: ignore[arg-type]
    action = torch.tensor([[-2.0, 0.0], [2.0, 1.0], [1.0, 0.25]])
    unit = own.encoded(action)
    assert unit.tolist() == [[-1, -1], [1, 1], [0.5, -0.5]]
    out = unit.clamp(-0.999, 0.999).atanh()
    torch.testing.assert_close(own.choose(out, action, None), action, rtol=0, atol=0.01)
    zeros = torch.zeros(3, 2)
    torch.testing.assert_close(own.loss(zeros, action, zeros), torch.tensor([1.0, 1.0, 0.25]))


def test_choices_are_losses_of_their_log_probability() -> None:
    own = Choices(spaces.MultiDiscrete([2, 3]), None)
    out, action = torch.randn(4, 5, generator=torch.Generator().manual_seed(0)), torch.tensor([[0, 2], [1, 1]] * 2)
    first, second = out[:, :2].softmax(1), out[:, 2:].softmax(1)
    expected = [-(first[b, i] * second[b, j]).log() for b, (i, j) in enumerate(action.tolist())]
    torch.testing.assert_close(own.loss(out, action, out), torch.stack(expected))
    assert own.encoded(action)[0].tolist() == [1, 0, 0, 0, 1]
    assert own.choose(out, out, None).tolist() == [[int(a.argmax()), int(b.argmax())] for a, b in zip(first, second)]
    rng = torch.Generator().manual_seed(1)
    drawn = torch.cat([own.choose(out[:1], out, rng) for _ in range(2_000)])
    assert float((drawn[:, 0] == 0).float().mean()) == pytest.approx(float(first[0, 0]), abs=0.05)


def test_what_is_not_allowed_is_never_chosen() -> None:
    own = Choices(spaces.Discrete(3), ActionMask(0, 3, packed=False))
    obs, out = torch.tensor([[1.0, 0.0, 1.0]] * 200), torch.tensor([[0.0, 9.0, 0.0]] * 200)
    assert own.choose(out[:1], obs[:1], None).tolist() == [0]
    assert set(own.choose(out, obs, torch.Generator().manual_seed(0)).tolist()) == {0, 2}
    torch.testing.assert_close(own.loss(out[:1], torch.tensor([2]), obs[:1]), torch.tensor([2.0]).log())


def test_each_kind_of_space_has_its_own() -> None:
    assert isinstance(answers(make_vec("Pendulum-v1", 1), "it"), Numbers)
    assert isinstance(answers(make_vec("CartPole-v1", 1), "it"), Choices)
    with pytest.raises(UsageError, match=r"it cannot act in Box\(-inf, inf"):
        Numbers(spaces.Box(-np.inf, np.inf, (2,)), "it", Bounded())  # type: ignore[arg-type]


def test_a_mixture_is_the_loss_of_its_log_probability_and_acts_by_its_likeliest_answer() -> None:
    own = Mixture(BOX, "it", Bounded(), 3)  # type: ignore[arg-type]
    assert own.num_outputs == 3 * (1 + 2 * 2)
    rng = torch.Generator().manual_seed(0)
    out = torch.randn(4, own.num_outputs, generator=rng)
    action = torch.tensor([[-2.0, 0.0], [2.0, 1.0], [1.0, 0.25], [0.0, 1.0]])
    logit, mean, log_std = out[:, :3], out[:, 3:9].tanh().view(4, 3, 2), (F.softplus(out[:, 9:]) + LEAST_STD).log()
    each = torch.distributions.Independent(torch.distributions.Normal(mean, log_std.exp().view(4, 3, 2)), 1)
    whole = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(logits=logit), each)
    torch.testing.assert_close(own.loss(out, action, out), -whole.log_prob(own.encoded(action)))
    likeliest = mean[torch.arange(4), logit.argmax(1)]
    torch.testing.assert_close(own.encoded(own.choose(out, out, None)), likeliest)
    torch.testing.assert_close(own.choice(out, out).action, own.choose(out, out, None))
    drawn = torch.cat([own.choose(out[:1], out, rng) for _ in range(500)])
    assert ((drawn >= torch.tensor([-2.0, 0.0])) & (drawn <= torch.tensor([2.0, 1.0]))).all()
    assert len(drawn.unique(dim=0)) > 100


def test_only_numbers_can_be_a_mixture() -> None:
    assert isinstance(answers(make_vec("Pendulum-v1", 1), "it", 2), Mixture)
    with pytest.raises(UsageError, match=r"components=2 of Discrete\(2\); expected 0: choices have probabilities"):
        answers(make_vec("CartPole-v1", 1), "it", 2)
