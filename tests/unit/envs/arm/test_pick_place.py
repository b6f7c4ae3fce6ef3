"""Pick and place: the twin's law of grasping by hand, what is rewarded, and real contacts in PyBullet."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env
from torch import Tensor
from twins import arrange, made, rules

import palestra
from palestra.envs.arm.jaws import GRIP, OPENING, WIDEST
from palestra.envs.arm.pick_place import PLINTH, PickPlace
from palestra.envs.arm.task import TABLE_TOP, VIEWS
from palestra.errors import UsageError

assert palestra  # registers the ids
PICK_PLACE = "palestra/ArmPickPlace-v0"
HALF = (0.02, 0.02, 0.025)
AT, GOAL = (0.5, 0.0), (0.55, 0.17)
SHUT, OPEN = torch.tensor([[-1.0]]), torch.tensor([[1.0]])


def place(opening: float = WIDEST, at: tuple[float, ...] = AT) -> Tensor:
    """A place (1, 10) with the block on the table, or at a point."""
    zeros = torch.tensor([[*at[:2], 0.0, *GOAL, 0.0, opening, 0.0, 0.0, 0.0]])
    fitted = PickPlace().fit(zeros, torch.tensor([HALF]))
    return fitted if len(at) == 2 else torch.cat((torch.tensor([at]), fitted[:, 3:]), 1)


def over(x: float = 0.0, y: float = 0.0, z: float = 0.0, of: Tensor | None = None) -> Tensor:
    """An end effector (1, 3) whose grip point is that far from the block's middle."""
    return (place() if of is None else of)[:, :3] + torch.tensor([[x, y, z + GRIP]])


def test_it_grips_lifts_carries_and_lets_go() -> None:
    task, here, up = PickPlace(), over(), torch.tensor([[0.0, 0.0, 0.1]])
    closing = task.move(here, here, place(), SHUT)
    assert task.move(here, here + up, place(), SHUT)[0, 6].item() == pytest.approx(WIDEST - OPENING)  # around nothing
    held = task.move(here, here, closing, SHUT)
    assert held[0, 6].item() == pytest.approx(2 * HALF[1])  # no narrower than the block
    assert task.held(here, held).item()
    lifted = task.move(here, here + up, held, SHUT)
    torch.testing.assert_close(lifted[:, :3], held[:, :3] + up)
    across = torch.tensor([[GOAL[0] - AT[0], GOAL[1] - AT[1], 0.0]])
    carried = task.move(here + up, here + up + across, lifted, SHUT)
    torch.testing.assert_close(carried[:, :2], torch.tensor([GOAL]))
    there = here + up + across
    put = task.move(there, there, carried, OPEN)
    assert put[0, 2].item() == pytest.approx(TABLE_TOP + PLINTH.height + HALF[2])  # it has fallen on the plinth
    assert task.reward_and_end(there, put)[0].item() == 1.0
    dropped = task.move(here + up, here + up, lifted, OPEN)
    torch.testing.assert_close(dropped[:, :3], place()[:, :3])  # and here on the table


@pytest.mark.parametrize(
    ("offset", "what"),
    [
        ((0.0, 0.0, 0.06), "above it"),
        ((0.0, 0.06, 0.0), "a finger on it"),
        ((0.05, 0.0, 0.0), "beside it"),
        ((0.015, 0.0, 0.0), "not centred"),
        ((0.0, 0.0, 0.035), "too little of its height"),
    ],
)
def test_what_is_not_between_the_pads_is_not_held(offset: tuple[float, float, float], what: str) -> None:
    task, here = PickPlace(), over(*offset)
    now = place()
    for _ in range(3):
        now = task.move(here, here, now, SHUT)
    assert not task.held(here, now).item(), what
    assert now[0, 2] == place()[0, 2]
    assert (now[0, 0] == place()[0, 0]) == (what != "not centred")


def test_off_centre_along_the_jaws_they_bring_it_to_their_middle() -> None:
    task, here = PickPlace(), over(0.0, 0.02, 0.0)
    now = task.move(here, here, task.move(here, here, place(), SHUT), SHUT)
    assert task.held(here, now).item()
    assert now[0, 1].item() == pytest.approx(here[0, 1].item())


def test_a_finger_pushes_what_it_runs_into() -> None:
    task = PickPlace()
    now = task.move(over(0.0, -0.2), over(0.0, -0.06), place(), OPEN)
    assert now[0, 1].item() == pytest.approx(-0.06 + WIDEST / 2 + 0.012 + HALF[1], abs=1e-6)
    high = task.move(over(0.0, -0.2, 0.1), over(0.0, -0.06, 0.1), place(), OPEN)
    torch.testing.assert_close(high, place())


def test_rewards_are_those_of_the_goals() -> None:
    task, goal = PickPlace(), place()[0, 3:6]
    there = place(at=tuple(goal.tolist()))
    away = over(0.0, 0.0, 0.1, of=there)
    assert [each.item() for each in task.reward_and_end(away, there)] == [1.0, True, True]
    held = place(2 * HALF[1], tuple(goal.tolist()))
    assert [each.item() for each in task.reward_and_end(over(of=held), held)] == [0.0, False, False]
    lost = place(at=(0.5, 0.4, 0.0))
    reward, ended, success = task.reward_and_end(away, lost)
    assert reward.item() == pytest.approx(-0.1)
    assert (ended.item(), success.item()) == (True, False)


def test_block_and_plinth_leave_room_for_the_jaws() -> None:
    sampled = PickPlace().sample(2_000, torch.Generator().manual_seed(0))
    assert (sampled[:, :2] - sampled[:, 3:5]).norm(dim=1).min() >= 0.16
    assert (sampled[:, [1, 4]].abs() <= 0.18).all()
    assert (2 * sampled[:, 8] < WIDEST - 0.03).all()


def test_the_gripper_points_down_in_the_whole_workspace() -> None:
    """Else the grip point would not be under the flange."""
    twin = made(300, task="pick-place")
    twin.reset(0)
    box, rng = rules(twin).task.workspace, torch.Generator().manual_seed(0)
    low, high = torch.tensor(box.low), torch.tensor(box.high)
    for _ in range(3):
        aim = low + (high - low) * torch.rand(300, 3, generator=rng)
        for _ in range(8):
            here = rules(twin)._end(twin.state[:, :7])
            twin.step(torch.cat((((aim - here) / 0.1).clamp(-1, 1), torch.ones(300, 1)), 1))
        assert (rules(twin)._end(twin.state[:, :7]) - aim).norm(dim=1).max() < 2e-3


def test_the_twins_expert_puts_every_block() -> None:
    twin = made(300, task="pick-place")
    twin.reset(0)
    ends = wins = 0
    for _ in range(40):
        result = twin.step(twin.expert())
        ends += int((result.terminated | result.truncated).sum())
        wins += int(rules(twin).success.sum())
    assert ends > 600
    assert wins >= 0.99 * ends


def test_the_twins_picture_shows_the_jaws_and_the_plinth() -> None:
    twin = made(1, task="pick-place", view="pixels", frame_stack=1)
    twin.reset(0)
    joints = rules(twin).robot.initial[None]
    seen = [arrange(twin, joints, each).int() for each in (place(), place(0.03))]
    assert ((seen[0] - seen[1]).abs() > 20).sum() > 10  # the opening
    moved = place()
    moved[:, 3:5] = torch.tensor([[0.6, -0.15]])
    assert ((seen[0] - arrange(twin, joints, moved).int()).abs() > 50).sum() > 100


@pytest.fixture
def world() -> Any:
    pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    envs: list[gym.Env[Any, Any]] = []

    def make(**kwargs: Any) -> gym.Env[Any, Any]:
        envs.append(gym.make(PICK_PLACE, **kwargs))
        return envs[-1]

    yield make
    for env in envs:
        env.close()


@pytest.mark.parametrize("view", VIEWS)
def test_gymnasium_accepts_it(world: Any, view: str) -> None:
    check_env(world(view=view, image_size=24, render_mode="rgb_array").unwrapped, skip_render_check=view != "pixels")


def played(env: gym.Env[Any, Any], seed: int, noise: float = 0.15) -> list[Any]:
    """An episode of the expert with a trembling hand."""
    course, rng = [env.reset(seed=seed)[0]], np.random.default_rng(seed)
    for _ in range(40):
        action = env.unwrapped.expert() + noise * rng.standard_normal(4, np.float32)  # type: ignore[attr-defined]
        obs, reward, terminated, truncated, info = env.step(action)
        course.append((obs, reward, terminated, truncated, info["ended"]))
        if terminated or truncated:
            break
    return course


def test_blocks_never_seen_are_put_on_the_plinth_by_force_and_friction(world: Any) -> None:
    env = world(objects="held-out")
    for seed in range(4):
        assert played(env, seed, noise=0.0)[-1][1:] == (1.0, True, False, "reached")


def test_jaws_that_stay_open_lift_nothing(world: Any) -> None:
    """And a block that is let go of falls: it is held by nothing but the contacts."""
    env = world().unwrapped
    env.reset(seed=1)
    start = env._place[0, 2].item()
    for _ in range(3):
        env.step(env.expert())
    closed = 0
    while env._place[0, 2] < start + 0.03:
        env.step(env.expert())
        closed += 1
        assert closed < 8
    for _ in range(3):
        env.step(np.array([0, 0, 0, 1], np.float32))
    assert env._place[0, 2].item() == pytest.approx(start, abs=0.012)
    for _ in range(2):
        env.step(np.array([0, 0, 1, 1], np.float32))
    assert env._place[0, 2].item() == pytest.approx(start, abs=0.012)


def test_the_same_seed_and_actions_give_the_same_episode(world: Any) -> None:
    """Bit for bit, with contacts, in another order, in another world."""
    one, two = world(), world()
    first = {seed: played(one, seed) for seed in (1, 2)}
    for env, seed in ((two, 2), (two, 1)):
        again = played(env, seed)
        assert len(again) == len(first[seed])
        np.testing.assert_array_equal(again[0], first[seed][0])
        for ours, theirs in zip(again[1:], first[seed][1:], strict=True):
            np.testing.assert_array_equal(ours[0], theirs[0])
            assert ours[1:] == theirs[1:]


def test_both_worlds_reward_and_move_alike(world: Any) -> None:
    """The expert's episode, each world by its own expert, ends in the same way and in about as many steps."""
    env, twin = world().unwrapped, made(1, task="pick-place")
    twin.reset(0)
    for seed in range(2):
        env.reset(seed=seed)
        arrange(twin, env._joints, env._place)
        steps = {"world": 0, "twin": 0}
        while not env.step(env.expert())[2]:
            steps["world"] += 1
            assert steps["world"] < 40
        while not twin.step(twin.expert()).terminated:
            steps["twin"] += 1
            assert steps["twin"] < 40
        assert rules(twin).success.item()
        assert abs(steps["world"] - steps["twin"]) <= 3


def test_compute_reward_is_the_reward_of_the_step(world: Any) -> None:
    env = world(view="goal")
    env.reset(seed=0)
    for _ in range(40):
        obs, reward, terminated, _, info = env.step(env.unwrapped.expert())
        computed = env.unwrapped.compute_reward(obs["achieved_goal"], obs["desired_goal"], info)
        assert computed == pytest.approx(reward, abs=1e-7)
        if terminated:
            break
    assert reward == 1.0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"control": "teleport"}, "control='teleport' for jaws"),
        ({"urdf": "mine.urdf"}, "urdf='mine.urdf' for a task with jaws"),
        ({"radius": -1.0}, "radius=-1.0; expected a positive distance"),
        ({"objects": "blocks"}, "unknown object set"),
    ],
)
def test_settings_that_cannot_be_had_are_told(world: Any, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        world(**settings)


def test_an_action_has_four_numbers(world: Any) -> None:
    env = world().unwrapped
    env.reset(seed=0)
    with pytest.raises(UsageError, match=r"shape \(3,\); expected \(4,\), .* and the opening of the jaws"):
        env.step(np.zeros(3, np.float32))
    with pytest.raises(UsageError, match="four finite numbers"):
        env.step(np.full(4, np.nan, np.float32))
