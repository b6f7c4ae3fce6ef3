"""DQN's gradient steps against those of Stable-Baselines3's, on the same batches."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from palestra.data.replay import Transitions
from palestra.envs.world import World
from palestra.learners.off_policy.dqn import DQN, DQNConfig
from palestra.ops.td_losses import td_loss

pytest.importorskip("stable_baselines3", reason="the independent implementation comes with the [bench] extra")

from stable_baselines3 import DQN as SB3DQN
from stable_baselines3.common.logger import configure
from stable_baselines3.common.type_aliases import ReplayBufferSamples

BATCH, GAMMA = 64, 0.97


def pairs(ours: DQN, theirs: SB3DQN) -> Iterator[tuple[Tensor, Tensor]]:
    """Our parameters beside theirs, online network first."""
    for mlp, net in ((ours.q, theirs.q_net), (ours.target, theirs.q_net_target)):
        layers = [layer for layer in net.q_net if isinstance(layer, nn.Linear)]
        for weight, bias, layer in zip(mlp.weights, mlp.biases, layers, strict=True):
            yield weight, layer.weight
            yield bias, layer.bias


def make_both(max_grad_norm: float) -> tuple[DQN, SB3DQN]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = SB3DQN(
            "MlpPolicy", "CartPole-v1", learning_rate=1e-2, gamma=GAMMA, max_grad_norm=max_grad_norm, buffer_size=10,
            policy_kwargs={"net_arch": [32, 16]}, device="cpu",
        )  # fmt: skip
        with torch.no_grad():  # a target network of its own, as between two copies
            for p in theirs.q_net_target.parameters():
                p.add_(0.1 * torch.randn(p.shape))
    theirs.set_logger(configure(None, []))
    config = DQNConfig(
        learning_rate=1e-2, gamma=GAMMA, max_grad_norm=max_grad_norm, hidden_sizes=(32, 16), buffer_size=10,
        batch_size=BATCH,
    )  # fmt: skip
    ours = DQN(World("CartPole-v1", 1), config)
    with torch.no_grad():
        for p, q in pairs(ours, theirs):
            p.copy_(q)
    return ours, theirs


@pytest.mark.parametrize("n_step", [1, 3])
@pytest.mark.parametrize("max_grad_norm", [0.05, 10.0], ids=["clipped", "not clipped"])
def test_gradient_steps_in_a_row_move_every_parameter_as_theirs(n_step: int, max_grad_norm: float) -> None:
    ours, theirs = make_both(max_grad_norm)
    before = [p.detach().clone() for p in ours.q.parameters()]
    target = [p.detach().clone() for p in ours.target.parameters()]
    rng = torch.Generator().manual_seed(1)
    for _ in range(5):
        obs, next_obs = torch.randn(2, BATCH, 4, generator=rng)
        action = torch.randint(2, (BATCH,), generator=rng)
        reward = 2 * torch.randn(BATCH, generator=rng)  # errors on both sides of the Huber loss's threshold
        dead = torch.rand(BATCH, generator=rng) < 0.2
        discount = torch.full((BATCH,), GAMMA**n_step)
        batch = Transitions(obs, action, reward, discount * ~dead, next_obs)
        samples = ReplayBufferSamples(
            obs, action[:, None], next_obs, dead.float()[:, None], reward[:, None],
            None if n_step == 1 else discount[:, None],
        )  # fmt: skip
        theirs.replay_buffer.sample = lambda *_, samples=samples, **__: samples
        theirs.train(gradient_steps=1, batch_size=BATCH)
        target_B = ours.targets(batch, ours.target(batch.next_obs_BF))
        moved_B = ours.gradient_step(batch.obs_BF, batch.action_B, target_B)
        loss = float(td_loss(moved_B, target_B, ours.config.loss).mean())
        for p, q in pairs(ours, theirs):
            torch.testing.assert_close(p, q, rtol=0, atol=1e-5)
        assert loss == pytest.approx(theirs.logger.name_to_value["train/loss"], rel=1e-5)
        norm = float(torch.cat([p.grad.flatten() for p in theirs.q_net.parameters()]).norm())
        assert (norm == pytest.approx(0.05, abs=1e-4)) == (max_grad_norm == 0.05)
    moved = [float((p.detach() - q).abs().max()) for p, q in zip(ours.q.parameters(), before, strict=True)]
    assert min(moved) > 1e-3
    assert all(torch.equal(p, q) for p, q in zip(ours.target.parameters(), target, strict=True))
