"""Where PyBullet is missing that is said with the way out, and where it is not it is silent."""

import builtins
import subprocess
import sys
from typing import Any

import pytest

from palestra.envs.arm import client
from palestra.envs.arm.client import import_pybullet
from palestra.envs.arm.robot import load_robot
from palestra.envs.arm.sim import Sim
from palestra.errors import UsageError

ROBOT = load_robot("kuka_iiwa")


def test_a_missing_pybullet_is_named_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    load = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "pybullet":
            raise ImportError(name)
        return load(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    import_pybullet.cache_clear()
    try:
        with pytest.raises(UsageError, match=r"pip install .*\[arm\]'.*backend 'torch'") as caught:
            Sim(ROBOT)
        assert "3.12" not in str(caught.value)
        monkeypatch.setattr(sys, "version_info", (3, 12, 4))
        monkeypatch.setattr(client.platform, "python_version", lambda: "3.12.4")
        with pytest.raises(UsageError, match=r"wheels up to Python 3\.11; this is Python 3\.12\.4.*backend 'torch'"):
            Sim(ROBOT)
    finally:
        import_pybullet.cache_clear()


def test_nothing_is_written_to_standard_output() -> None:
    """PyBullet says there when it was built; what palestra prints there may be JSON."""
    pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    program = (
        "print('before'); from palestra.envs.arm.gym_env import ArmEnv; e = ArmEnv(); e.reset(seed=0); print('after')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "before\nafter\n"
