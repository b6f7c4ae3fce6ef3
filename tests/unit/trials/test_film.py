"""Films of saved agents: a frame for each state, beside the checkpoints; what cannot be filmed is told."""

import shutil
from pathlib import Path

import pytest

import palestra
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.trials.film import check_filmable, make_film


def test_a_film_has_a_frame_for_each_state(quick_run: Path, tmp_path: Path) -> None:
    pytest.importorskip("av")
    copy = Path(shutil.copytree(quick_run, tmp_path / "copy"))
    film = make_film(copy, out=tmp_path, episodes=2, seed=5, which="last")
    assert film.video.parent == copy / "videos"
    assert film.video.name.startswith("step-000000000256-seed-5.")
    assert film.video.stat().st_size > 0
    assert film.frames == sum(film.returns) + 2  # CartPole pays one for each step; one more for each beginning
    assert (film.env, film.fps, len(film.returns)) == ("CartPole-v1", 50.0, 2)


def test_who_acts_in_no_environment_is_not_filmed(tmp_path: Path) -> None:
    saved = palestra.UCB(World("bandit/bernoulli", 3)).save(tmp_path / "bandits")
    with pytest.raises(UsageError, match="ucb acts in no environment; expected a run of an agent"):
        make_film(saved, out=tmp_path)


def test_a_world_without_pictures_is_refused_before_it_is_trained_in() -> None:
    with pytest.raises(UsageError, match="expected a Gymnasium id"):
        check_filmable(World("probe/Counting"))
