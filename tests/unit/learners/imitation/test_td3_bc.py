"""TD3+BC at both ends of alpha: TD3's own update bit for bit, and behaviour cloning's gradient; lambda by a loop."""

from typing import Any

import numpy as np
import pytest
import torch
from recordings import episodes, known_as

from palestra.data.replay import Transitions
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.imitation.answers import Numbers
from palestra.learners.imitation.td3_bc import TD3BC, TD3BCConfig
from palestra.learners.off_policy.td3 import TD3, TD3Config
from palestra.ops.tanh import record_tanh

SHARED: dict[str, Any] = {"hidden_sizes": (16, 8), "batch_size": 32, "tau": 0.05, "learning_rate": 1e-3}
ENV = "Pendulum-v1"


@pytest.fixture(autouse=True)
def _recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    known_as(monkeypatch, "mine", episodes(ENV, [20, 30]))


def make(**settings: Any) -> TD3BC:
    return TD3BC(World(ENV, 1), TD3BCConfig(**{**SHARED, "data": "mine", **settings}), seed=0)


def drawn(agent: TD3BC, number: int) -> list[Transitions]:
    rng = torch.Generator().manual_seed(3)
    return [agent.recorded.sample(32, rng, gamma=0.9) for _ in range(number)]


def test_without_behaviour_cloning_an_update_is_td3s_bit_for_bit() -> None:
    offline = make(alpha=None, normalize_obs=False)
    online = TD3(World(ENV, 1), TD3Config(**SHARED, buffer_size=10), seed=0)
    before = offline.modules.state_dict()["actor.weights.0"].clone()
    with torch.no_grad():
        for b in drawn(offline, 6):
            offline.clock += 1
            online.loop.gradient_steps_done += 1
            offline.gradient_step(b)
            online.gradient_step(b)
    ours, theirs = offline.modules.state_dict(), online.modules.state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert not torch.equal(before, ours["actor.weights.0"])


def test_with_nothing_but_behaviour_cloning_the_actors_gradient_is_that_of_its_loss() -> None:
    agent = make(alpha=0.0)
    (b,) = drawn(agent, 1)
    b = b.seen_by(agent.batch)
    own = Numbers(agent.env.action_space, "it", agent.env)
    out_BK = agent.nets.actor(b.obs_BF)[0]
    loss = own.loss(out_BK, agent.actions.to_env(b.action_B), b.obs_BF).mean()
    expected = torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(agent.nets.actor.parameters()))])
    agent.clock = 2  # the actor's turn
    with torch.no_grad():
        agent.gradient_step(b)
    torch.testing.assert_close(agent.nets.actor_optimizer.gradient, expected, rtol=1e-4, atol=1e-7)
    assert expected.abs().max() > 1e-4


@pytest.mark.parametrize("alpha", [0.5, 2.5])
def test_lambda_is_alpha_by_the_mean_size_of_values(alpha: float) -> None:
    agent = make(alpha=alpha)
    (b,) = drawn(agent, 1)
    b = b.seen_by(agent.batch)
    with torch.no_grad():
        action_BA = agent.nets.actor(b.obs_BF)[0].tanh()
        q_B = agent.nets.critics(torch.cat((b.obs_BF, action_BA), 1))[0, :, 0]
    sizes = climbed = apart = 0.0
    for q, mine, done in zip(q_B.tolist(), action_BA[:, 0].tolist(), b.action_B[:, 0].tolist()):
        sizes, climbed, apart = sizes + abs(q), climbed + q, apart + (mine - done) ** 2
    expected = -(alpha / (sizes / 32)) * climbed / 32 + apart / 32
    with torch.no_grad():
        term = agent.actor_loss(b.obs_BF, action_BA.clone().requires_grad_(), b.action_B)
    assert float(term.value) == pytest.approx(expected, rel=1e-5)


def test_the_actors_gradient_is_autograds_and_stops_at_lambda() -> None:
    agent = make()
    (b,) = drawn(agent, 1)
    b = b.seen_by(agent.batch)
    action_BA = agent.nets.actor(b.obs_BF)[0].tanh()
    q_B1 = agent.nets.critics(torch.cat((b.obs_BF, action_BA), 1))[0]
    weight = 2.5 / q_B1.abs().mean().detach()
    loss = -weight * q_B1.mean() + torch.nn.functional.mse_loss(action_BA, b.action_B)
    expected = torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(agent.nets.actor.parameters()))])
    with torch.no_grad():
        mine = record_tanh(agent.nets.actor.record(b.obs_BF))
        agent.nets.actor_optimizer.descend(agent.actor_loss(b.obs_BF, mine, b.action_B))
    torch.testing.assert_close(agent.nets.actor_optimizer.gradient, expected, rtol=1e-3, atol=1e-6)


def test_it_sees_what_was_recorded_with_mean_0_and_deviation_1_and_acts_by_the_same_scales() -> None:
    agent = make()
    obs = torch.from_numpy(episodes(ENV, [20, 30]).observations)
    seen = agent.batch(obs)
    torch.testing.assert_close(seen.mean(0), torch.zeros(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(seen.std(0, unbiased=False), torch.ones(3), rtol=0, atol=1e-4)
    with torch.no_grad():
        expected = 2.0 * agent.nets.actor(seen)[0].tanh()
    torch.testing.assert_close(agent.act(obs), expected)
    assert torch.equal(agent.act(obs, deterministic=False), agent.act(obs))
    assert make(normalize_obs=False).obs_norm is None


def test_it_moves_the_actor_every_other_time_and_counts_gradient_steps() -> None:
    agent = make(batches_per_step=1)
    weights, moved = agent.nets.actor.weights[0], []
    for _ in range(4):
        before = weights.detach().clone()
        metrics = agent.step()
        moved.append(not torch.equal(before, weights))
    assert moved == [False, True, False, True]
    assert agent.clock == 4
    assert set(metrics) == {"train/critic_loss", "train/q_mean"}
    assert agent.facts()["data"]["steps"] == 50


def test_other_worlds_recordings_and_settings_out_of_range_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="td3-bc in 'MountainCarContinuous-v0' with data=mine, which was recorded in"):
        TD3BC("MountainCarContinuous-v0", TD3BCConfig(data="mine"))
    other = episodes(ENV, [5])
    other.facts["env"] = "Pendulum-v0"
    known_as(monkeypatch, "other", other)
    with pytest.raises(UsageError, match="where rewards may be for something else"):
        make(data="other")
    with pytest.raises(UsageError, match=r"td3-bc cannot act in Discrete\(2\)"):
        TD3BC("CartPole-v1")
    for wrong, said in (
        ({"alpha": -1.0}, "alpha=-1.0; expected none, or 0 or more"),
        ({"batches_per_step": 0}, "batches_per_step=0; expected at least 1"),
        ({"target_noise": -0.1}, "target_noise=-0.1; expected 0 or more"),
        ({"batch_size": 0}, "batch_size=0; expected at least 1"),
    ):
        with pytest.raises(UsageError, match=said):
            TD3BCConfig(**wrong)


def test_images_go_through_an_encoder_that_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, image = np.random.default_rng(0), "probe/PixelTarget"
    shown = {"observations": rng.integers(256, size=(6, 1, 24, 24), dtype=np.uint8)}
    shown["final_observations"] = shown["observations"][:6]
    known_as(monkeypatch, "images", episodes(image, [1] * 6, **shown))
    agent = TD3BC(World(image, 1), TD3BCConfig(data="images", batch_size=4, batches_per_step=2, hidden_sizes=(8,)))
    before = next(agent.encoder.parameters()).detach().clone()
    agent.step()
    assert agent.obs_norm is None
    assert not torch.equal(before, next(agent.encoder.parameters()))
