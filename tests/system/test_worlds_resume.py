"""Killed and resumed in the worlds of Gymnasium: exact where the state is known or the episode can be played again.

Where neither holds, a resume begins new episodes and says so, in its notes, in the manifest and on the screen.
"""

from typing import Any

import pytest
import unrepeatable  # noqa: F401 - registers its world
from driver import Driver, config
from matrix import slow_but
from run_comparison import differences

from palestra.cli.main import main
from palestra.runs import index
from palestra.runs.store import Run
from palestra.trials.train import resume

KILLS = [{"save": 2, "into": 0.4}, {"save": 2, "into": 1.5}]


def worlds(learner: str, env_id: str, **changes: Any) -> dict[str, Any]:
    settings = {
        "ppo": {"num_steps": 64, "minibatch_size": 64, "num_epochs": 2},
        "dqn": {"train_frequency": 32, "gradient_steps": 4, "learning_starts": 100, "hidden_sizes": [32]},
    }
    changed = {"settings": settings[learner], "budget": 1_536, "log_every": 300, "eval_every": 600, "eval_count": 4}
    return config(learner, **changed, env_id=env_id, checkpoint_every=0.0, **changes)


@pytest.mark.parametrize(
    ("learner", "env_id", "changes"),
    [
        ("ppo", "CartPole-v1", {"backend": "sync", "num_envs": 3, "world.kwargs.max_episode_steps": 12}),
        ("dqn", "FrozenLake-v1", {"backend": "async", "num_envs": 2}),  # slippery: every step draws a random number
        ("dqn", "LunarLander-v3", {"backend": "sync", "num_envs": 2}),
        ("ppo", "LunarLander-v3", {"backend": "async", "num_envs": 2}),
    ],
    ids=["snapshot", "snapshot in workers", "replay", "replay in workers"],
)
def test_exact(driver: Driver, learner: str, env_id: str, changes: dict[str, Any]) -> None:
    if env_id.startswith("Lunar"):
        pytest.importorskip("Box2D", reason="LunarLander needs the [box2d] extra")
    asked = worlds(learner, env_id, **changes)
    chain = driver.chain(asked, plans=KILLS)
    assert chain.error is None
    assert chain.kills == 2
    assert chain.steps[-1] > 0
    assert chain.notes == []
    assert differences(driver.whole(asked).run, chain.run) == []
    assert Run.open(chain.run, chain.run.parent).manifest["exact"]


@pytest.mark.parametrize("learner", slow_but(["ppo"], ["ppo", "pqn"]))
def test_exact_in_the_middle_of_games_of_atari(driver: Driver, learner: str) -> None:
    pytest.importorskip("ale_py", reason="the [atari] extra is not installed")
    settings = {"num_steps": 32, "minibatch_size": 32, "num_epochs": 1, "encoder": "mnih-2013-42"}
    asked = config(
        "ppo", algo=learner, env_id="ALE/Breakout-v5", num_envs=2, settings=settings, budget=512, log_every=128,
        eval_every=256, eval_count=1, checkpoint_every=0.0, **{"world.kwargs.sticky": 0.25, "world.kwargs.size": 42},
    )  # fmt: skip
    chain = driver.chain(asked, plans=[{"save": 2, "into": 0.4}])
    assert chain.error is None
    assert chain.kills == 1
    assert chain.steps[-1] > 0
    assert chain.notes == []
    assert differences(driver.whole(asked).run, chain.run) == []
    assert Run.open(chain.run, chain.run.parent).manifest["exact"]


@pytest.mark.parametrize("kind", ["neither", "envpool"])
def test_not_exact_is_said(driver: Driver, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    if kind == "envpool":
        pytest.importorskip("envpool", reason="needs the [envpool] extra")
    changes = {
        "neither": {"env_id": "Unrepeatable-v0", "backend": "sync"},
        "envpool": {"env_id": "CartPole-v1", "backend": "envpool"},
    }
    asked = worlds("ppo", num_envs=2, **changes[kind])
    chain = driver.chain(asked, plans=KILLS[:1], to_the_end=False)
    assert chain.error is None
    assert chain.steps[-1] > 0
    note = "not exact: 2 of 2 environments cannot be restored and began a new episode"
    assert main(["train", "--resume", str(chain.run), "--no-plots"]) == 0
    assert note in capsys.readouterr().out
    manifest = Run.open(chain.run, chain.run.parent).manifest
    assert manifest["exact"] is False
    assert manifest["resumes"] == [{"step": chain.steps[-1], "notes": [note]}]
    assert [row.exact for row in index.list_runs(chain.run.parent)] == [False]
    assert resume(chain.run).notes == [note]
