"""Recurrent PPO against sb3-contrib's, with an LSTM: several updates in a row on the same data.

Where the definitions differ, the cases here leave them the same. Theirs breaks a rollout at a random step into
minibatches that need not begin where a sequence does; here all of it is one, broken nowhere. Of a clipped value loss
theirs takes the clipped error alone, as its PPO does.
"""

from typing import Any

import pytest
import torch
from torch import Tensor

from palestra.envs.world import World
from palestra.learners.on_policy.recurrent_experience import Remembered
from palestra.learners.on_policy.recurrent_ppo import RecurrentPPO, RecurrentPPOConfig
from palestra.ops.statistics import explained_variance

pytest.importorskip("sb3_contrib", reason="the independent implementation comes with the [bench] extra")

from sb3_contrib import RecurrentPPO as Theirs
from stable_baselines3.common.logger import configure
from stable_baselines3.common.vec_env import DummyVecEnv

STEPS, COPIES, SIZE = 16, 3, 7
PLAIN: dict[str, Any] = {"cell": "lstm", "memory_size": SIZE, "hidden_sizes": (6,), "learning_rate": 1e-2}
PLAIN |= {"normalize_obs": False, "normalize_reward": False, "log_std_init": 0.0}


def make_both(env_id: str, **settings: Any) -> tuple[RecurrentPPO, Theirs]:
    import gymnasium as gym

    samples = STEPS * COPIES
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = Theirs(
            "MlpLstmPolicy", DummyVecEnv([lambda: gym.make(env_id)] * COPIES), n_steps=STEPS, batch_size=samples,
            n_epochs=settings.get("num_epochs", 1), learning_rate=1e-2, ent_coef=settings.get("entropy_coef", 0.0),
            max_grad_norm=settings.get("max_grad_norm", 0.5), device="cpu",
            policy_kwargs={"lstm_hidden_size": SIZE, "net_arch": {"pi": [6], "vf": [6]}},
        )  # fmt: skip
    theirs.set_logger(configure(None, []))
    config = RecurrentPPOConfig(num_steps=STEPS, minibatch_size=samples, **PLAIN | {"num_epochs": 1} | settings)
    ours = RecurrentPPO(World(env_id, COPIES), config)
    with torch.no_grad():
        for p, q in pairs(ours, theirs):
            p.copy_(q)
    return ours, theirs


def pairs(ours: RecurrentPPO, theirs: Theirs) -> list[tuple[Tensor, Tensor]]:
    """Our parameters beside theirs: all that either has."""
    policy, extractor, found = theirs.policy, theirs.policy.mlp_extractor, []
    for network, lstm, body, head in (
        (ours.remembering.actor, policy.lstm_actor, extractor.policy_net, policy.action_net),
        (ours.remembering.critic, policy.lstm_critic, extractor.value_net, policy.value_net),
    ):
        found += list(zip(network.memory.weights, lstm.parameters(), strict=True))
        for weight, bias, layer in zip(network.layers.weights, network.layers.biases, (body[0], head), strict=True):
            found += [(weight, layer.weight), (bias, layer.bias)]
    if hasattr(policy, "log_std"):
        found.append((ours.nets.head.log_std, policy.log_std))
    assert len(found) == len(list(policy.parameters())) == len(list(ours.modules.parameters()))
    return found


@torch.no_grad()
def made_up(ours: RecurrentPPO, rng: torch.Generator) -> Remembered:
    """A rollout with beginnings in it, at whose data some ratios are clipped."""
    features = ours.env.observation_space.shape[0]
    obs = torch.randn(STEPS, COPIES, features, generator=rng)
    begins = torch.rand(STEPS, COPIES, generator=rng) < 0.2
    begins[0] = False
    states = [torch.randn(STEPS, COPIES, 2 * SIZE, generator=rng) * ~begins[..., None] for _ in range(2)]
    out = ours.remembering.actor(obs.flatten(0, 1), states[0][0], begins)
    value = ours.remembering.critic(obs.flatten(0, 1), states[1][0], begins).view(STEPS, COPIES)
    action = ours.nets.head.sample(out, rng)
    noise = 0.3 * torch.randn(STEPS * COPIES, generator=rng)
    log_prob = (ours.nets.head.log_prob(out, action) + noise).view(STEPS, COPIES)
    returns = value + 1 + torch.rand(STEPS, COPIES, generator=rng)
    advantage = 2 * torch.randn(STEPS, COPIES, generator=rng) + 1
    explained = explained_variance(value.flatten(), returns.flatten())
    action = action.unflatten(0, (STEPS, COPIES))
    return Remembered(obs, action, log_prob, value, advantage, returns, begins, *states, explained, None)


def train_theirs(theirs: Theirs, b: Remembered) -> None:
    """Fill their buffer, and update."""
    buffer = theirs.rollout_buffer
    buffer.reset()
    buffer.observations = b.obs_TEF.numpy().copy()
    buffer.actions = b.action_TE.numpy().reshape(STEPS, COPIES, -1).astype("float32")
    columns = {"values": b.value_TE, "log_probs": b.log_prob_TE, "advantages": b.advantage_TE, "returns": b.return_TE}
    for name, column in columns.items():
        setattr(buffer, name, column.numpy().copy())
    buffer.episode_starts = b.begins_TE.numpy().astype("float32")
    for name, states in (("pi", b.actor_TEY), ("vf", b.critic_TEY)):
        hidden, cell = (part.numpy()[:, None].copy() for part in states.split(SIZE, 2))
        setattr(buffer, f"hidden_states_{name}", hidden)
        setattr(buffer, f"cell_states_{name}", cell)
    buffer.full, buffer.generator_ready = True, False
    theirs.train()


CASES = {
    "plain": {},
    "entropy, and gradients never clipped": {"entropy_coef": 0.05, "max_grad_norm": 1e6},
    "three epochs": {"num_epochs": 3},
}


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_updates_in_a_row_move_every_parameter_as_theirs(
    env_id: str, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = make_both(env_id, **settings)
    before = [p.detach().clone() for p in ours.modules.parameters()]
    monkeypatch.setattr("sb3_contrib.common.recurrent.buffers.np.random.randint", lambda _: 0)  # broken nowhere
    rng = torch.Generator().manual_seed(1)
    for _ in range(3):
        batch = made_up(ours, rng)
        metrics = ours.update(batch)
        train_theirs(theirs, batch)
        for p, q in pairs(ours, theirs):
            torch.testing.assert_close(p, q, rtol=0, atol=1e-5)
        logged = theirs.logger.name_to_value
        for name, their_name in (("policy_loss", "policy_gradient_loss"), ("value_loss", "value_loss")):
            assert metrics[f"train/{name}"] == pytest.approx(logged[f"train/{their_name}"], abs=1e-5)
        assert metrics["train/gradient_steps"] == theirs.n_epochs
        assert logged["train/clip_fraction"] > 0.1
    moved = [float((p.detach() - q).abs().max()) for p, q in zip(ours.modules.parameters(), before, strict=True)]
    assert min(moved) > 1e-3  # a hundred times the tolerance
