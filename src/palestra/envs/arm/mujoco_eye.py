"""MuJoCo's camera: pictures by its own renderer, through OpenGL without a window.

The pinhole is the one of :mod:`~palestra.envs.arm.camera`; light, shadows, edges and colours are MuJoCo's.
"""

import importlib
import os
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.envs.arm.camera import Camera
from palestra.envs.arm.looks import LIGHT
from palestra.envs.arm.paint import Light
from palestra.errors import UsageError


@cache
def _open_gl() -> Any:
    """OpenGL for this process: EGL, or what the variable MUJOCO_GL names. UsageError where there is none."""
    name = os.environ.get("MUJOCO_GL", "").strip().lower() or "egl"
    try:
        context = importlib.import_module(f"mujoco.{name}").GLContext(64, 64)  # MuJoCo draws into a buffer of its own
        context.make_current()
    except Exception as error:  # each library fails in a way of its own
        raise UsageError(
            f"pictures of MuJoCo's world by {name} ({type(error).__name__}: {' '.join(str(error).split())}); expected"
            " OpenGL on this machine (libegl1 of Mesa is enough, without a graphics card; MUJOCO_GL chooses another),"
            " or view='state' or 'goal', which need no pictures"
        ) from error
    return context


class MujocoEye:
    """Takes pictures of one compiled model."""

    def __init__(self, mujoco: Any, model: Any) -> None:
        """Raises UsageError where OpenGL is missing."""
        self._mujoco, self._model = mujoco, model
        self._gl = _open_gl()
        self._gl.make_current()
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._size = (0, 0)
        self._scene = mujoco.MjvScene(model, maxgeom=1_000)
        self._options, self._nobody = mujoco.MjvOption(), mujoco.MjvPerturb()
        self._options.geomgroup[3] = 0  # what touches is not what is seen
        self._camera = mujoco.MjvCamera()
        self._camera.type, self._camera.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, model.camera("eye").id

    def rgb(
        self,
        data: Any,
        camera: Camera,
        light: Light,
        height: int,
        width: int,
        draw: Callable[[Any], None] | None = None,
    ) -> NDArray[np.uint8]:
        """(height, width, 3) what a camera sees; ``draw`` adds to the scene what only this picture shows."""
        mujoco, model = self._mujoco, self._model
        self._gl.make_current()
        eye, axes = camera.pose()
        model.camera("eye").pos[:] = eye.numpy()
        mujoco.mju_mat2Quat(model.camera("eye").quat, axes.numpy().flatten())
        model.cam_fovy[model.camera("eye").id] = camera.fov
        model.vis.map.znear, model.vis.map.zfar = camera.near / model.stat.extent, camera.far / model.stat.extent
        lamp, headlight = model.light("light"), model.vis.headlight
        headlight.active = 0
        to_light = np.array(light.direction or LIGHT)
        lamp.dir[:] = -to_light / np.linalg.norm(to_light)
        lamp.ambient[:], lamp.diffuse[:], lamp.specular[:] = light.ambient, light.diffuse, light.specular
        mujoco.mj_camlight(model, data)
        mujoco.mjv_updateScene(
            model, data, self._options, self._nobody, self._camera, mujoco.mjtCatBit.mjCAT_ALL, self._scene
        )
        if draw is not None:
            draw(self._scene)
        if self._size != (width, height):
            self._size = (width, height)
            mujoco.mjr_resizeOffscreen(width, height, self._context)
        picture = np.empty((height, width, 3), np.uint8)
        box = mujoco.MjrRect(0, 0, width, height)
        mujoco.mjr_render(box, self._scene, self._context)
        mujoco.mjr_readPixels(picture, None, box, self._context)
        return picture[::-1]

    def close(self) -> None:
        """Let go of what the graphics library keeps."""
        self._gl.make_current()
        self._context.free()
