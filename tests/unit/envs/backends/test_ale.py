"""Atari's games under the contract: ends by lives and by games, what is reported, limits, and exact resume."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from palestra.envs.backends.ale import AleVectorEnv
from palestra.envs.registry import make_vec
from palestra.envs.vector import StepResult
from palestra.envs.world import World
from palestra.errors import PalestraError, UsageError
from palestra.runs.codec import decode, encode

GAME = "ALE/Breakout-v5"


def make(num_envs: int = 2, **settings: Any) -> AleVectorEnv:
    pytest.importorskip("ale_py", reason="the [atari] extra is not installed")
    return AleVectorEnv(GAME, num_envs, env_kwargs=settings)


def play(env: AleVectorEnv, steps: int, seed: int = 0) -> Iterator[tuple[StepResult, Any]]:
    rng = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        yield env.step(torch.randint(4, (env.num_envs,), generator=rng)), env.reports


def repeats(obs: torch.Tensor) -> torch.Tensor:
    """(E,) whether all four pictures are one."""
    return (obs == obs[:, -1:]).flatten(1).all(1)


def test_games_are_the_backend_of_their_ids() -> None:
    env = make()
    assert env.observation_space.shape == (4, 84, 84)
    assert env.observation_space.dtype == np.uint8
    assert env.max_episode_steps == 27_000
    assert isinstance(make_vec(GAME, 1), AleVectorEnv)
    assert isinstance(World(GAME).make(reference=True), AleVectorEnv)
    with pytest.raises(UsageError, match=r"backend 'ale' does not have the environment 'CartPole-v1'"):
        make_vec("CartPole-v1", 1, backend="ale")
    with pytest.raises(UsageError, match="unknown setting of ALE/Breakout-v5 'frameskip'; nearest: frame_skip"):
        make(frameskip=4)
    with pytest.raises(UsageError, match="num_envs=5000; expected at most 4,096"):
        make_vec(GAME, 5_000)


def test_a_lost_life_is_an_end_after_which_the_game_goes_on() -> None:
    env = make()
    env.reset(0)
    lives, games, last = [env._row.games[0].lives], 0, env._row.games[0].score
    for result, reports in play(env, 300):
        game = env._row.games[0]
        lives.append(game.lives)
        if result.terminated[0]:
            assert repeats(result.obs[:1]).all()
        ended = [numbers for copy, numbers in reports if copy == 0]
        games += len(ended)
        if ended:
            assert ended[0]["game_score"] >= last
            assert ended[0]["game_steps"] > 50
        last = game.score
    assert games >= 1
    falls = sum(after < before for before, after in pairwise(lives))
    assert falls > 4
    assert {5, 4, 3, 2, 1} <= set(lives)


def test_a_game_is_measured_as_it_is_learned_from_but_for_ends_and_clipping() -> None:
    learned, measured = make(2), make(2, lives="restart", clip_reward=False)
    assert torch.equal(learned.reset(1), measured.reset(1))
    ends, total, whole = torch.zeros(2), torch.zeros(2), torch.zeros(2)
    for (ours, said), (theirs, also) in zip(play(learned, 250), play(measured, 250), strict=True):
        assert torch.equal(ours.obs, theirs.obs)
        assert said == also
        assert torch.equal(theirs.reward.sign()[~theirs.terminated], ours.reward[~theirs.terminated])
        assert (ours.terminated | ~theirs.terminated).all()
        over = torch.tensor([any(copy == number for copy, _ in said) for number in range(2)])
        assert torch.equal(theirs.terminated, over)
        ends += ours.terminated.float() - theirs.terminated.float()
        total += theirs.reward
        for copy, numbers in also:
            assert float(total[copy]) == numbers["game_score"]
            total[copy] = 0
        whole += over
    assert (ends > 3).all()
    assert whole.sum() > 0


def test_lives_can_be_ignored() -> None:
    env = make(1, lives="ignore", noop_max=0)
    before = env.reset(0)
    lives, games = set(), 0
    for result, said in play(env, 200):
        lives.add(env._row.games[0].lives)
        assert bool(result.terminated.any()) == bool(said)
        games += len(said)
        assert torch.equal(result.final_obs[:, :-1], before[:, 1:])
        before = result.obs
    assert lives == {5, 4, 3, 2, 1}
    assert games > 0


def test_a_game_is_cut_at_its_limit() -> None:
    env = make(2, max_episode_steps=7, lives="ignore")
    env.reset(0)
    for step, (result, said) in enumerate(play(env, 21), 1):
        cut = step % 7 == 0
        assert result.truncated.tolist() == [cut, cut]
        assert not result.terminated.any()
        assert [numbers["game_steps"] for _, numbers in said] == [7.0] * (2 * cut)
        assert bool(repeats(result.obs).all()) == cut


def test_copies_and_games_differ_and_pictures_are_shown_once_more_than_they_are_kept() -> None:
    env = make(4)
    obs = env.reset(0)
    assert repeats(obs).all()
    assert len({play_out.obs.numpy().tobytes() for play_out, _ in play(env, 30)}) > 20
    last = env.step(torch.zeros(4, dtype=torch.int64))
    before, after = last.obs[:, 1:], env.step(torch.zeros(4, dtype=torch.int64))
    going = ~(after.terminated | after.truncated)
    assert torch.equal(after.final_obs[going][:, :-1], before[going])


@pytest.mark.parametrize("settings", [{}, {"sticky": 0.25, "size": 42, "grey": False}])
def test_a_saved_state_goes_on_bit_for_bit_through_the_files_form(settings: dict[str, Any]) -> None:
    env, other = make(2, **settings), make(2, **settings)
    env.reset(5)
    list(play(env, 60))
    tensors, tree = encode(env.state_dict())
    state = decode({name: tensor.clone() for name, tensor in tensors.items()}, json.loads(json.dumps(tree)))
    expected = list(play(env, 120, seed=1))
    resumed = other.load_state_dict(state)
    assert not resumed.restarted.any()
    for (ours, said), (theirs, also) in zip(expected, play(other, 120, seed=1), strict=True):
        assert said == also
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    with pytest.raises(UsageError, match="a saved state of 2 copies of 'ALE/Breakout-v5' for 3 of"):
        make(3, **settings).load_state_dict(state)


def test_the_copies_of_gymnasiums_form_play_the_same_games() -> None:
    ours = make(2, lives="restart", clip_reward=False)
    theirs = make_vec(GAME, 2, backend="sync")
    assert torch.equal(ours.reset(4), theirs.reset(4))
    rng = torch.Generator().manual_seed(0)
    ends = 0
    for _ in range(250):
        action = torch.randint(4, (2,), generator=rng)
        a, b = ours.step(action), theirs.step(action)
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
        ends += int(a.terminated.sum())
    assert ends > 0


def test_what_is_played_does_not_depend_on_the_number_of_processes() -> None:
    alone, shared = make(4, processes=1), make(4, processes=2)
    assert [len(env._apart) for env in (alone, shared, make(1), make(3, processes=9))] == [0, 1, 0, 0]
    assert torch.equal(alone.reset(3), shared.reset(3))
    for (ours, said), (theirs, also) in zip(play(alone, 60), play(shared, 60), strict=True):
        assert said == also
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert encode(alone.state_dict())[1] == encode(shared.state_dict())[1]
    ahead = make(4, processes=2)
    ahead.load_state_dict(alone.state_dict())
    shared.load_state_dict(shared.state_dict())
    action = torch.tensor([1, 2, 3, 0])
    alike = zip(alone.step(action), shared.step(action), ahead.step(action), strict=True)
    assert all(torch.equal(a, b) and torch.equal(a, c) for a, b, c in alike)
    shared.close()
    assert shared._apart[0].process.exitcode == 0


def test_processes_are_as_many_as_pytorch_has_threads_unless_told() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert len(make(4)._apart) == 1
        torch.set_num_threads(1)
        assert not make(4)._apart
    finally:
        torch.set_num_threads(before)


def test_without_one_of_its_processes_it_has_to_begin_anew() -> None:
    env = make(4, processes=2)
    env.reset(0)
    env._apart[0].process.kill()
    with pytest.raises(PalestraError, match="the process of copies 2 to 3 of breakout was ended by signal 9"):
        list(play(env, 2))
    with pytest.raises(PalestraError, match="call reset"):
        env.state_dict()


def test_after_an_interrupted_step_it_can_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    env, other = make(4, processes=2), make(4, processes=1)
    env.reset(0)

    def interrupted() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(env._row, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(play(env, 1))
    assert torch.equal(env.reset(1), other.reset(1))
    for (ours, _), (theirs, _) in zip(play(env, 3), play(other, 3), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
