"""A robot from a file, whichever of two kinds it is."""

from pathlib import Path

from palestra.errors import UsageError
from palestra.kinematics.document import read_xml
from palestra.kinematics.mjcf import tree_from_mjcf
from palestra.kinematics.tree import Tree
from palestra.kinematics.urdf import tree_from_urdf


def read_robot(path: str | Path) -> Tree:
    """A robot's joints and frames, from a URDF or a MuJoCo file (MJCF). Meshes and all else beside are not read.

    UsageError, in one line, for a file that is neither, has no joint that moves, has a loop, or a joint that neither
    turns nor slides.
    """
    root = read_xml(path)
    if root.tag == "robot":
        return tree_from_urdf(root)
    if root.tag == "mujoco":
        return tree_from_mjcf(root)
    raise UsageError(f"{str(path)!r} with <{root.tag}> outermost; expected <robot> (a URDF) or <mujoco>")
