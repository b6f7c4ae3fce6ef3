"""``import palestra`` makes every id known to Gymnasium, and brings nothing heavy."""

import subprocess
import sys

import gymnasium as gym
import pytest

from palestra.envs.arm.catalogue import TASKS, env_id
from palestra.envs.classic.pendulum_discrete import PendulumDiscrete
from palestra.envs.finite.catalogue import OURS
from palestra.envs.registration import ENVS, register_envs
from palestra.envs.registry import CLASSIC


def fresh(program: str) -> str:
    """What a program prints in an interpreter of its own, in which every warning is an error."""

    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    "imports",
    [
        "import palestra, gymnasium",
        "import gymnasium, palestra",
        "import palestra, gymnasium, importlib; importlib.reload(palestra)",
        "import gymnasium, palestra; gymnasium.register_envs(palestra); gymnasium.register_envs(palestra)",
        "import gymnasium; from palestra import make_vec",
    ],
)
def test_either_import_may_come_first_and_twice(imports: str) -> None:
    known = "print(*(gymnasium.spec(i).id for i in {ids!r}))"
    ids = list(ENVS)
    assert fresh(f"{imports}; {known.format(ids=ids)}").split() == ids


@pytest.mark.parametrize("module", ["palestra", "palestra.envs.registry"])
def test_an_id_may_bring_its_import_along(module: str) -> None:
    program = f"import gymnasium; print(gymnasium.make({module + ':palestra/GridWorld-v0'!r}).spec.id)"
    assert fresh(program) == "palestra/GridWorld-v0"


def test_without_the_import_they_are_unknown() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        fresh("import gymnasium; gymnasium.spec('palestra/GridWorld-v0')")


def test_the_import_brings_gymnasium_and_nothing_heavier() -> None:
    ours = "{name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names"
    with_it = fresh(f"import sys, palestra; print(*sorted({ours}))").split()
    without = fresh(f"import sys, gymnasium; print(*sorted({ours}))").split()
    assert set(with_it) == {*without, "palestra"}
    assert not {"torch", "pybullet", "matplotlib"} & set(with_it)


def test_no_finder_is_put_before_those_of_python() -> None:
    assert fresh("import sys; before = list(sys.meta_path); import palestra; print(sys.meta_path == before)") == "True"


def test_every_id_of_ours_is_here_and_is_made() -> None:
    assert set(ENVS) == {*OURS, *map(env_id, TASKS), *(name for name in CLASSIC if name.startswith("palestra/"))}
    register_envs()
    for name in ENVS:
        assert gym.spec(name).max_episode_steps == ENVS[name]["max_episode_steps"]
    for name in (*OURS, *(name for name in CLASSIC if name.startswith("palestra/"))):
        env = gym.make(name)
        env.reset(seed=0)
        env.close()
    assert gym.spec("palestra/PendulumDiscrete-v1").max_episode_steps == PendulumDiscrete.max_episode_steps
