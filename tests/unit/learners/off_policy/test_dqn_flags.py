"""Each of DQN's flags, and their combinations, against the papers' updates written plainly with autograd."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.data.replay import Transitions
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.off_policy.dqn import DQN, DQNConfig
from palestra.nets.noisy import NoisyMLP
from palestra.nets.q_network import QNetwork

NUM, ACTIONS, ATOMS, LOW, HIGH = 48, 3, 7, -4.0, 5.0  # Acrobot-v1 has 3 actions and 6 numbers to see
RAINBOW = {"double": True, "dueling": "mean", "n_step": 3, "prioritised": True, "noisy": True, "distributional": "c51"}
FLAGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "double": {"double": True},
    "dueling-mean": {"dueling": "mean"},
    "dueling-max": {"dueling": "max"},
    "n-step": {"n_step": 3},
    "prioritised": {"prioritised": True},
    "noisy": {"noisy": True},
    "c51": {"distributional": "c51"},
    "quantile": {"distributional": "quantile"},
    "noisy-double": {"noisy": True, "double": True},
    "dueling-max-quantile": {"dueling": "max", "distributional": "quantile"},
    "rainbow": RAINBOW,
    "rainbow-quantile": RAINBOW | {"distributional": "quantile"},
}
EACH = pytest.mark.parametrize("flags", FLAGS.values(), ids=FLAGS)


def make(num_envs: int = 1, **settings: Any) -> DQN:
    defaults: dict[str, Any] = {
        "buffer_size": 200, "learning_starts": 16, "batch_size": NUM, "hidden_sizes": (16, 12), "num_atoms": ATOMS,
        "value_range": (LOW, HIGH), "learning_rate": 1e-3,
    }  # fmt: skip
    agent = DQN(World("Acrobot-v1", num_envs), DQNConfig(**defaults | settings), seed=3)
    agent.budget = 1_000
    return agent


def shake_target(agent: DQN) -> None:
    agent.slow.add_(0.2 * torch.randn(agent.slow.shape, generator=torch.Generator().manual_seed(1)))


def make_batch(rng: torch.Generator) -> tuple[Transitions, Tensor]:
    obs, next_obs = torch.randn(2, NUM, 6, generator=rng)
    action = torch.randint(ACTIONS, (NUM,), generator=rng)
    discount = 0.9 * (torch.rand(NUM, generator=rng) > 0.2)
    weight = torch.rand(NUM, generator=rng) + 0.1
    return Transitions(obs, action, 2 * torch.randn(NUM, generator=rng), discount, next_obs), weight


def papers_network(p: dict[str, Tensor], x: Tensor, noise: Tensor | None, config: DQNConfig) -> Tensor:
    """(B, A, Z) with the layers of a parameter dict, noisy matrices written out."""

    def linear(x: Tensor, name: str, i: int, own_noise: Tensor | None) -> Tensor:
        if f"{name}.weights.{i}" in p:
            return x @ p[f"{name}.weights.{i}"].T + p[f"{name}.biases.{i}"]
        w, b, ws, bs = (p[f"{name}.layers.{i}.{k}"] for k in ("weight", "bias", "weight_sigma", "bias_sigma"))
        if own_noise is not None:
            e_in, e_out = own_noise[0, : w.shape[1]], own_noise[0, w.shape[1] :]
            w, b = w + ws * e_out[:, None] * e_in[None, :], b + bs * e_out
        return x @ w.T + b

    def two(x: Tensor, name: str, own_noise: Tensor | None) -> Tensor:
        first = None if own_noise is None else own_noise[:, : 16 + 12]
        second = None if own_noise is None else own_noise[:, 16 + 12 :]
        return linear(F.relu(linear(x, name, 0, first)), name, 1, second)

    atoms = 1 if config.distributional == "none" else ATOMS
    if "weights.0" in p:  # one MLP, without a name of its own
        p = {f"q.{name}": value for name, value in p.items()}
        out = F.relu(linear(F.relu(linear(x, "q", 0, None)), "q", 1, None))
        return linear(out, "q", 2, None).view(-1, ACTIONS, atoms)
    x = F.relu(linear(x, "trunk", 0, None))
    for_advantage = 16 + 12 + 12 + ACTIONS * atoms
    parts = (None, None) if noise is None else (noise[:, :for_advantage], noise[:, for_advantage:])
    advantage = two(x, "advantage", parts[0]).view(-1, ACTIONS, atoms)
    if config.dueling == "none":
        return advantage
    value = two(x, "value", parts[1]).view(-1, 1, atoms)
    centre = advantage.mean(1, keepdim=True) if config.dueling == "mean" else advantage.max(1, keepdim=True).values
    return value + advantage - centre


def papers_loss(
    online: dict[str, Tensor], target: dict[str, Tensor], b: Transitions, noises: list[Tensor | None], config: DQNConfig
) -> Tensor:
    """(B,) the loss of each sample; ``noises`` are of the target, of the chooser with double, and of the update."""
    support = torch.linspace(LOW, HIGH, ATOMS)

    def q(out: Tensor) -> Tensor:
        if config.distributional == "c51":
            return (F.softmax(out, 2) * support).sum(2)
        return out.mean(2)

    rows = torch.arange(NUM)
    with torch.no_grad():
        next_out = papers_network(target, b.next_obs_BF, noises.pop(0), config)
        chooser = papers_network(online, b.next_obs_BF, noises.pop(0), config) if config.double else next_out
        next_z = next_out[rows, q(chooser).argmax(1)]
    chosen = papers_network(online, b.obs_BF, noises.pop(0), config)[rows, b.action_B]
    moved = b.return_B[:, None] + b.discount_B[:, None] * (support if config.distributional == "c51" else next_z)
    if config.distributional == "c51":
        distance = (moved.clamp(LOW, HIGH)[:, None, :] - support[None, :, None]).abs() / (support[1] - support[0])
        m = ((1 - distance).clamp(0, 1) * F.softmax(next_z, 1)[:, None, :]).sum(2)
        return -(m * F.log_softmax(chosen, 1)).sum(1)
    if config.distributional == "quantile":
        tau = (2 * torch.arange(ATOMS) + 1) / (2 * ATOMS)
        u = moved[:, None, :] - chosen[:, :, None]
        huber = torch.where(u.abs() <= 1, 0.5 * u**2, u.abs() - 0.5)
        return (torch.abs(tau[None, :, None] - (u.detach() < 0).float()) * huber).mean(2).sum(1)
    u = (moved - chosen).squeeze(1)
    return torch.where(u.abs() <= 1, 0.5 * u**2, u.abs() - 0.5)


@EACH
def test_gradient_steps_are_the_papers(flags: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    agent = make(**flags)
    c = agent.config
    shake_target(agent)
    drawn: list[Tensor] = []
    if isinstance(agent.q, QNetwork):
        for net in (agent.q, agent.target):
            keep = net.draw_noise
            monkeypatch.setattr(net, "draw_noise", lambda *args, keep=keep: drawn.append(keep(*args)) or drawn[-1])
    online = {name: p.detach().clone().requires_grad_() for name, p in agent.q.named_parameters()}
    target = {name: p.detach().clone() for name, p in agent.target.named_parameters()}
    adam = torch.optim.Adam(online.values(), lr=c.learning_rate, eps=1e-8)
    rng = torch.Generator().manual_seed(2)
    for _ in range(3):
        drawn.clear()
        b, weight_B = make_batch(rng)
        with torch.no_grad():
            target_BZ = agent.targets(b, agent.target(b.next_obs_BF, *agent.noise.draw(1)))
        chosen_BZ = agent.gradient_step(b.obs_BF, b.action_B, target_BZ, weight_B if c.prioritised else None)
        assert len(drawn) == (2 + c.double) * c.noisy
        loss_B = papers_loss(online, target, b, [*drawn] if c.noisy else [None] * 3, c)
        loss = agent.head.loss(chosen_BZ, target_BZ)
        assert float(loss.value) == pytest.approx(float(loss_B.detach().mean()), rel=1e-5)
        adam.zero_grad()
        (loss_B * weight_B if c.prioritised else loss_B).mean().backward()
        torch.nn.utils.clip_grad_norm_(online.values(), c.max_grad_norm)
        for name, p in agent.q.named_parameters():
            torch.testing.assert_close(p.grad, online[name].grad, rtol=0, atol=1e-6)
        adam.step()
        for name, p in agent.q.named_parameters():
            torch.testing.assert_close(p, online[name], rtol=0, atol=1e-5)


@EACH
def test_a_restored_learner_goes_on_bit_for_bit(flags: dict[str, Any]) -> None:
    settings = {"learning_starts": 8, "batch_size": 8, "train_frequency": 16, "gradient_steps": 2, "tau": 0.5, **flags}
    agent, resumed = make(2, **settings), make(2, **settings)
    for _ in range(5):
        agent.step()
    resumed.step()
    state = agent.state_dict()
    tensors = torch.utils._pytree.tree_map(lambda x: x.clone() if isinstance(x, Tensor) else x, state)
    assert resumed.load_state_dict(tensors) == []
    for _ in range(3):
        assert resumed.step() == agent.step()
        assert torch.equal(resumed.optimizer.flat, agent.optimizer.flat)
        assert torch.equal(resumed.slow, agent.slow)


def test_priorities_are_saved_and_change_what_is_drawn_after_a_resume() -> None:
    agent = make(2, prioritised=True, learning_starts=8, batch_size=8, train_frequency=16)
    for _ in range(3):
        agent.step()
    priorities = agent.state_dict()["replay"]["priorities"]
    assert len(priorities) == 48
    assert len(set(priorities.tolist())) > 8  # those that were learned from have their own, the others the highest


@pytest.mark.parametrize(("flags", "measure"), [
    ({}, lambda error, chosen, target: error),
    ({"distributional": "c51"}, lambda error, chosen, target: F.kl_div(
        F.log_softmax(chosen, 1), target, reduction="none").sum(1)),
])  # fmt: skip
def test_a_round_gives_what_it_drew_priorities_by_its_errors(
    flags: dict[str, Any], measure: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = make(prioritised=True, learning_starts=8, batch_size=6, gradient_steps=2, priority_exponent=0.5, **flags)
    for _ in range(4):
        agent.step()
    seen: list[tuple[Tensor, Tensor]] = []
    monkeypatch.setattr(agent.replay, "update", lambda index, surprise: seen.append((index, surprise)))
    steps: list[tuple[Tensor, Tensor]] = []
    keep = agent.gradient_step

    def spy(obs_BF: Tensor, action_B: Tensor, target_BZ: Tensor, weight_B: Tensor) -> Tensor:
        assert weight_B.shape == (6,)
        assert float(weight_B.max()) == 1.0
        steps.append((keep(obs_BF, action_B, target_BZ, weight_B), target_BZ))
        return steps[-1][0]

    monkeypatch.setattr(agent, "gradient_step", spy)
    agent.update()
    assert len(seen) == len(steps) == 2
    for (_, surprise_B), (chosen, target) in zip(seen, steps, strict=True):
        torch.testing.assert_close(surprise_B, measure((target - chosen).abs(), chosen, target), rtol=1e-4, atol=1e-6)


def test_the_correction_rises_to_one_over_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = make(prioritised=True, learning_starts=0, train_frequency=100, priority_correction=0.4)
    betas: list[float] = []
    keep = agent.replay.sample
    monkeypatch.setattr(agent.replay, "sample", lambda *a, beta, **k: betas.append(beta) or keep(*a, beta=beta, **k))
    for _ in range(11):
        agent.step()
    assert betas == pytest.approx([0.4 + 0.06 * i for i in range(1, 11)] + [1.0])


def test_noise_explores_while_it_learns_and_evaluation_has_none() -> None:
    agent = make(noisy=True, learning_starts=0)
    assert agent.epsilon(0) == agent.epsilon(500) == 0.0
    assert make(noisy=True, learning_starts=10).epsilon(9) == 1.0
    obs = torch.randn(1, 6, generator=torch.Generator().manual_seed(0)).expand(300, 6)
    explored = agent.act(obs, deterministic=False)
    assert len(explored.unique()) > 1  # every row has noise of its own, and no other source of chance
    before = agent.noise.generator.get_state()
    greedy = agent.act(obs)
    assert torch.equal(greedy, agent.act(obs))
    assert len(greedy.unique()) == 1
    assert torch.equal(agent.noise.generator.get_state(), before)
    assert isinstance(agent.q, QNetwork)
    for module in agent.q.modules():  # the mean network: what is left when every sigma is zero
        if isinstance(module, NoisyMLP):
            for layer in module.layers:
                layer.weight_sigma.data.zero_()
                layer.bias_sigma.data.zero_()
    assert torch.equal(agent.act(obs, deterministic=False), greedy)


def test_noise_is_drawn_anew_at_every_step_and_for_every_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = make(3, noisy=True, learning_starts=6, train_frequency=12, gradient_steps=2)
    assert isinstance(agent.q, QNetwork)
    drawn: list[Tensor] = []
    for net in (agent.q, agent.target):
        keep = net.draw_noise
        monkeypatch.setattr(net, "draw_noise", lambda *args, keep=keep: drawn.append(keep(*args)) or drawn[-1])
    agent.step()
    assert [len(noise) for noise in drawn] == [3] * 4 + [1] * 4  # 4 steps of 3 copies; target and update, twice
    rows = torch.cat(drawn)
    assert len(rows.unique(dim=0)) == len(rows)


def test_the_head_of_a_network_without_hidden_layers_and_with_one() -> None:
    for sizes in ((), (8,)):
        agent = make(dueling="mean", noisy=True, hidden_sizes=sizes)
        assert isinstance(agent.q, QNetwork)
        assert agent.q.trunk is None
        assert agent.q(torch.zeros(2, 6)).shape == (2, 3)


@pytest.mark.parametrize("form", ["mean", "max"])
def test_a_constant_added_to_the_value_stream_leaves_the_advantages_centred(form: str) -> None:
    agent = make(dueling=form)
    obs = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = agent.q(obs)
        agent.q.value.biases[-1].add_(3.0)
        torch.testing.assert_close(agent.q(obs), before + 3.0)
        agent.q.value.biases[-1].sub_(3.0)
        agent.q.advantage.biases[-1].add_(3.0)  # to all advantages: nothing of it may be seen
        torch.testing.assert_close(agent.q(obs), before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_atoms": 1}, "num_atoms=1; expected at least 2"), ({"value_range": (3.0, 1.0)}, "value_range"),
        ({"value_range": (1.0,)}, "value_range=.*two numbers"), ({"noisy_sigma": -1.0}, "noisy_sigma=-1.0"),
        ({"priority_exponent": 1.5}, "priority_exponent=1.5"), ({"priority_correction": -0.5}, "priority_correction"),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        DQNConfig(**settings)
