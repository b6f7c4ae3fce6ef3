"""The diffusion policy against a plain loop, who did the one or the other, and itself within an episode."""

from typing import Any

import numpy as np
import pytest
import torch
from recordings import episodes, known_as
from torch import Tensor

from palestra.data.chunks import Receding
from palestra.datasets.order import permutation
from palestra.engine.seeding import generator
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.imitation.diffusion_policy import DiffusionPolicy, DiffusionPolicyConfig
from palestra.nets.film import FilmMLP
from palestra.ops.diffusion import LEVEL_NUMBERS, level_numbers
from palestra.pictures.panels import Lines, Panels

SMALL = {"width": 16, "hidden_sizes": (16,), "horizon": 3, "levels": 8, "evaluations": 4, "batch_size": 8}
ENV = "Pendulum-v1"


def make(data: str, seed: int = 0, **settings: Any) -> DiffusionPolicy:
    return DiffusionPolicy(World(ENV, 2), DiffusionPolicyConfig(data=data, **{**SMALL, **settings}), seed=seed)


@pytest.mark.parametrize("predicts", ["noise", "clean"])
def test_an_epoch_and_its_average_are_those_of_a_plain_loop(monkeypatch: pytest.MonkeyPatch, predicts: str) -> None:
    """Ho et al. 2020, algorithm 1, a row at a time, with PyTorch's own AdamW and autograd."""
    made = episodes(ENV, [5, 9, 2, 7])
    name = known_as(monkeypatch, "mine", made)
    settings = {"learning_rate": 0.01, "learning_rate_schedule": "constant", "weight_decay": 0.1}
    learner = make(name, **settings, predicts=predicts).learn(23)
    net = FilmMLP([3, 16, 3], LEVEL_NUMBERS + 3, 16, generator(0, "weights"))
    average = [p.detach().clone() for p in net.parameters()]
    decaying, others = ([p for p in net.parameters() if (p.dim() > 1) is large] for large in (True, False))
    groups: list[dict[str, Any]] = [{"params": decaying, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer, noising = torch.optim.AdamW(groups, 0.01), generator(0, "noise")
    mean, deviation = made.observations.mean(0), made.observations.std(0)
    f = [np.cos((k / 8 + 0.008) / 1.008 * np.pi / 2) ** 2 for k in range(9)]
    kept = np.cumprod([max(f[k + 1] / f[k], 0.001) for k in range(8)])  # Nichol & Dhariwal 2021, eq. 17
    for update, begin in enumerate(range(0, 23, 8)):
        rows = permutation(0, 0, 23)[begin : begin + 8].tolist()
        last = [int(made.ends[made.numbers[row]]) - 1 for row in rows]
        within = zip(rows, last, strict=True)
        chunks = [[made.actions[min(row + t, end), 0] / 2 for t in range(3)] for row, end in within]
        clean, level = torch.tensor(np.array(chunks)), torch.randint(8, (len(rows),), generator=noising)
        noise = torch.randn(len(rows), 3, generator=noising)
        losses = []
        for i, row in enumerate(rows):
            share = float(kept[level[i]])
            x = share**0.5 * clean[i] + (1 - share) ** 0.5 * noise[i]
            seen = torch.from_numpy((made.observations[row] - mean) / deviation)
            told = net(x[None], torch.cat((level_numbers(8)[level[i]], seen))[None])[0]
            losses.append((told - (noise[i] if predicts == "noise" else clean[i])) ** 2)
        optimizer.zero_grad()
        torch.stack(losses).mean().backward()
        optimizer.step()
        stays = 1 - (1 + update) ** -0.75
        average = [stays * a + (1 - stays) * p.detach() for a, p in zip(average, net.parameters(), strict=True)]
    assert (learner.clock, learner.updates) == (23, 3)
    for ours, theirs in zip(learner.diffuser.network.parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(ours.detach(), theirs.detach(), rtol=1e-3, atol=1e-4)
    for ours, plain in zip(learner.diffuser.average.parameters(), average, strict=True):
        torch.testing.assert_close(ours.detach(), plain, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("predicts", "named"), [("noise", "epsilon"), ("clean", "sample")])
def test_a_loss_and_a_chunk_are_those_of_diffusers(monkeypatch: pytest.MonkeyPatch, predicts: Any, named: str) -> None:
    diffusers = pytest.importorskip("diffusers", reason="another library to be held against")
    learner = make(known_as(monkeypatch, "mine", episodes(ENV, [9, 9])), predicts=predicts)
    learner.step()
    settings = {
        "num_train_timesteps": 8, "beta_schedule": "squaredcos_cap_v2", "steps_offset": 1, "prediction_type": named,
    }  # fmt: skip
    noising = torch.Generator()
    noising.set_state(learner.noising.get_state())
    seen, clean = (column[:6] for column in learner.rows())
    ours = learner.loss(seen, clean).value
    level, noise = torch.randint(8, (6,), generator=noising), torch.randn(6, 3, generator=noising)
    x = diffusers.DDPMScheduler(**settings).add_noise(clean, noise, level)
    told = learner.diffuser.network(x, torch.cat((level_numbers(8)[level], seen), 1))
    true = noise if predicts == "noise" else clean
    torch.testing.assert_close(ours, (told.detach() - true).square().mean(), rtol=1e-4, atol=1e-5)

    start = torch.randn(6, 1, 3, 1, generator=torch.Generator().manual_seed(0))
    scheduler, x = diffusers.DDIMScheduler(**settings), start.flatten(1)
    scheduler.set_timesteps(4)
    with torch.no_grad():
        for now in scheduler.timesteps.tolist():
            told = learner.diffuser.average(x, torch.cat((level_numbers(8)[now].expand(6, -1), seen), 1))
            x = scheduler.step(told, now, x, use_clipped_model_output=True).prev_sample
    chunk = learner.diffuser.made(learner.recorded.obs[:6], start)
    torch.testing.assert_close(chunk.flatten(1), x, rtol=1e-3, atol=1e-3)


@pytest.fixture(scope="module")
def pushes() -> Any:
    """One that has learned from who pushed to the left or to the right, whatever was seen, and went on so."""
    rng = np.random.default_rng(0)
    side = np.repeat(rng.choice([-1.0, 1.0], 200), 4)[:, None].astype(np.float32)
    obs = rng.normal(size=(800, 3)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        made = episodes(ENV, [4] * 200, observations=obs, actions=side, final_observations=obs[:200])
        settings = {
            "width": 32,
            "hidden_sizes": (32,),
            "levels": 20,
            "evaluations": 20,
            "batch_size": 100,
            "execute": 3,
        }
        yield make(known_as(patch, "pushes", made), **settings, learning_rate=3e-3).learn(120_000)


def test_it_does_what_either_did_and_nothing_between_and_goes_on_so(pushes: DiffusionPolicy) -> None:
    obs = torch.randn(300, 3, generator=torch.Generator().manual_seed(1))
    policy, nobody = pushes.diffuser, torch.zeros(300, dtype=torch.bool)
    policy.reset(300, seed=0)
    first = policy.act(obs)
    assert ((first.abs() - 1).abs() < 0.2).float().mean() > 0.9
    assert 0.3 < float((first > 0).float().mean()) < 0.7
    for _ in range(2):
        policy.told(first, torch.zeros(300), nobody)
        same = policy.act(obs.flip(0))  # a chunk that is under way is done, whatever is seen
        assert (same.sign() == first.sign()).float().mean() > 0.9
    policy.told(first, torch.zeros(300), nobody)
    assert (policy.act(obs).sign() != first.sign()).any()  # luck is another in the next chunk


def test_the_luck_of_an_episode_is_that_of_its_seed_and_samples_have_their_own(pushes: DiffusionPolicy) -> None:
    obs, policy = torch.zeros(50, 3), pushes.diffuser
    drawn = []
    for seed in (0, 0, 1):
        policy.reset(50, seed=seed)
        drawn.append(policy.act(obs))
        assert torch.equal(policy.act(obs), drawn[-1])  # who asks twice asks the same
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    policy.reset(50, seed=0)
    assert not torch.equal(policy.act(obs, deterministic=False), drawn[0])


def test_what_is_predicted_alone_is_a_first_action_and_disturbs_no_episode(pushes: DiffusionPolicy) -> None:
    obs = np.random.default_rng(2).normal(size=(4, 3)).astype(np.float32)
    pushes.diffuser.reset(4, seed=3)
    under_way = pushes.diffuser.chunks
    together = pushes.predict(obs)
    np.testing.assert_allclose(np.stack([pushes.predict(one) for one in obs]), together, atol=1e-4)
    assert pushes.diffuser.chunks is under_way
    assert isinstance(under_way, Receding)


def test_with_all_levels_and_new_noise_on_the_way_it_does_so_too(
    pushes: DiffusionPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ho et al.'s sampling, of the same network."""
    config = DiffusionPolicyConfig(**{**vars(pushes.config), "eta": 1.0, "evaluations": 20})
    monkeypatch.setattr(pushes.diffuser, "config", config)
    pushes.diffuser.reset(300, seed=0)
    assert pushes.diffuser.chunks.noise.shape == (300, 21, 3, 1)
    first = pushes.diffuser.act(torch.zeros(300, 3))
    assert ((first.abs() - 1).abs() < 0.2).float().mean() > 0.9
    assert 0.3 < float((first > 0).float().mean()) < 0.7


def test_a_restored_learner_goes_on_bit_for_bit_and_acts_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    name = known_as(monkeypatch, "mine", episodes(ENV, [30, 30]))
    first, second = make(name), make(name, seed=1)
    for agent in (first, second):
        agent.budget = 400
        for _ in range(2 + agent.seed):
            agent.step()
    assert second.load_state_dict(first.state_dict()) == []
    assert [first.step() for _ in range(3)] == [second.step() for _ in range(3)]
    obs = np.zeros((3, 3), np.float32)
    assert np.array_equal(first.predict(obs), second.predict(obs))
    assert first.evaluate(episodes=2).samples.tolist() == second.evaluate(episodes=2).samples.tolist()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"execute": 0}, "execute=0; expected at least 1"),
        ({"evaluations": 9}, "evaluations=9 with levels=8; expected no more evaluations than levels"),
        ({"eta": 1.5}, r"eta=1.5; expected 0 <= eta <= 1"),
        ({"average_power": 0.0}, "average_power=0.0; expected above 0, to 1"),
        ({"hidden_sizes": ()}, r"hidden_sizes=\(\); expected one positive size or more"),
    ],
)
def test_settings_out_of_range_are_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        DiffusionPolicyConfig(**{**SMALL, **wrong})


def test_what_it_cannot_learn_from_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"diffusion-policy cannot act in Discrete\(2\)"):
        DiffusionPolicy("CartPole-v1")
    with pytest.raises(UsageError, match="diffusion-policy in 'Pendulum-v1' with data=two-ways"):
        DiffusionPolicy(ENV)
    with pytest.raises(UsageError, match=r"diffusion-policy sees Box\(0, 255, .*; expected numbers, not images"):
        DiffusionPolicy("probe/PixelTarget")


def test_control_the_mean_of_what_was_done_is_nothing(pushes: DiffusionPolicy) -> None:
    recorded: Tensor = pushes.recorded.action
    assert abs(float(recorded.mean())) < 0.3
    assert recorded.abs().unique().tolist() == [1.0]


def test_it_shows_the_ways_that_it_knows(pushes: DiffusionPolicy) -> None:
    (shown,) = pushes.exhibits()
    assert isinstance(shown, Panels)
    (panel,) = shown.panels
    assert isinstance(panel, Lines)
    first = [heights[0] for _, heights in panel.lines.values()]
    assert min(first) < -0.3 < 0.3 < max(first)  # a push of 1 is half of what the world allows
    assert [len(places) for places, _ in panel.lines.values()] == [3] * 8
