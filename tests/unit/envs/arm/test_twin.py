"""The twin is PyBullet's world over again: the same places, rewards, ends and pictures, many at a time."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from twins import arrange, made, rules

from palestra.envs.arm.gym_env import ArmEnv
from palestra.envs.arm.twin import ArmTwin
from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.registry import make_vec
from palestra.errors import PalestraError, UsageError

REACH, PUSH = "palestra/ArmReach-v0", "palestra/ArmPush-v0"


def end_effector(twin: TorchVectorEnv) -> Tensor:
    return rules(twin)._end(twin.state[:, :7])


@pytest.mark.parametrize(("control", "tolerance"), [("position", 5e-3), ("teleport", 1e-4)])
def test_the_same_actions_end_at_the_same_place(control: str, tolerance: float) -> None:
    """Twelve random actions in each of five walks: within 5 mm of PyBullet's motors, 0.1 mm of its teleport."""
    pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    world = ArmEnv(control=control, radius=1e-3)
    twin = made(1, radius=1e-3)
    generator = torch.Generator().manual_seed(0)
    for walk in range(5):
        world.reset(seed=walk)
        twin.reset(walk)
        for _ in range(12):
            # Back towards the middle, so that no walk leaves the workspace.
            middle = torch.tensor([[0.5, 0.0, 0.35]])
            action = 2 * (middle - end_effector(twin)) + 0.8 * (2 * torch.rand(1, 3, generator=generator) - 1)
            action = action.clamp(-1, 1)
            twin.step(action)
            world.step(action[0].numpy())
            assert (world._ee - end_effector(twin)).norm() < tolerance
    world.close()


def test_the_same_state_has_the_same_reward_and_end() -> None:
    """Twelve walks side by side, every other one guided to the object, the rest wherever chance leads."""
    pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    world = ArmEnv(control="teleport")
    twin = made(1)
    twin.reset(0)
    generator = torch.Generator().manual_seed(1)
    found = []
    for seed in range(12):
        world.reset(seed=seed)
        arrange(twin, world._joints, world._place)
        for _ in range(8):
            action = 2 * torch.rand(1, 3, generator=generator) - 1
            if seed % 2:
                action = twin.expert() + 0.3 * action
            action = action.clamp(-1, 1)
            _, reward, terminated, _, info = world.step(action[0].numpy())
            result = twin.step(action)
            assert result.reward.item() == pytest.approx(reward)
            assert bool(result.terminated) == terminated
            assert bool(rules(twin).success) == info["is_success"]
            assert rules(twin).distance.item() == pytest.approx(info["distance"], abs=1e-3)
            found.append(info["ended"])
            if terminated:
                break
    world.close()
    assert {"reached", "left", ""} <= set(found)


def test_the_same_state_looks_the_same() -> None:
    """Mean absolute difference over eight states on the way to held-out objects: 5.6 grey levels of 255 measured."""
    pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    world = ArmEnv(view="pixels", objects="held-out", frame_stack=1)
    twin = made(1, view="pixels", frame_stack=1)
    twin.reset(0)
    gaps = []
    for seed in range(8):
        obs, _ = world.reset(seed=seed)
        for _ in range(seed % 4):
            obs, *_ = world.step(world.expert())
        mine = arrange(twin, world._joints, world._place)[0, 0].numpy()
        gaps.append(np.abs(mine.astype(float) - obs[0]).mean())
    world.close()
    assert np.mean(gaps) < 7


def test_the_expert_reaches_every_object_and_pushes_most_pucks() -> None:
    for env_id, steps, least in ((REACH, 40, 1.0), (PUSH, 120, 0.97)):
        twin = make_vec(env_id, 300, env_kwargs={"max_episode_steps": 60})
        assert isinstance(twin, TorchVectorEnv)
        twin.reset(0)
        ends = wins = 0
        for _ in range(steps):
            result = twin.step(twin.expert())
            ends += int((result.terminated | result.truncated).sum())
            wins += int(rules(twin).success.sum())
        assert ends > 300
        assert wins >= least * ends


def test_every_view_shows_the_same_episodes() -> None:
    state, goal, pixels = (made(5, view=view, randomisation="high") for view in ("state", "goal", "pixels"))
    seen = state.reset(3), goal.reset(3)
    pixels.reset(3)
    for _ in range(12):
        assert torch.equal(seen[0][:, 7:10], seen[1][:, :3])  # the end effector, and what is achieved
        assert torch.equal(seen[0][:, 10:13], seen[1][:, 3:6])  # the object, and what is desired
        assert torch.equal(seen[0][:, :10], seen[1][:, 6:])
        assert torch.equal(state.state, goal.state)
        assert torch.equal(state.state, pixels.state)
        action = state.expert()
        results = [twin.step(action) for twin in (state, goal, pixels)]
        assert torch.equal(results[0].reward, results[1].reward)
        assert torch.equal(results[0].reward, results[2].reward)
        seen = results[0].obs, results[1].obs


def test_goals_are_rewarded_as_the_step_was() -> None:
    twin = made(200, view="goal")
    twin.reset(0)
    assert twin.goal is not None
    kinds = set()
    for _ in range(8):
        result = twin.step(twin.expert() + 0.8 * torch.randn(200, 3, generator=torch.Generator().manual_seed(0)))
        obs = result.final_obs
        reward, terminated = twin.goal.reward(obs[:, twin.goal.achieved], obs[:, twin.goal.desired])
        assert torch.equal(reward, result.reward)
        assert torch.equal(terminated, result.terminated)
        kinds |= set(reward.tolist())
    assert len(kinds) == 3


def test_the_time_limit_costs_a_tenth_and_does_not_terminate() -> None:
    twin = made(4, max_episode_steps=5)
    twin.reset(0)
    still = torch.zeros(4, 3)
    for step in range(1, 11):
        result = twin.step(still)
        late = step % 5 == 0
        assert torch.equal(result.truncated, torch.full((4,), late))
        assert not result.terminated.any()
        assert torch.equal(result.reward, torch.full((4,), -0.1 if late else 0.0))


def test_frame_skip_repeats_exactly_and_sums_until_the_end() -> None:
    """The notes' loop did one step too many and lost the first reward."""
    once, thrice = made(1, view="state"), made(1, view="state", frame_skip=3)
    once.reset(0)
    thrice.reset(0)
    action = torch.tensor([[-0.1, 0.05, -0.1]])
    for _ in range(3):
        slow = once.step(action)
    fast = thrice.step(action)
    assert torch.equal(slow.final_obs, fast.final_obs)
    # To the side: out of the workspace in the fourth movement, after which there is none.
    aside = torch.tensor([[0.0, 0.8, 0.0]])
    result = thrice.step(aside)
    assert not result.terminated
    assert result.reward == 0
    result = thrice.step(aside)
    assert result.terminated
    assert result.reward.item() == pytest.approx(-0.1)
    assert 0.3 < result.final_obs[0, 8] < 0.38


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"view": "picture"}, "unknown view of the task 'reach' 'picture'"),
        ({"view": "pixels+proprio"}, "two arrays"),
        ({"frame_skip": 0}, "frame_skip=0; expected at least 1"),
        ({"frame_stack": 0}, "frame_stack=0; expected at least 1"),
        ({"image_size": 0}, "image_size=0; expected at least 1"),
        ({"max_episode_steps": 0}, "max_episode_steps=0; expected at least 1"),
        ({"radius": -1.0}, "radius=-1.0; expected a positive distance"),
        ({"objects": "heldout"}, "objects='heldout' .* the torch backend, .* or in reference_kwargs"),
        ({"control": "motor"}, "control='motor' .* expected it with backend='sync'"),
        ({"urdf": "mine.urdf"}, "urdf='mine.urdf' .* the torch backend"),
        ({"robot": "panda"}, "unknown robot 'panda'"),
        ({"frame_skips": 2}, "unknown setting of palestra/ArmReach-v0 on the torch backend 'frame_skips'; nearest: fr"),
        ({"task": "push"}, "unknown setting"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_had_are_told(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make_vec(REACH, 2, backend="torch", env_kwargs=settings)


def test_push_has_no_pixels() -> None:
    with pytest.raises(UsageError, match="unknown view of the task 'push' 'pixels'"):
        make_vec(PUSH, 2, env_kwargs={"view": "pixels"})


def test_actions_that_are_no_numbers_are_told_and_too_large_ones_clipped() -> None:
    twin = made(2)
    with pytest.raises(PalestraError, match=r"call reset\(seed\) first"):
        twin.expert()
    twin.reset(0)
    with pytest.raises(UsageError, match="not finite"):
        twin.step(torch.tensor([[0.0, 0.0, 0.0], [0.0, float("nan"), 0.0]]))
    before = end_effector(twin)
    twin.step(torch.tensor([[0.0, 0.0, -5.0], [0.0, 0.0, -1.0]]))
    after = end_effector(twin)
    torch.testing.assert_close(before - after, torch.tensor([[0.0, 0.0, 0.1]]).expand(2, 3), atol=2e-3, rtol=0)


def test_it_needs_no_pybullet() -> None:
    code = (
        "import sys; sys.modules['pybullet'] = sys.modules['pybullet_data'] = None\n"
        "from palestra.envs.registry import make_vec\n"
        "env = make_vec('palestra/ArmReach-v0', 2, env_kwargs={'view': 'pixels', 'randomisation': 'medium'})\n"
        "print(tuple(env.reset(0).shape), env.step(env.expert()).reward.tolist())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "(2, 3, 84, 84) [0.0, 0.0]\n"), done.stderr


def test_its_dynamics_are_the_arms() -> None:
    twin = make_vec(REACH, 3)
    assert isinstance(twin, TorchVectorEnv)
    assert isinstance(twin.dynamics, ArmTwin)
