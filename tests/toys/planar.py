"""An arm of two links in a plane, whose tool is where two cosines say."""

import numpy as np
from numpy.typing import NDArray

LINKS = (0.5, 0.4)
ENDS, SPEEDS = ((-2.0, 2.5), (-2.2, 2.2)), (2.0, 3.0)
JOINTS = ("shoulder", "elbow")


def _joint(name: str, parent: str, child: str, x: float, ends: tuple[float, float], speed: float) -> str:
    limit = f'<limit lower="{ends[0]}" upper="{ends[1]}" velocity="{speed}" effort="1"/>'
    links = f'<parent link="{parent}"/><child link="{child}"/><origin xyz="{x} 0 0"/><axis xyz="0 0 1"/>'
    return f'<joint name="{name}" type="revolute">{links}{limit}</joint>'


URDF = f"""<robot name="planar"><link name="base"/><link name="upper"/><link name="lower"/><link name="tool"/>
{_joint("shoulder", "base", "upper", 0.0, ENDS[0], SPEEDS[0])}
{_joint("elbow", "upper", "lower", LINKS[0], ENDS[1], SPEEDS[1])}
<joint name="flange" type="fixed"><parent link="lower"/><child link="tool"/><origin xyz="{LINKS[1]} 0 0"/></joint>
</robot>"""


def tool(q_B2: NDArray[np.float64]) -> NDArray[np.float64]:
    """(B, 2) x and y of the tool, by its two cosines and sines."""
    first_B, both_B = q_B2[..., 0], q_B2[..., 0] + q_B2[..., 1]
    x_B = LINKS[0] * np.cos(first_B) + LINKS[1] * np.cos(both_B)
    return np.stack((x_B, LINKS[0] * np.sin(first_B) + LINKS[1] * np.sin(both_B)), -1)


def faults(
    q_TQ: NDArray[np.float64],
    period: float,
    acceleration: float,
    box: tuple[tuple[float, ...], tuple[float, ...]] | None,
) -> list[str]:
    """What commands, one a period from a stand, did that they may not."""
    found, near = [], 1e-9
    lower, upper = np.array(ENDS).T
    if (q_TQ < lower).any() or (q_TQ > upper).any():
        found.append("an end")
    speed_TQ = np.diff(q_TQ, axis=0, prepend=q_TQ[:1]) / period
    if (np.abs(speed_TQ) > np.array(SPEEDS) + near / period).any():
        found.append("speed")
    if (np.abs(np.diff(speed_TQ, axis=0, prepend=0 * speed_TQ[:1])) > acceleration * period + near / period).any():
        found.append("acceleration")
    if box is not None:
        low, high = np.array(box[0][:2]), np.array(box[1][:2])
        if (tool(q_TQ) < low - near).any() or (tool(q_TQ) > high + near).any():
            found.append("the box")
    return found
