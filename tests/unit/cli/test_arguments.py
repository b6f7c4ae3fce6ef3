"""From argv to typed arguments."""

from pathlib import Path

import pytest

from palestra.cli import arguments, play, train, verify
from palestra.cli import eval as eval_
from palestra.cli.arguments import assignments, check_is_saved, check_writable, json_object, parse
from palestra.errors import UsageError


def test_train_takes_every_documented_option() -> None:
    text = (
        "cartpole/ppo --seed 3 --device cpu --set gamma=0.9 --set hidden_sizes=8,8 --total-timesteps 77 --num-envs 2"
        " --backend sync --env-kwargs {} --out here --eval-every 5 --eval-count 6 --target 7.5"
        " --checkpoint-every 8 --threads 2 --video --no-plots --json --quiet"
    )
    assert parse(train.Args, text.split(), "train") == train.Args(
        recipe="cartpole/ppo", settings=("gamma=0.9", "hidden_sizes=8,8"), out=Path("here"), video=True, plots=False,
        json=True, quiet=True,
        flags=train.Flags(
            seed=3, device="cpu", total_timesteps=77, num_envs=2, backend="sync", env_kwargs="{}", eval_every=5,
            eval_count=6, target=7.5, checkpoint_every=8.0, threads=2,
        ),
    )  # fmt: skip


def test_train_without_a_recipe_and_the_budget_by_its_other_name() -> None:
    args = parse(train.Args, ["--algo", "ppo", "--env-id", "X-v0", "--budget", "5", "--no-video", "--plots"], "train")
    assert args == train.Args(algo="ppo", env_id="X-v0", flags=train.Flags(total_timesteps=5))


@pytest.mark.parametrize("argv", [["--seed", "x"], ["--sed", "1"], ["a", "b"], ["--total-timesteps", "1.5"]])
def test_bad_usage_ends_with_status_2_on_standard_error(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        parse(train.Args, argv, "train")
    assert ending.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert argv[0].lstrip("-") in err or argv[1] in err


def test_help_comes_from_the_docstrings(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        parse(train.Args, ["--help"], "train")
    assert ending.value.code == 0
    out = capsys.readouterr().out
    assert "usage: palestra train" in out
    for words in ("Every random number derives from it.", "--total-timesteps INT", "KEY=VALUE", "--no-video"):
        assert words in out
    assert "--no-json" not in out


def test_assignments() -> None:
    assert assignments([]) == {}
    assert assignments(["a=1", "b = x=y", "a=2", "c="]) == {"a": "2", "b": "x=y", "c": ""}
    for bad in ("gamma", "=1", " =1"):
        with pytest.raises(UsageError, match="expected KEY=VALUE"):
            assignments([bad])


def test_json_object() -> None:
    assert json_object(None, "--env-kwargs") is None
    assert json_object('{"gravity": 9.8}', "--env-kwargs") == {"gravity": 9.8}
    for bad in ("", "{", "[1]", "1", "gravity=9"):
        with pytest.raises(UsageError, match=r"--env-kwargs .*expected a JSON object"):
            json_object(bad, "--env-kwargs")


def test_check_writable_leaves_nothing_behind(tmp_path: Path) -> None:
    check_writable(tmp_path)
    check_writable(tmp_path / "not" / "yet")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    for bad in (tmp_path / "file", tmp_path / "file" / "runs"):
        with pytest.raises(UsageError, match="cannot be written"):
            check_writable(bad)


def test_check_is_saved_knows_folders_that_hold_nothing(tmp_path: Path) -> None:
    check_is_saved("no-such-thing", tmp_path)
    (tmp_path / "out" / "run").mkdir(parents=True)
    for bad in (str(tmp_path / "out" / "run"), str(tmp_path), "run"):
        with pytest.raises(UsageError, match="holds no run"):
            check_is_saved(bad, tmp_path / "out")
    (tmp_path / "out" / "run" / "config.json").touch()
    check_is_saved("run", tmp_path / "out")
    check_is_saved(str(tmp_path / "out" / "run"), Path("elsewhere"))


def test_every_command_that_makes_a_world_imports_what_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[str] = []
    monkeypatch.setattr(arguments, "import_module", named.append)
    for module, argv in ((train, []), (eval_, ["r"]), (play, ["r"]), (verify, [])):
        parse(module.Args, [*argv, "--import", "one", "--import", "two"], "any")
    assert named == ["one", "two"] * 4
