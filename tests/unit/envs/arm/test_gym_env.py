"""The arm as a Gymnasium environment: its views, what an action does, how episodes end, and that it repeats itself."""

import warnings
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env

import palestra
from palestra.envs.arm.camera import NOTES_CAMERA
from palestra.envs.arm.gym_env import ArmEnv
from palestra.envs.arm.kinematics import forward
from palestra.envs.arm.reach import Reach
from palestra.envs.arm.task import FRAME_STACK, VIEWS
from palestra.envs.registry import make_vec, reference_env
from palestra.envs.spaces import Packed, flat_dim
from palestra.errors import PalestraError, UsageError

assert palestra  # registers the ids
pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
REACH, PUSH = "palestra/ArmReach-v0", "palestra/ArmPush-v0"
REST = torch.zeros(7)
UP, DOWN, STILL = (np.array([0, 0, z], np.float32) for z in (1, -1, 0))


@pytest.fixture
def made() -> Iterator[Any]:
    envs: list[gym.Env[Any, Any]] = []

    def make(env_id: str = REACH, **kwargs: Any) -> gym.Env[Any, Any]:
        envs.append(gym.make(env_id, **kwargs))
        return envs[-1]

    yield make
    for env in envs:
        env.close()


def play(env: gym.Env[Any, Any], seed: int, steps: int = 6) -> list[Any]:
    """The course of an episode under random actions."""
    rng = np.random.default_rng(seed)
    course: list[Any] = [env.reset(seed=seed)]
    for _ in range(steps):
        course.append(env.step(rng.uniform(-1, 1, 3).astype(np.float32)))
        if course[-1][2] or course[-1][3]:
            break
    return course


def same(a: Any, b: Any) -> bool:
    """Whether two nested things are equal bit for bit."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(np.array_equal(a, b))


@pytest.mark.parametrize(("env_id", "view"), [*((REACH, view) for view in VIEWS), (PUSH, "state")])
def test_gymnasium_accepts_it(made: Any, env_id: str, view: str) -> None:
    check_env(made(env_id, view=view, render_mode="rgb_array").unwrapped)


@pytest.mark.parametrize(("env_id", "view"), [*((REACH, view) for view in VIEWS), (PUSH, "state")])
def test_stable_baselines_accepts_it(made: Any, env_id: str, view: str) -> None:
    checker = pytest.importorskip("stable_baselines3.common.env_checker", reason="the [bench] extra is not installed")
    with warnings.catch_warnings():
        # It would rather have images of 36 pixels at least, in a layout that it cannot tell from three colours.
        warnings.filterwarnings("ignore", message=".*", category=UserWarning, module="stable_baselines3")
        checker.check_env(made(env_id, view=view).unwrapped)


@pytest.mark.parametrize("view", VIEWS)
def test_the_same_seed_and_actions_give_the_same_episode(made: Any, view: str) -> None:
    """Bit for bit: in two environments side by side, and again in one that has done other things between."""
    one, two = made(view=view), made(view=view)
    first = play(one, seed=5)
    play(two, seed=6)
    assert same(play(two, seed=5), first)
    play(one, seed=7)
    assert same(play(one, seed=5), first)
    assert not same(play(one, seed=8), first)


def test_views_show_one_state(made: Any) -> None:
    """Four views of one episode agree, to the bit, on what more than one of them shows."""
    shown = {view: play(made(view=view), seed=1) for view in VIEWS}
    for state, pixels, both, goal in zip(*(shown[view] for view in VIEWS), strict=True):
        np.testing.assert_array_equal(both[0]["pixels"], pixels[0])
        np.testing.assert_array_equal(both[0]["proprio"], state[0][:10])
        np.testing.assert_array_equal(goal[0]["observation"], state[0][:10])
        np.testing.assert_array_equal(goal[0]["achieved_goal"], state[0][7:10])
        np.testing.assert_array_equal(goal[0]["desired_goal"], state[0][10:13])
        np.testing.assert_allclose(state[0][7:10] - state[0][10:13], state[0][13:], atol=1e-6)
        assert state[1:4] == pixels[1:4] == both[1:4] == goal[1:4]


def test_it_begins_as_in_the_notes(made: Any) -> None:
    env = made()
    obs, info = env.reset(seed=0)
    initial = [0.006418, 0.413184, -0.011401, -1.589317, 0.005379, 1.137684, -0.006539]
    np.testing.assert_allclose(obs[:7], initial, atol=1e-6)
    np.testing.assert_allclose(obs[7:10], [0.532054, -0.001121, 0.496298], atol=1e-5)  # PyBullet's own, measured
    assert info["distance"] == pytest.approx(np.linalg.norm(obs[7:10] - obs[10:13]), abs=1e-6)
    places = np.array([env.reset()[0][10:13] for _ in range(50)])
    assert (places[:, :2] >= (0.2, -0.3)).all()
    assert (places[:, :2] <= (0.7, 0.3)).all()
    assert (np.ptp(places[:, :2], 0) > (0.35, 0.4)).all()


@pytest.mark.parametrize("control", ["position", "teleport"])
def test_an_action_moves_the_end_effector_by_a_tenth_of_a_metre(made: Any, control: str) -> None:
    """The command within 1 mm by the kinematics; the arm within 2 mm of it by the dynamics; the gripper down."""
    env = made(control=control).unwrapped
    rng = np.random.default_rng(0)
    for seed in range(3):
        env.reset(seed=seed)
        before = forward(env.robot, env._command)[0, -1, :3, 3].numpy()
        for _ in range(6):
            aim = rng.uniform((0.4, -0.2, 0.2), (0.65, 0.2, 0.5))
            action = ((aim - before) / 0.1).clip(-1, 1).astype(np.float32)
            obs = env.step(action)[0]
            after = forward(env.robot, env._command)[0, -1, :3, 3].numpy()
            assert np.linalg.norm(after - (before + 0.1 * action)) < 1e-3
            assert np.linalg.norm(obs[7:10] - after) < 2e-3
            lower, upper = env.robot.lower.numpy(), env.robot.upper.numpy()
            assert ((obs[:7] >= lower - 0.01) & (obs[:7] <= upper + 0.01)).all()
            x, y, z, w = env.sim.end_effector()[1]
            tilt = 1 - 2 * (x * x + y * y)  # the z axis of the last link, upwards
            assert tilt < -0.999, (x, y, z, w)
            before = after


def test_commands_cannot_run_away(made: Any) -> None:
    """Ten steps against the end of the arm's reach, and the first step back is a step back."""
    env = made(PUSH).unwrapped
    env.reset(seed=0)
    for _ in range(10):
        out = env.step(np.array([1, 0, 0], np.float32))[0]
    back = env.step(np.array([-1, 0, 0], np.float32))[0]
    assert out[7] - back[7] > 0.05
    assert ((env._command >= env.robot.lower) & (env._command <= env.robot.upper)).all()


def test_frame_skip_executes_the_action_exactly_as_often(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The notes executed one more, and threw the first reward away."""
    env = made(frame_skip=3, max_episode_steps=5).unwrapped
    env.reset(seed=0)
    moves, rewards = [], iter([0.25, 0.5, 1.0, 2.0])
    monkeypatch.setattr(env.sim, "move", moves.append)

    def reward(self: Reach, ee: torch.Tensor, place: torch.Tensor) -> Any:
        return torch.tensor([next(rewards)]), torch.tensor([False]), torch.tensor([False])

    monkeypatch.setattr(Reach, "reward_and_end", reward)
    assert env.step(UP * 0.1)[1] == 1.75
    assert len(moves) == 3


def test_frame_skip_stops_at_the_end(made: Any) -> None:
    single, skipping = made().unwrapped, made(frame_skip=8).unwrapped
    single.reset(seed=3)
    skipping.reset(seed=3)
    obs, reward, terminated, _, info = skipping.step(UP)
    steps = 0
    while True:
        expected = single.step(UP)
        steps += 1
        if expected[2]:
            break
    assert steps < 8
    assert (reward, terminated, info["ended"]) == (expected[1], True, "left")
    np.testing.assert_array_equal(obs, expected[0])


def test_the_stack_holds_the_last_pictures_oldest_first(made: Any) -> None:
    env, single = made(view="pixels", frame_stack=3), made(view="pixels", frame_stack=1)
    stacked, one = play(env, seed=2, steps=4), play(single, seed=2, steps=4)
    pictures = [one[0][0][0]] * 2 + [step[0][0] for step in one]
    for i, step in enumerate(stacked):
        np.testing.assert_array_equal(step[0], np.stack(pictures[i : i + 3]))
    assert len({picture.tobytes() for picture in pictures}) == len(one)  # each step changes the picture


def test_a_picture_is_whole_and_as_large_as_asked(made: Any) -> None:
    """No random crop: the same state is the same picture. That belongs to the learner, with one shift for a stack."""
    env = made(view="pixels", image_size=48).unwrapped
    first = env.reset(seed=0)[0]
    assert (first.shape, first.dtype) == ((3, 48, 48), np.uint8)
    assert (first[0] == first[1]).all()
    assert (first[1] == first[2]).all()
    np.testing.assert_array_equal(env.reset(seed=0)[0], first)


def test_reaching_the_object_ends_it_with_one(made: Any) -> None:
    env = made(objects="held-out")
    for seed in range(8):
        env.reset(seed=seed)
        total, ended = 0.0, False
        while not ended:
            _, reward, terminated, truncated, info = env.step(env.unwrapped.expert())
            total, ended = total + reward, terminated or truncated
        assert (total, terminated, truncated) == (1.0, True, False)
        assert (info["is_success"], info["ended"]) == (True, "reached")
        assert info["distance"] < 0.1


def test_leaving_the_workspace_ends_it_with_a_tenth_less(made: Any) -> None:
    env = made()
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step(UP)
    assert (reward, terminated, truncated) == (pytest.approx(-0.1), True, False)
    assert (info["is_success"], info["ended"]) == (False, "left")


@pytest.mark.parametrize("limit", [None, 7])
def test_the_step_limit_truncates_with_a_tenth_less(made: Any, limit: int | None) -> None:
    """The notes called it terminated, one step late, and after it a success counted for nothing."""
    env = made(**({} if limit is None else {"max_episode_steps": limit}))
    env.reset(seed=0)
    for i in range(limit or 40):
        _, reward, terminated, truncated, info = env.step(STILL)
        assert truncated == (i == (limit or 40) - 1)
        assert not terminated
        assert reward == (pytest.approx(-0.1) if truncated else 0.0)
    assert info["ended"] == "out of time"


def test_an_end_at_the_step_limit_is_an_end(made: Any) -> None:
    env = made(max_episode_steps=1, control="teleport")
    env.reset(seed=0)
    state = env.unwrapped
    state.set_state(state.robot.initial, [0.53, 0.0, 0.35])  # the object in the air; there is no time for it to fall
    _, reward, terminated, truncated, info = env.step(DOWN)
    assert (reward, terminated, truncated, info["ended"]) == (1.0, True, False, "reached")


@pytest.mark.parametrize("env_id", [REACH])
def test_compute_reward_is_the_reward_of_the_step(made: Any, env_id: str) -> None:
    env = made(env_id, view="goal", max_episode_steps=8)
    assert not hasattr(made().unwrapped, "compute_reward")  # which would make Stable-Baselines3 look for goals
    seen = []
    for seed in range(12):
        env.reset(seed=seed)
        ended = False
        while not ended:
            action = env.unwrapped.expert() if seed % 3 == 0 else UP * (seed % 3 - 1.0)
            obs, reward, terminated, truncated, info = env.step(action)
            ended = terminated or truncated
            seen.append((obs["achieved_goal"], obs["desired_goal"], info, reward))
            computed = env.unwrapped.compute_reward(obs["achieved_goal"], obs["desired_goal"], info)
            assert computed == pytest.approx(reward, abs=1e-7)
    achieved, desired, infos, rewards = zip(*seen, strict=True)
    many = env.unwrapped.compute_reward(np.stack(achieved), np.stack(desired), np.array(infos))
    np.testing.assert_allclose(many, rewards, atol=1e-7)
    assert set(np.round(rewards, 3)) == {-0.1, 0.0, 1.0}


def test_a_smaller_radius_asks_for_more(made: Any) -> None:
    env = made(radius=0.03)
    env.reset(seed=0)
    assert env.unwrapped.task == Reach(0.03)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ([np.nan, 0.0, 0.0], "nan.*expected three finite numbers"),
        ([0.0, np.inf, 0.0], "inf.*expected three finite numbers"),
        ([0.0, 0.0], r"shape \(2,\); expected \(3,\)"),
        ([[0.0, 0.0, 0.0]], r"shape \(1, 3\); expected \(3,\)"),
    ],
)
def test_actions_that_are_none(made: Any, action: Any, message: str) -> None:
    env = made().unwrapped
    env.reset(seed=0)
    with pytest.raises(UsageError, match=message):
        env.step(action)


def test_actions_out_of_bounds_are_clipped(made: Any) -> None:
    wild, tame = made(PUSH).unwrapped, made(PUSH).unwrapped
    wild.reset(seed=0)
    tame.reset(seed=0)
    expected = tame.step(np.array([-1.0, 0.5, -1.0], np.float32))
    assert same(wild.step(np.array([-9.0, 0.5, -1.5])), expected)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"view": "pixel"}, "unknown view of the task 'reach' 'pixel'; nearest: pixels"),
        ({"task": "reech"}, "unknown task of the arm 'reech'; nearest: reach"),
        ({"objects": "held_out"}, "unknown object set .* 'held_out'; nearest: held-out"),
        ({"randomisation": "hihg"}, "unknown level of randomisation 'hihg'; nearest: high"),
        ({"control": "torque"}, "unknown control 'torque'"),
        ({"robot": "kuka"}, "unknown robot 'kuka'; nearest: kuka_iiwa"),
        ({"frame_skip": 0}, "frame_skip=0; expected at least 1"),
        ({"frame_stack": 0}, "frame_stack=0; expected at least 1"),
        ({"image_size": 0}, "image_size=0; expected at least 1"),
        ({"radius": -1.0}, "radius=-1.0; expected a positive distance"),
        ({"urdf": "nowhere.urdf"}, "urdf='nowhere.urdf'; expected a URDF file that exists"),
        ({"render_mode": "human"}, "render_mode='human'; expected 'rgb_array' or None"),
    ],
)
def test_settings_that_cannot_be(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ArmEnv(**kwargs)


def test_a_step_before_the_first_reset() -> None:
    env = ArmEnv()
    for call in (lambda: env.step(STILL), env.arrangement, env.seen, lambda: env.set_state(REST, [0.5, 0, 0])):
        with pytest.raises(PalestraError, match=r"call reset\(\) first"):
            call()
    env.close()
    env.close()


def test_how_it_stands_and_what_is_seen_of_it_can_be_asked(made: Any) -> None:
    """In every view the same, and without a change to the episode."""
    course = play(made(), seed=2)
    for view in ("state", "pixels"):
        env = made(view=view).unwrapped
        env.reset(seed=2)
        joints, place = env.arrangement()
        np.testing.assert_array_equal(joints[0].numpy(), course[0][0][:7])
        np.testing.assert_array_equal(place[0].numpy(), course[0][0][10:13])
        np.testing.assert_array_equal(env.seen(), made(view="pixels").reset(seed=2)[0][-1])
        env.set_state(*(each[0] for each in env.arrangement()))
        after = env.arrangement()
        assert torch.allclose(after[0], joints, atol=1e-6)
        assert torch.allclose(after[1], place, atol=1e-6)


def test_a_film_shows_what_the_camera_sees(made: Any) -> None:
    """The panel beside the scene holds the observing camera's last picture; the scene has not changed by filming."""
    env = made(view="pixels", render_mode="rgb_array").unwrapped
    obs, _ = env.reset(seed=0)
    frame = env.render()
    assert (frame.shape, frame.dtype) == ((720, 1240, 3), np.uint8)
    panel = frame[:, 960:, 0].astype(float)
    middle = panel[60:280, 40:240]  # inside the inset, which is 240 wide
    rows = np.linspace(0, 83, 240).round().astype(int)
    inset = obs[-1][rows][:, rows][10:230, 20:220].astype(float)
    assert np.corrcoef(middle.ravel(), inset.ravel())[0, 1] > 0.9
    env.step(np.array([0, 0, -1], np.float32))
    assert (env.render() != frame).any()
    silent = made(view="pixels").unwrapped
    filmed = play(env, seed=4)
    env.render()
    assert same(play(silent, seed=4), filmed)


@pytest.mark.parametrize("view", ["state", "pixels", "goal"])
def test_worker_processes_do_as_this_one(view: str) -> None:
    kwargs = {"view": view, "max_episode_steps": 3}
    envs = [make_vec(REACH, 2, backend=backend, env_kwargs=kwargs) for backend in ("sync", "async")]
    try:
        first, second = (env.reset(7) for env in envs)
        torch.testing.assert_close(first, second, rtol=0, atol=0)
        assert first.shape[1:] == envs[0].observation_space.shape
        rng = np.random.default_rng(0)
        ends = 0
        for _ in range(7):
            action = torch.from_numpy(rng.uniform(-0.6, 0.6, (2, 3)).astype(np.float32))
            results = [env.step(action) for env in envs]
            for ours, theirs in zip(*results, strict=True):
                torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
            ends += int((results[0].terminated | results[0].truncated).sum())
            torch.testing.assert_close(envs[0].expert(), envs[1].expert(), rtol=0, atol=0)
        assert ends >= 4
        assert envs[0].max_episode_steps == 3
    finally:
        for env in envs:
            env.close()


@pytest.mark.parametrize("backend", ["sync", "async"])
def test_goals_lie_where_the_vector_environment_says(backend: str) -> None:
    env = make_vec(REACH, 2, backend=backend, env_kwargs={"view": "goal", "max_episode_steps": 4})
    try:
        assert env.observation_space.shape == (16,)
        assert env.goal is not None
        env.reset(3)
        for _ in range(6):
            result = env.step(env.expert() * 0.5)
            final = result.final_obs
            reward, terminated = env.goal.reward(final[:, env.goal.achieved], final[:, env.goal.desired])
            late = result.truncated
            torch.testing.assert_close(reward - 0.1 * late, result.reward)
            torch.testing.assert_close(terminated, result.terminated)
            torch.testing.assert_close(final[:, env.goal.achieved], final[:, 13:16])  # the end effector again
    finally:
        env.close()


def test_only_views_with_goals_have_them() -> None:
    env = make_vec(REACH, 1, backend="sync")
    assert env.goal is None
    env.close()


def test_pictures_and_numbers_together_are_packed() -> None:
    kwargs = {"view": "pixels+proprio", "image_size": 24}
    env = make_vec(REACH, 2, backend="sync", env_kwargs=kwargs)
    try:
        space = env.observation_space
        assert isinstance(space, Packed)
        parts = space.unpack(env.reset(0))
        assert (parts["pixels"].shape, parts["pixels"].dtype) == ((2, FRAME_STACK, 24, 24), torch.uint8)
        assert (parts["proprio"].shape, parts["proprio"].dtype) == ((2, 10), torch.float32)
        with pytest.raises(UsageError, match=r"images and numbers together, Packed\(pixels: \(3, .*view='pixels'"):
            flat_dim(space)
    finally:
        env.close()


def test_it_resumes_exactly() -> None:
    kwargs = {"view": "pixels", "image_size": 24}
    env, again = (make_vec(REACH, 2, backend="sync", env_kwargs=kwargs) for _ in range(2))
    env.reset(1)
    actions = torch.from_numpy(np.random.default_rng(0).uniform(-0.5, 0.5, (9, 2, 3)).astype(np.float32))
    for action in actions[:5]:
        env.step(action)
    resumed = again.load_state_dict(env.state_dict())
    assert not resumed.restarted.any()
    for action in actions[5:]:
        for ours, theirs in zip(env.step(action), again.step(action), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
    env.close()
    again.close()


def test_the_reference_environment_is_pybullets() -> None:
    env = reference_env(REACH, env_kwargs={"view": "goal"})
    assert isinstance(env.unwrapped, ArmEnv)
    assert env.reset(seed=0)[0].shape == (16,)
    env.close()


LEVEL_NAMES = ("none", "low", "medium", "high")


def test_randomisation_changes_what_is_seen_and_nothing_else(made: Any) -> None:
    """The same places and the same physics at every level; other pictures, the more so the higher it is."""
    shown = {name: play(made(view="pixels", randomisation=name), seed=4, steps=2) for name in LEVEL_NAMES[:3]}
    state = {name: play(made(randomisation=name), seed=4, steps=2) for name in LEVEL_NAMES[:3]}
    change = [np.abs(shown[name][0][0].astype(float) - shown["none"][0][0]).mean() for name in LEVEL_NAMES[:3]]
    assert change[0] == 0 < 1 < change[1] < change[2]
    for name in LEVEL_NAMES[:3]:
        assert same(state[name], state["none"])
        assert shown[name][1][1:] == shown["none"][1][1:]


def test_a_look_lasts_for_an_episode_and_depends_on_its_seed(made: Any) -> None:
    env, other = made(view="pixels", randomisation="high"), made(view="pixels", randomisation="high")
    first = play(env, seed=0)
    camera = env.unwrapped._camera
    play(env, seed=1)
    assert env.unwrapped._camera != camera
    play(other, seed=2)
    assert same(play(other, seed=0), first)
    assert other.unwrapped._camera == camera


def test_the_plain_look_is_pybullets_own(made: Any) -> None:
    env = made(view="pixels").unwrapped
    obs, _ = env.reset(seed=0)
    np.testing.assert_array_equal(env.sim.gray(NOTES_CAMERA), obs[-1])


def test_latency_delays_actions(made: Any) -> None:
    """At the highest level some episodes obey a step late: the first action then moves nothing."""
    env = made(PUSH, randomisation="high").unwrapped
    late = []
    for seed in range(8):
        before = env.reset(seed=seed)[0][7:10]
        moved = np.linalg.norm(env.step(DOWN)[0][7:10] - before)
        late.append(moved < 1e-3)
        assert late[-1] or moved == pytest.approx(0.1, abs=2e-3)
        after = env.step(STILL)[0][7:10]
        assert np.linalg.norm(after - before) == pytest.approx(0.1, abs=3e-3)
    assert 0 < sum(late) < 8
