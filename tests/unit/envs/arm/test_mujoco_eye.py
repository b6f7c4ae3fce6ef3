"""MuJoCo's camera says in one line that there is no OpenGL; what it sees is tested with the world that it sees."""

import pytest

from palestra.envs.arm import mujoco_eye
from palestra.errors import UsageError


def test_without_opengl_it_says_what_else_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "none such")
    mujoco_eye._open_gl.cache_clear()
    try:
        with pytest.raises(UsageError, match=r"by none such .*view='state' or 'goal', which need no pictures") as error:
            mujoco_eye.MujocoEye(None, None)
    finally:
        mujoco_eye._open_gl.cache_clear()
    assert "\n" not in str(error.value)
