"""Ids as users write them: modules are imported by who types them and by no file."""

import sys
from collections.abc import Iterator
from pathlib import Path

import gymnasium as gym
import pytest

from palestra.envs import modules
from palestra.envs.backends.making import find_spec
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.ppo import PPOConfig

MODULE = """
import gymnasium as gym
gym.register("{0}-v0", "gymnasium.envs.classic_control:CartPoleEnv")
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current directory with modules in it, and nothing of it left behind."""
    before, loaded = set(gym.registry), set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(modules, "_typed", [])
    (tmp_path / "idsmine.py").write_text(MODULE.format("IdsMine"))
    (tmp_path / "idsbad.py").write_text("import no_such_thing_at_all\n")
    (tmp_path / "idsexit.py").write_text("raise SystemExit(0)\n")
    yield tmp_path
    for env_id in set(gym.registry) - before:
        del gym.registry[env_id]
    for name in set(sys.modules) - loaded:
        if name.startswith("ids"):
            del sys.modules[name]


def test_what_stands_before_the_colon_is_imported_and_the_plain_id_kept(here: Path) -> None:
    with pytest.raises(UsageError):
        find_spec("IdsMine-v0")
    assert World.named("idsmine:IdsMine-v0", PPOConfig()) == World("IdsMine-v0", PPOConfig.default_num_envs)
    assert find_spec("IdsMine-v0").id == "IdsMine-v0"
    assert modules.imported() == ("idsmine",)
    assert modules.plain_id("CartPole-v1") == "CartPole-v1"


def test_a_file_imports_nothing(here: Path) -> None:
    with pytest.raises(UsageError, match=r"expected the id 'IdsMine-v0' and --import idsmine"):
        World("idsmine:IdsMine-v0").make()
    assert "idsmine" not in sys.modules


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("idsnowhere", "no module 'idsnowhere' is found; expected one in the current directory, on PYTHONPATH"),
        ("idsmine.part", "module 'idsmine.part' failed|no module 'idsmine.part' is found"),
        ("idsbad", "module 'idsbad' failed while it was imported: ModuleNotFoundError: .*no_such_thing_at_all"),
        ("idsexit", "module 'idsexit' failed while it was imported: SystemExit"),
        ("idsmine.py", "without a path and without .py"),
        ("./idsmine", "without a path and without .py"),
        ("", "module ''; expected a name"),
    ],
)
def test_a_module_that_cannot_be_had_is_told_in_one_line(here: Path, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as told:
        modules.import_module(name)
    assert "\n" not in str(told.value)
    assert modules.imported() == ()


@pytest.mark.parametrize("text", [":X-v0", "idsmine:"])
def test_half_of_a_name_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="expected MODULE:ID"):
        modules.plain_id(text)
