"""Motors that were planted are found again; what moved differently is explained as well as the model can."""

import pytest
import torch

from palestra.envs.arm.drive import Drive
from palestra.envs.arm.identification import Motion, fit_drive, foretold, record
from palestra.envs.arm.robot import load_robot
from palestra.envs.registry import make_vec
from palestra.errors import UsageError

REACH = "palestra/ArmReach-v0"
ROBOT = load_robot("kuka_iiwa")
LAG = [0.03, 0.12, 0.07, 0.05, 0.1, 0.14, 0.02]
SAG = [0.01, -0.015, 0.0, 0.02, -0.005, 0.012, 0.003]


def moved(latency: int = 0, steps: int = 10, seed: int = 0) -> Motion:
    drive = {"lag": LAG, "sag": SAG, "latency": latency}
    env = make_vec(REACH, 6, env_kwargs={"view": "state", "radius": 1e-3, "drive": drive})
    return record(env, steps, seed)


@pytest.mark.parametrize("latency", [0, 1])
def test_planted_motors_are_found(latency: int) -> None:
    """Lag and sag of every joint to 1e-3 (s, rad), and the latency, from ten random steps of six arms."""
    fit = fit_drive(ROBOT, moved(latency))
    assert fit.drive.latency == latency
    torch.testing.assert_close(torch.tensor(fit.drive.lag), torch.tensor(LAG), rtol=0, atol=1e-3)
    torch.testing.assert_close(torch.tensor(fit.drive.sag), torch.tensor(SAG), rtol=0, atol=1e-3)
    assert fit.error < 1e-5 < 1e-2 < fit.exact_error
    assert fit.place_error < 1e-4


def test_what_was_found_foretells_another_motion() -> None:
    other = moved(seed=5)
    there = foretold(ROBOT, other, Drive(tuple(LAG), tuple(SAG)))
    exact = foretold(ROBOT, other, Drive())
    whole = other.whole_TB
    assert (there - other.joints_TBJ)[1:][whole].abs().max() < 1e-4
    assert (exact - other.joints_TBJ)[1:][whole].abs().max() > 1e-2


def test_mujocos_motors_are_late_by_friction_over_stiffness() -> None:
    """No joint of its model obeys the twin's formula; yet fitted it foretells more than three times as well."""
    for module in ("mujoco", "pybullet_data"):
        pytest.importorskip(module)
    from palestra.envs.arm.mujoco_models import FRICTION, STIFFNESS, data_folder

    thing = str(data_folder() / "random_urdfs/000/000.urdf")
    settings = {"view": "state", "radius": 1e-3, "simulator": "mujoco", "objects": thing}
    env = make_vec(REACH, 2, backend="sync", env_kwargs=settings)
    fit = fit_drive(ROBOT, record(env, 12, seed=0))
    env.close()
    assert fit.drive.latency == 0
    assert fit.error < fit.exact_error / 3
    assert sum(fit.drive.lag) / 7 == pytest.approx(FRICTION / STIFFNESS, rel=0.25)


def test_too_little_is_told() -> None:
    with pytest.raises(UsageError, match=r"expected 20 at least"):
        fit_drive(ROBOT, moved(steps=2))
    with pytest.raises(UsageError, match="expected the arm's view 'state'"):
        record(make_vec(REACH, 1, env_kwargs={"view": "pixels"}), 2, 0)
