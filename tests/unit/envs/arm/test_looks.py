"""Levels of randomisation: PyBullet's look lies in all of them, each holds the one before, and every number shows."""

from dataclasses import fields
from typing import Any

import pytest
import torch
from torch import Tensor

from palestra.envs.arm import looks
from palestra.envs.arm.camera import NOTES_CAMERA
from palestra.envs.arm.looks import LEVELS, LOOK_SIZE, Look, Looks, draw, level, unpack
from palestra.envs.arm.settings import ArmSettings
from palestra.envs.arm.twin import ArmTwin
from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.registry import make_vec
from palestra.errors import UsageError


def drawn(wanted: Looks, num: int = 500, seed: int = 0) -> Look:
    return unpack(draw(wanted, NOTES_CAMERA, num, torch.Generator().manual_seed(seed)))


def test_every_level_holds_the_one_before() -> None:
    assert list(LEVELS) == ["none", "low", "medium", "high"]
    for smaller, larger in zip(list(LEVELS.values())[:-1], list(LEVELS.values())[1:], strict=True):
        assert smaller != larger
        for field in fields(Looks):
            inner, outer = getattr(smaller, field.name), getattr(larger, field.name)
            if isinstance(inner, tuple):
                assert outer[0] <= inner[0] <= inner[1] <= outer[1], field.name
            else:
                assert inner <= outer, field.name


def test_no_randomisation_is_pybullets_own_look() -> None:
    look = drawn(level("none"))
    plain = NOTES_CAMERA
    assert torch.equal(look.target_B3, torch.tensor([plain.target]).expand(500, 3))
    for found, wanted in (
        (look.distance_B, plain.distance), (look.yaw_B, plain.yaw), (look.pitch_B, plain.pitch),
        (look.fov_B, plain.fov), (look.ambient_B, 0.6), (look.diffuse_B, 0.35), (look.specular_B, 0.05),
        (look.table_B, 1.0),
        (look.floor_B, 1.0), (look.noise_B, 0.0), (look.blur_B, 0.0), (look.latency_B, 0.0), (look.size_B, 1.0),
    ):  # fmt: skip
        assert (found == wanted).all()
    assert (look.arm_B8 == 1).all()
    torch.testing.assert_close(look.light_B3, torch.tensor([[-50.0, 30.0, 100.0]]).expand(500, 3) / 13_400**0.5)
    torch.testing.assert_close(look.camera(plain, 3).view_matrix(), plain.view_matrix(), atol=1e-6, rtol=0)
    assert look.camera(plain.with_size(50)).size == 50


def test_draws_fill_their_ranges_and_nothing_else() -> None:
    wanted = LEVELS["high"]
    look = drawn(wanted, 2_000)
    for values, (low, high) in (
        (look.ambient_B, wanted.ambient), (look.diffuse_B, wanted.diffuse), (look.specular_B, wanted.specular),
        (look.table_B, wanted.table), (look.floor_B, wanted.floor), (look.arm_B8, wanted.arm),
        (look.noise_B, wanted.noise), (look.blur_B, wanted.blur), (look.thing_B, wanted.thing),
        (look.yaw_B, (84.0, 96.0)), (look.pitch_B, (-76.0, -64.0)), (look.fov_B, (56.0, 64.0)),
        (look.distance_B, (0.63, 0.77)), (look.target_B3[:, 0], (0.49, 0.61)),
    ):  # fmt: skip
        reach = high - low
        assert low - 1e-4 <= values.min() < low + 0.05 * reach
        assert high + 1e-4 >= values.max() > high - 0.05 * reach
    assert look.latency_B.unique().tolist() == [0.0, 1.0]
    torch.testing.assert_close(look.light_B3.norm(dim=1), torch.ones(2_000))
    assert (look.light_B3[:, 2] > 0.1).all()


def test_a_level_draws_as_many_numbers_as_any_other() -> None:
    """So that the object of an episode lies in the same place at every level."""
    after = []
    for name in LEVELS:
        generator = torch.Generator().manual_seed(4)
        assert draw(LEVELS[name], NOTES_CAMERA, 3, generator).shape == (3, LOOK_SIZE)
        after.append(torch.rand(3, generator=generator))
    assert all(torch.equal(after[0], each) for each in after)


@pytest.mark.parametrize("backend", ["torch", "sync"])
def test_an_unknown_level_is_told(backend: str) -> None:
    if backend == "sync":
        pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    with pytest.raises(UsageError, match="unknown level of randomisation 'mediun'; nearest: medium"):
        make_vec("palestra/ArmReach-v0", 1, backend=backend, env_kwargs={"view": "pixels", "randomisation": "mediun"})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"latency": 3}, "latency=3; expected steps from 0 to 2"),
        ({"ambient": (0.7, 0.5)}, "low <= high"),
        ({"table": (-1.0, 1.0)}, "0 <= low"),
        ({"angle": -1.0}, "at least 0"),
        ({"blur": (0.0, 0.3)}, "at most 0.2"),
    ],
)
def test_a_range_that_cannot_be_is_told(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Looks(**settings)


def pictures(monkeypatch: pytest.MonkeyPatch, num: int = 6, **settings: Any) -> tuple[TorchVectorEnv, Tensor]:
    """A twin with looks of its own over a level, and the pictures of its first states."""
    monkeypatch.setitem(looks.LEVELS, "mine", Looks(**settings))
    twin = TorchVectorEnv(ArmTwin(num, settings=ArmSettings(view="pixels", frame_stack=1, randomisation="mine")))
    return twin, twin.reset(0)[:, 0].float()


BELOW = slice(40, 84)
"""Rows of the picture that show the table and the object, and not the arm at its start."""


@pytest.mark.parametrize(
    ("settings", "changed"),
    [
        ({"place": 0.05}, "all"), ({"distance": 0.1}, "all"), ({"angle": 6.0}, "all"), ({"fov": 4.0}, "all"),
        ({"light": 1.0}, "all"), ({"ambient": (0.3, 0.4)}, "all"), ({"diffuse": (0.0, 0.1)}, "all"),
        ({"specular": (0.2, 0.4)}, "all"), ({"table": (0.5, 0.6)}, "below"), ({"floor": (0.3, 0.5)}, "above"),
        ({"arm": (0.3, 0.5)}, "above"), ({"grain": (9.0, 12.0)}, "below"), ({"stripes": 30.0}, "below"),
        ({"thing": (3.0, 5.0)}, "thing"), ({"size": (1.6, 1.8)}, "thing"), ({"noise": (8.0, 9.0)}, "all"),
        ({"blur": (0.1, 0.2)}, "all"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)  # fmt: skip
def test_every_number_changes_what_it_says(
    settings: dict[str, Any], changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, plain = pictures(monkeypatch)
    _, other = pictures(monkeypatch, **settings)
    gap = (plain - other).abs()
    below, above = (gap[:, BELOW] > 0).flatten(1).sum(1), (gap[:, :40] > 0).flatten(1).sum(1)
    if changed == "all":
        assert below.median() > 200  # of six; one draw may be next to nothing
        assert above.median() > 50
    elif changed == "below":
        assert (below > 3_000).all()
    elif changed == "above":
        assert (above > 10).all()
        assert (below == 0).all()
    else:
        assert (gap > 0).flatten(1).any(1).sum() >= 5  # of six, one may lie under the arm
        assert ((gap > 0).flatten(1).sum(1) < 400).all()


def test_every_link_of_every_arm_has_a_brightness_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    twin, _ = pictures(monkeypatch, arm=(0.3, 1.0))
    rules = twin.dynamics
    assert isinstance(rules, ArmTwin)
    assert rules.eye is not None
    factor = rules.eye.scene(rules.parts(twin.state))[2].grey_BK / rules.eye._luminance
    assert [len(row.mul(1e4).round().unique()) for row in factor] == [8] * 6
    assert ((factor > 0.29) & (factor < 1.01)).all()


def test_noise_is_new_in_every_picture_and_grain_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for settings, still in (({"noise": (5.0, 5.0)}, False), ({"grain": (5.0, 5.0)}, True)):
        twin, first = pictures(monkeypatch, **settings)
        second = twin.step(torch.zeros(6, 3)).obs[:, 0].float()
        gap = (first - second)[:, BELOW]
        assert bool((gap == 0).float().mean() > 0.95) == still
        if not still:
            assert gap.std().item() == pytest.approx(5 * 2**0.5, rel=0.1)


def test_with_latency_an_action_takes_effect_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a latency of 0 to 2 steps, each arm rises in the step that its latency names."""
    monkeypatch.setitem(looks.LEVELS, "late", Looks(latency=2))
    rules = ArmTwin(40, settings=ArmSettings(view="state", randomisation="late"))
    twin = TorchVectorEnv(rules)
    before = twin.reset(0)[:, 9]
    latency = unpack(rules.parts(twin.state).look).latency_B
    assert latency.unique().tolist() == [0.0, 1.0, 2.0]
    down = torch.tensor([0.0, 0.0, -0.5]).expand(40, 3)
    for step in range(3):
        after = twin.step(down if step == 0 else torch.zeros(40, 3)).final_obs[:, 9]
        assert torch.equal(before - after > 0.03, latency == step)
        before = after
