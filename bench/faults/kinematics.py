"""What looks like a fault in inverse kinematics (A18)."""

from pathlib import Path

import torch
from torch import Tensor

from faults.fault import fault
from palestra.envs.arm.kinematics import DOWN, inverse
from palestra.envs.arm.robot import load_robot
from palestra.kinematics.motion import forward

PLACES = 200
LOW, HIGH = torch.tensor([0.2, -0.3, 0.0]), torch.tensor([0.7, 0.3, 0.55])
WRIST, SHOULDER, BENT = 0.081, 0.36, (0.42**2 + 0.4**2 - 0.42 * 0.4) ** 0.5
"""Metres: the wrist above a gripper that points down, the shoulder above the base, and from shoulder to wrist with the
elbow at its limit."""


def as_it_comes(target_B3: Tensor) -> Tensor:
    """PyBullet's calculateInverseKinematics, called as the notes do: 20 iterations, and no word of limits."""
    import pybullet as p
    import pybullet_data

    robot, client = load_robot("kuka_iiwa"), p.connect(p.DIRECT)
    path = Path(pybullet_data.getDataPath()) / "kuka_iiwa" / "model.urdf"
    arm = p.loadURDF(str(path), useFixedBase=True, physicsClientId=client)
    down = p.getQuaternionFromEuler([0.0, -torch.pi, torch.pi / 2])
    found = []
    for target in target_B3.tolist():
        for joint, angle in enumerate(robot.initial.tolist()):
            p.resetJointState(arm, joint, angle, physicsClientId=client)
        found.append(
            p.calculateInverseKinematics(arm, 6, target, down, jointDamping=[1e-5] * 7, physicsClientId=client)
        )
    p.disconnect(client)
    return torch.tensor(found)


@fault("inverse-as-it-comes", "% of places within reach that the arm is put within 1 mm of, within its limits", seeds=3)
def inverse_as_it_comes(seed: int, faulty: bool) -> float:
    robot = load_robot("kuka_iiwa")
    places_B3 = LOW + (HIGH - LOW) * torch.rand(4 * PLACES, 3, generator=torch.Generator().manual_seed(seed))
    wrist_B3 = places_B3 + torch.tensor([0.0, 0.0, WRIST - SHOULDER])
    places_B3 = places_B3[wrist_B3.norm(dim=1) > BENT + 1e-3][:PLACES]
    start_B7 = robot.initial.expand(PLACES, 7)
    q_B7 = as_it_comes(places_B3) if faulty else inverse(robot, start_B7, places_B3, torch.tensor(DOWN))
    tree = robot.as_tree()
    away_B = (forward(tree, q_B7.double())[:, -1, :3, 3] - places_B3).norm(dim=1)
    kept_B = ((q_B7 >= robot.lower) & (q_B7 <= robot.upper)).all(1)
    return 100 * float(((away_B < 1e-3) & kept_B).double().mean())
