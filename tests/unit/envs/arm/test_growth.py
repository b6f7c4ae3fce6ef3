"""Ranges that grow while success holds: from none to high, boundary by boundary, saved and resumed exactly."""

from typing import Any

import pytest
import torch
from twins import made, rules

from palestra.envs.arm.drive import LEVELS as DRIVES
from palestra.envs.arm.drive import Drives
from palestra.envs.arm.growth import EPISODES, STEP, Boundary, Growth
from palestra.envs.arm.looks import LEVELS, LOOK_SIZE, Looks, columns, unpack
from palestra.envs.registry import make_vec
from palestra.errors import UsageError


def test_it_begins_as_none_and_ends_as_high() -> None:
    growth = Growth(("look", "drive"))
    assert growth.looks() == LEVELS["none"]
    assert growth.drives() == DRIVES["none"]
    growth.share_K.fill_(1.0)
    late = {**vars(LEVELS["high"]), "latency": 0}
    assert growth.looks() == Looks(**late)
    assert growth.drives() == DRIVES["high"]


def test_a_boundary_moves_by_what_came_of_its_episodes() -> None:
    """Up where all succeed, down where half do, nowhere between; and never beyond its ends."""
    growth = Growth(("drive",))
    first = torch.zeros(EPISODES, dtype=torch.int64)
    shares = []
    for good in (EPISODES, EPISODES, round(0.75 * EPISODES), EPISODES // 2, EPISODES // 2, EPISODES // 2):
        growth.judge(first, torch.arange(EPISODES) < good)
        shares.append(round(float(growth.share_K[0]) / STEP, 6))
    assert shares == [1, 2, 2, 1, 0, 0]
    for _ in range(30):
        growth.judge(first, torch.ones(EPISODES, dtype=torch.bool))
    assert growth.drives() == Drives(DRIVES["high"].lag, 0.0)
    assert growth.report() == {"drive.lag.high": 1.0, "drive.sag.both": 0.0}
    growth.judge(-torch.ones(500, dtype=torch.int64), torch.zeros(500, dtype=torch.bool))
    assert growth.report()["drive.lag.high"] == 1.0  # episodes at no boundary count for none


def test_half_of_the_episodes_are_at_a_boundary_all_alike() -> None:
    growth = Growth(("look",))
    probe = growth.choose(20_000, torch.Generator().manual_seed(0))
    assert (probe >= 0).float().mean().item() == pytest.approx(0.5, abs=0.02)
    counts = torch.bincount(probe[probe >= 0], minlength=len(growth.boundaries)).float()
    assert (counts / counts.mean() - 1).abs().max() < 0.25


def test_a_number_at_its_boundary_is_right_there_and_the_others_are_not() -> None:
    growth = Growth(("look",))
    uniform = torch.rand(4, LOOK_SIZE, generator=torch.Generator().manual_seed(0))
    names = [growth.boundaries.index(Boundary("look", *each)) for each in
             (("table", "low"), ("table", "high"), ("place", "both"))]  # fmt: skip
    placed = growth.placed("look", uniform, torch.tensor([*names, -1]))
    look = unpack(placed)
    assert look.table_B[:2].tolist() == [0.0, 1.0]
    assert set(look.target_B3[2].tolist()) <= {0.0, 1.0}
    assert (placed != uniform).sum(1).tolist() == [1, 1, 3, 0]


def test_every_boundary_has_columns_of_its_own() -> None:
    taken = torch.zeros(LOOK_SIZE, dtype=torch.int64)
    for field in {boundary.field for boundary in Growth(("look",)).boundaries}:
        taken[columns(field)] += 1
    assert int(taken.max()) == 1
    assert int(taken.sum()) == LOOK_SIZE - 4  # latency, and the direction and phase of stripes, grow by nothing


def test_the_twin_grows_while_the_expert_reaches_and_not_while_nobody_does() -> None:
    shares = {}
    for who in ("expert", "nobody"):
        twin = made(64, drive="automatic", max_episode_steps=12)
        twin.reset(0)
        for _ in range(24):
            twin.step(twin.expert() if who == "expert" else torch.zeros(64, 3))
        growth = rules(twin).growth
        assert growth is not None
        shares[who] = growth.report()
    assert all(share > 0 for share in shares["expert"].values())
    assert not any(shares["nobody"].values())
    twin.reset(0)  # which begins anew


def test_a_reset_begins_anew() -> None:
    twin = made(64, drive="automatic")
    growth = rules(twin).growth
    assert growth is not None
    twin.reset(0)
    growth.share_K.fill_(0.5)
    twin.reset(0)
    assert not growth.share_K.any()


def test_it_resumes_exactly() -> None:
    settings: dict[str, Any] = {"view": "state", "drive": "automatic", "randomisation": "automatic"}
    env, again = (make_vec("palestra/ArmReach-v0", 64, env_kwargs=settings) for _ in range(2))
    env.reset(0)
    for _ in range(8):
        env.step(env.expert())
    again.reset(3)
    again.load_state_dict(env.state_dict())
    for _ in range(8):
        for ours, theirs in zip(env.step(env.expert()), again.step(again.expert()), strict=True):
            assert torch.equal(ours, theirs)
    one, other = rules(env).growth, rules(again).growth  # type: ignore[arg-type]
    assert one is not None
    assert other is not None
    assert torch.equal(one.tried_K, other.tried_K)
    assert int(one.tried_K.sum()) > 0


def test_pictures_grow_too() -> None:
    twin = made(2, view="pixels", frame_stack=1, randomisation="automatic")
    plain = made(2, view="pixels", frame_stack=1)
    growth = rules(twin).growth
    assert growth is not None
    assert twin.reset(0).shape == plain.reset(0).shape
    growth.share_K.fill_(1.0)
    wide = rules(twin)._drawn(200)
    assert unpack(rules(twin).parts(wide).look).noise_B.max() > 8


def test_on_an_accelerator_it_is_refused() -> None:
    with pytest.raises(UsageError, match=r"a level that is automatic, on meta; expected device='cpu'"):
        make_vec("palestra/ArmReach-v0", 1, backend="torch", device="meta", env_kwargs={"drive": "automatic"})
