"""The network of the decision transformer against a layout written out token by token, and what it may not see."""

import pytest
import torch
from torch import Tensor

from palestra.nets.sequence.decision import DecisionNet, Scales, decision_net

B, T, F, A, K, TIMES, WIDTH = 3, 4, 2, 5, 6, 9, 16


def net() -> DecisionNet:
    return decision_net(torch.Generator().manual_seed(0), F, A, K, T, TIMES, WIDTH, 2, 2)


def inputs(seed: int = 1) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    rng = torch.Generator().manual_seed(seed)
    to_go, obs, action = (torch.randn(shape, generator=rng) for shape in ((B, T), (B, T, F), (B, T, A)))
    return to_go, obs, action, torch.randint(TIMES, (B, T), generator=rng)


def test_tokens_are_those_of_a_layout_written_out() -> None:
    made, (to_go, obs, action, time) = net(), inputs()
    time[0, 2] = TIMES + 5
    tokens = made.tokens(to_go, obs, action, time)
    assert tokens.shape == (B, 3 * T, WIDTH)
    place = dict(made.named_parameters())

    def linear(name: str, x: Tensor) -> Tensor:
        return place[f"{name}.weight"] @ x + place[f"{name}.bias"]

    for b in range(B):
        expected = []
        for t in range(T):
            when = place["time.weight"][min(int(time[b, t]), TIMES - 1)]
            for x in (linear("wanted", to_go[b, t : t + 1]), linear("seen", obs[b, t]), linear("done", action[b, t])):
                row = x + when
                row = (row - row.mean()) / (row.var(unbiased=False) + 1e-5).sqrt()
                expected.append(row * place["norm.weight"] + place["norm.bias"])
        torch.testing.assert_close(tokens[b], torch.stack(expected), rtol=1e-5, atol=1e-5)


def test_the_future_and_the_action_asked_for_change_nothing() -> None:
    made, given, other = net(), inputs(), inputs(seed=2)
    out = made(*given)
    assert out.shape == (B, T, K)
    for t in range(T):
        later = [x.clone() for x in given]
        for i, x in enumerate(later):
            begin = t if i == 2 else t + 1  # the action of step t comes after what it is predicted by
            x[:, begin:] = other[i][:, begin:]
        changed = made(*later)
        torch.testing.assert_close(changed[:, : t + 1], out[:, : t + 1], rtol=0, atol=1e-6)
        assert t == T - 1 or float((changed[:, t + 1 :] - out[:, t + 1 :]).abs().max().detach()) > 1e-4


def test_the_past_and_the_present_are_all_seen() -> None:
    made, given = net(), inputs()
    out = made(*given)
    for i in range(4):
        for t in range(T - (i == 2)):
            one = [x.clone() for x in given]
            one[i][:, t] = (one[i][:, t] + 1) % TIMES
            assert float((made(*one)[:, -1] - out[:, -1]).abs().max().detach()) > 1e-6


def test_its_weights_come_from_the_generator_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, other = net().state_dict(), net().state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert torch.equal(torch.get_rng_state(), before)
    assert one["time.weight"].std() < 0.05 < one["wanted.weight"].std()


def test_scales_are_those_of_what_was_recorded() -> None:
    rng = torch.Generator().manual_seed(0)
    obs, to_go = 3 * torch.randn(500, 2, generator=rng) + 7, torch.tensor([0.0, 10.0])
    obs[:, 1] = (obs[:, 1] > 7).float()
    scales = Scales(2, torch.tensor([False, True]))
    scales.fit(obs, to_go)
    out = scales.obs(obs)
    assert abs(float(out[:, 0].mean())) < 1e-4
    assert abs(float(out[:, 0].std(unbiased=False)) - 1) < 1e-4
    assert torch.equal(out[:, 1], obs[:, 1])
    assert scales.to_go(torch.tensor([[0.0], [10.0], [20.0]])).flatten().tolist() == pytest.approx([-1, 1, 3])
