"""Two made robots that have every kind of joint, orientation and branch that files of robots can have."""

from pathlib import Path

INERTIAL = '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'


def _link(name: str) -> str:
    return f'<link name="{name}">{INERTIAL}</link>'


def _joint(name: str, kind: str, parent: str, child: str, origin: str, axis: str = "", rest: str = "") -> str:
    along = f'<axis xyz="{axis}"/>' if axis else ""
    ends = f'<parent link="{parent}"/><child link="{child}"/><origin {origin}/>'
    return f'<joint name="{name}" type="{kind}">{ends}{along}{rest}</joint>'


URDF = f"""<?xml version="1.0"?>
<robot name="crane">
{"".join(map(_link, ("base", "column", "boom", "arm", "flange", "wrist", "hand", "elbow", "tip", "finger")))}
{
    _joint(
        "turn",
        "revolute",
        "base",
        "column",
        'xyz="0 0 0.4" rpy="0.1 -0.2 0.3"',
        "0 0 1",
        '<limit lower="-2.5" upper="2" velocity="3" effort="1"/>',
    )
}
{
    _joint(
        "slide",
        "prismatic",
        "column",
        "boom",
        'xyz="0.1 0 0.3" rpy="0 0.5 0"',
        "1 0 1",
        '<limit lower="-0.1" upper="0.4" velocity="0.5" effort="1"/>',
    )
}
{_joint("spin", "continuous", "boom", "arm", 'xyz="0.3 0 0"', "0 1 1")}
{_joint("mount", "fixed", "arm", "flange", 'xyz="0.2 0 0.1" rpy="1.5 0.7 -2"')}
{
    _joint(
        "bend",
        "revolute",
        "flange",
        "wrist",
        'xyz="0 0.1 0" rpy="-1 0.4 3"',
        "0 1 0",
        '<limit lower="-1.8" upper="1.8" effort="1" velocity="0"/>',
    )
}
{_joint("tool", "fixed", "wrist", "hand", 'xyz="0 0 0.15"')}
{
    _joint(
        "lift",
        "revolute",
        "column",
        "elbow",
        'xyz="-0.2 0 0.1"',
        "0 -1 0",
        '<limit lower="0.2" upper="1.5" effort="1" velocity="2"/>',
    )
}
{_joint("stick", "fixed", "elbow", "tip", 'xyz="-0.3 0 0"')}
{
    _joint(
        "grip",
        "prismatic",
        "hand",
        "finger",
        'xyz="0 0.02 0.05"',
        "0 1 0",
        '<limit lower="-9" upper="9" effort="1" velocity="1"/><mimic joint="bend" multiplier="-0.5" offset="0.03"/>',
    )
}
<mujoco><compiler fusestatic="false" discardvisual="true"/></mujoco>
</robot>
"""

MJCF = """
<mujoco model="mantis">
  <compiler angle="degree" eulerseq="zyx"/>
  <default>
    <joint damping="1" axis="0 1 0"/>
    <default class="heavy">
      <joint range="-150 120" pos="0.05 0 0.02"/>
      <site pos="0 0 0.3" euler="10 20 30"/>
      <default class="sliding"><joint type="slide" axis="0 0 2" range="-0.2 0.3" ref="0.05"/></default>
    </default>
  </default>
  <worldbody>
    <light pos="0 0 3"/>
    <geom type="plane" size="1 1 .1"/>
    <site name="mark" pos="1 2 3" zaxis="1 1 -0.5"/>
    <frame pos="0 0.3 0" euler="0 0 45">
      <body name="torso" pos="0 0 0.5" euler="20 -30 40" childclass="heavy">
        <inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>
        <joint name="yaw" axis="0 0 1"/>
        <joint name="pitch" ref="15"/>
        <site name="chest"/>
        <frame pos="0.1 0 0" quat="2 1 0 0">
          <site name="badge" axisangle="1 2 3 50"/>
          <body name="left" pos="0.3 0 0" xyaxes="1 1 0 0 1 0.2">
            <inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>
            <joint name="reach" class="sliding" pos="0.1 0.2 0"/>
            <body name="left hand" pos="0 0 0.4" zaxis="0 0 -1">
              <inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>
              <joint name="left wrist" pos="0 0 0" axis="1 0 0" limited="false" range="-10 10"/>
              <site name="left palm" class="main" pos="0 0.05 0.1" quat="0.5 0.5 -0.5 0.5"/>
            </body>
          </body>
        </frame>
        <body name="right" pos="-0.3 0 0" quat="0.9 0.1 0.3 -0.2">
          <inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>
          <joint class="main"/>
          <joint name="right twist" axis="0.3 -1 2" range="-90 90"/>
          <body pos="0 0.2 0">
            <inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>
            <site name="right" pos="0 0 0.1"/>
          </body>
        </body>
      </body>
    </frame>
  </worldbody>
  <equality><joint joint1="yaw" joint2="pitch"/></equality>
</mujoco>
"""


def write_robots(folder: Path) -> tuple[Path, Path]:
    """Paths of both in a folder: the URDF and the MuJoCo file."""
    paths = folder / "crane.urdf", folder / "mantis.xml"
    for path, text in zip(paths, (URDF, MJCF), strict=True):
        path.write_text(text)
    return paths
