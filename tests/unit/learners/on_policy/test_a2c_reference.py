"""A2C against Stable-Baselines3's: several updates in a row on the same data."""

from typing import Any

import pytest
import torch

from palestra.envs.world import World
from palestra.learners.on_policy.a2c import A2C, A2CConfig

pytest.importorskip("stable_baselines3", reason="the independent implementation comes with the [bench] extra")

from sb3_twin import adopt, make_theirs, pairs, random_batch, train_theirs
from stable_baselines3 import A2C as SB3A2C
from stable_baselines3.common.sb2_compat.rmsprop_tf_like import RMSpropTFLike

SAMPLES = 40
OPTIMIZERS = {
    "rmsprop": {"optimizer_class": RMSpropTFLike, "optimizer_kwargs": {"alpha": 0.99, "eps": 1e-5}},
    "adam": {"optimizer_class": torch.optim.Adam, "optimizer_kwargs": {"eps": 1e-5}},
}
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "adam": {"optimizer": "adam"},
    "entropy and value coefficients": {"entropy_coef": 0.05, "value_coef": 1.5},
    "gradient never clipped": {"max_grad_norm": 1e6},
    "advantages normalised": {"normalize_advantage": True, "entropy_coef": 0.01},
}


def make_both(env_id: str, **settings: Any) -> tuple[A2C, SB3A2C]:
    optimizer = settings.get("optimizer", "rmsprop")
    learning_rate = {"rmsprop": 0.3, "adam": 1e-2}[optimizer]
    theirs = make_theirs(
        SB3A2C,
        env_id,
        n_steps=SAMPLES,
        learning_rate=learning_rate,
        ent_coef=settings.get("entropy_coef", 0.0),
        vf_coef=settings.get("value_coef", 0.5),
        max_grad_norm=settings.get("max_grad_norm", 0.5),
        normalize_advantage=settings.get("normalize_advantage", False),
        policy_kwargs=OPTIMIZERS[optimizer],
    )
    with torch.no_grad():  # as it is made, it lets hardly a gradient through to the layers before it
        theirs.policy.action_net.weight.mul_(100)
    ours = A2C(World(env_id, 1), A2CConfig(num_steps=SAMPLES, learning_rate=learning_rate, **settings))
    adopt(ours, theirs)
    return ours, theirs


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_updates_in_a_row_move_every_parameter_as_theirs(env_id: str, settings: dict[str, Any]) -> None:
    ours, theirs = make_both(env_id, **settings)
    before = [p.detach().clone() for p in ours.modules.parameters()]
    rng = torch.Generator().manual_seed(1)
    for _ in range(5):
        b = random_batch(ours, SAMPLES, rng)
        metrics = ours.update(b)
        train_theirs(theirs, b.obs_BF, b.action_B, values=b.value_B, advantages=b.advantage_B, returns=b.return_B)
        for p, q in pairs(ours, theirs):
            torch.testing.assert_close(p, q, rtol=0, atol=1e-5)
        logged = theirs.logger.name_to_value
        for name in ("policy_loss", "value_loss", "explained_variance"):
            assert metrics[f"train/{name}"] == pytest.approx(logged[f"train/{name}"], abs=1e-4)
        assert metrics["train/entropy"] == pytest.approx(-logged["train/entropy_loss"], abs=1e-5)
        norm = float(torch.cat([p.grad.flatten() for p in theirs.policy.parameters()]).norm())
        assert (norm == pytest.approx(0.5, abs=1e-3)) == ("max_grad_norm" not in settings)
    moved = [float((p.detach() - q).abs().max()) for p, q in zip(ours.modules.parameters(), before, strict=True)]
    assert min(moved) > 1e-3  # a hundred times the tolerance
