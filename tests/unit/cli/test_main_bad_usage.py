"""Whatever is wrong with a request is one clear line, exit status 2, and no traceback."""

import sys
from pathlib import Path

import pytest

from palestra.cli.main import main
from palestra.errors import install_line

PPO = ["train", "cartpole/ppo"]

CASES = {
    "nothing": (["train"], "nothing to train; expected a recipe"),
    "recipe and algo": ([*PPO, "--algo", "ppo"], "expected one or the other"),
    "recipe and env": ([*PPO, "--env-id", "CartPole-v1"], "expected one or the other"),
    "recipe and estimator": (
        [*PPO, "--estimator", "SVC", "--data", "iris"],
        "given with --estimator and --data; expected",
    ),
    "estimator alone": (["train", "--estimator", "SVC"], "--estimator without --data; expected both"),
    "data alone": (["train", "--data", "iris"], "--data without --estimator; expected both"),
    "estimator in a world": (
        ["train", "--estimator", "SVC", "--env-id", "CartPole-v1"],
        "one who learns and one to learn",
    ),
    "two who learn": (
        ["train", "--algo", "mlp", "--estimator", "SVC", "--data", "iris"],
        "one who learns and one to learn",
    ),
    "estimator": (["train", "--estimator", "SVX", "--data", "iris"], "unknown estimator 'SVX'; nearest: "),
    "its argument": (
        ["train", "--estimator", "SVC", "--data", "iris", "--set", "CC=1"],
        "argument of SVC 'CC'; nearest: C",
    ),
    "its data": (["train", "--estimator", "SVC", "--data", "irys"], "unknown data set 'irys'; nearest: iris"),
    "its budget": (["train", "--estimator", "SVC", "--data", "iris", "--budget", "0"], "budget=0; expected a positive"),
    "its device": (["train", "--estimator", "SVC", "--data", "iris", "--device", "cuda"], "expected cpu"),
    "data for an agent": (["train", "--algo", "ppo", "--data", "iris"], "expected a World"),
    "algo alone": (["train", "--algo", "ppo"], "--algo without --env-id"),
    "env alone": (["train", "--env-id", "CartPole-v1"], "--env-id without --algo"),
    "recipe": (["train", "cartpole/pop"], "unknown recipe 'cartpole/pop'; nearest: cartpole/ppo"),
    "recipe to show": (["show", "cartpol/ppo"], "unknown recipe 'cartpol/ppo'; nearest: cartpole/ppo"),
    "env": (["train", "--algo", "ppo", "--env-id", "CartPol-v1"], "'CartPol-v1'; nearest: CartPole-v1"),
    "algo": (["train", "--algo", "pp0", "--env-id", "CartPole-v1"], "unknown algorithm 'pp0'; nearest: ppo"),
    "setting": ([*PPO, "--set", "gama=0.9"], "'gama'; nearest: gamma"),
    "setting's type": ([*PPO, "--set", "num_steps=abc"], "num_steps=abc; expected an integer"),
    "setting's range": ([*PPO, "--set", "gamma=2"], "gamma=2.0; expected 0 <= gamma <= 1"),
    "no equals sign": ([*PPO, "--set", "gamma"], "--set gamma; expected KEY=VALUE"),
    "seed": ([*PPO, "--seed", "-1"], "seed=-1; expected 0 or more"),
    "budget": ([*PPO, "--total-timesteps", "0"], "budget=0; expected a positive number of steps"),
    "ad hoc budget": (["train", "--algo", "ppo", "--env-id", "CartPole-v1", "--budget", "-3"], "budget=-3; expected"),
    "copies": ([*PPO, "--num-envs", "0"], "num_envs=0; expected at least 1"),
    "threads": ([*PPO, "--threads", "0"], "threads=0; expected at least 1"),
    "devices": ([*PPO, "--devices", "0"], "devices=0; expected 1 to 1024"),
    "more devices than anybody has": ([*PPO, "--devices", "5000"], "devices=5000; expected 1 to 1024"),
    "seeds and devices": ([*PPO, "--seeds", "2", "--devices", "2"], "--seeds 2 given with --devices 2"),
    "backend": ([*PPO, "--backend", "asink"], "unknown backend 'asink'; nearest: async"),
    "no device": ([*PPO, "--device", "banana"], "device 'banana' is not known; expected auto, cpu"),
    "device not here": ([*PPO, "--device", "mps:7"], "not available on this machine; use --device cpu"),
    "env kwargs": ([*PPO, "--env-kwargs", "gravity=1"], "expected a JSON object"),
    "env's own": ([*PPO, "--env-kwargs", '{"nope": 1}'], "unexpected keyword argument 'nope'"),
    "action space": (["train", "--algo", "dqn", "--env-id", "Pendulum-v1"], "expected a Discrete action space"),
    "no picture": (["train", "--algo", "ppo", "--env-id", "probe/Counting", "--video"], "expected a Gymnasium id"),
    "resume and recipe": ([*PPO, "--resume", "x"], "given with recipe cartpole/ppo; a run keeps"),
    "resume and algo": (["train", "--resume", "x", "--algo", "ppo"], "given with --algo; a run keeps"),
    "resume and env": (["train", "--resume", "x", "--env-id", "a"], "given with --env-id; a run keeps"),
    "resume and estimator": (["train", "--resume", "x", "--estimator", "a"], "given with --estimator; a run keeps"),
    "seeds": ([*PPO, "--seeds", "0"], "--seeds 0; expected at least 1"),
    "jobs without seeds": ([*PPO, "--jobs", "2"], "--jobs 2 without --seeds"),
    "seeds of a resume": (["train", "--resume", "x", "--seeds", "2"], "--seeds 2 given with --resume"),
    "seeds from a run": (
        ["train", "--from", "x", "--seeds", "2"],
        "--seeds 2 given with --from x; seeds show the luck of whole trainings, and what one run learned would be"
        " in all of these; expected one seed a command, `--from RUN --seed S`",
    ),
    "seeds and a film": ([*PPO, "--seeds", "2", "--video"], "--seeds 2 given with --video"),
    "target unseen": ([*PPO, "--target", "5", "--eval-every", "0"], "target=5.0 with eval_every=0"),
    "keep every": ([*PPO, "--keep-every", "-1"], "keep_every=-1; expected 0 or more"),
    "run to begin from": (["train", "--from", "nope"], "unknown run 'nope'"),
    "verify algo alone": (["verify", "--algo", "ppo"], "--algo without --env-id"),
    "verify both": (["verify", "cartpole/ppo", "--algo", "ppo", "--env-id", "x"], "--algo with a recipe"),
    "verify settings": (["verify", "cartpole/ppo", "--set", "gamma=1"], "--set without --algo or --estimator"),
    "record of no claim": (["verify", "--algo", "ppo", "--env-id", "x", "--record"], "--record with --algo"),
    "verify estimator alone": (["verify", "--estimator", "SVC"], "--estimator without --data; expected both"),
    "verify estimator and recipe": (
        ["verify", "cartpole/ppo", "--estimator", "SVC", "--data", "iris"],
        "--estimator with a recipe; expected one or the other",
    ),
    "record of an estimator": (
        ["verify", "--estimator", "SVC", "--data", "iris", "--record"],
        "--record with --estimator; expected a recipe",
    ),
    "verify an unknown estimator": (["verify", "--estimator", "SVX", "--data", "iris"], "unknown estimator 'SVX'"),
    "inexact alone": ([*PPO, "--allow-inexact"], "--allow-inexact without --resume"),
    "run to resume": (["train", "--resume", "nope"], "unknown run 'nope'"),
    "run to evaluate": (["eval", "nope"], "unknown run 'nope'"),
    "run to film": (["play", "nope"], "unknown run 'nope'"),
    "run to show": (["runs", "show", "nope"], "unknown run 'nope'"),
    "run to delete": (["runs", "rm", "nope"], "unknown run 'nope'"),
    "nothing to delete": (["runs", "rm"], "nothing to delete"),
    "folder to evaluate": (["eval", "."], "holds no run"),
    "folder to resume": (["train", "--resume", "."], "holds no run"),
    "episodes": (["eval", "nope", "--episodes", "0"], "--episodes 0; expected at least 1"),
    "seed of a film": (["play", "nope", "--seed", "-1"], "--seed -1; expected 0 or more"),
    "nothing to verify": (["verify"], "nothing to verify; expected a recipe"),
    "recipe to verify": (["verify", "cartpole/pop"], "unknown recipe 'cartpole/pop'"),
    "both to verify": (["verify", "cartpole/ppo", "--claimed"], "--claimed with cartpole/ppo; expected one or"),
    "seeds to verify": (["verify", "cartpole/ppo", "--seeds", "0"], "--seeds 0; expected at least 1"),
    "jobs": (["verify", "cartpole/ppo", "--jobs", "0"], "--jobs 0; expected at least 1"),
    "a note without a record": (["verify", "cartpole/ppo", "--tried", "x"], "--tried without --record"),
    "one twice": (["compare", "cartpole/ppo", "cartpole/ppo"], "1 different sides to compare; expected one or more"),
    "picture of a comparison": (["compare", "a", "b", "--plot", "x.jpg"], "expected a name that ends in .png"),
    "run to compare": (["compare", "nope", "neither"], "unknown run 'nope'"),
    "benchmark": (["bench", "nope"], "unknown benchmark 'nope'"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_usage(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    argv, said = CASES[name]
    monkeypatch.chdir(tmp_path)
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("palestra: ")
    assert err.count("\n") == 1
    assert said in err
    assert list(tmp_path.iterdir()) == []  # what was refused left no trace


def test_cuda_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.chdir(tmp_path)
    assert main([*PPO, "--device", "cuda"]) == 2
    assert "device 'cuda' is not available on this machine; use --device cpu" in capsys.readouterr().err


def test_out_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main([*PPO, "--out", str(tmp_path / "file" / "runs")]) == 2
    assert "file/runs cannot be written" in capsys.readouterr().err


def test_a_missing_extra_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for module in [name for name in sys.modules if name.split(".")[0] == "mujoco" or "envs.mujoco" in name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "mujoco", None)
    assert main(["train", "--algo", "ppo", "--env-id", "HalfCheetah-v5"]) == 2
    assert install_line("mujoco") in capsys.readouterr().err
