"""The twin's pictures: stacked, resumed, of one's own objects, and in other sizes."""

from typing import Any

import pytest
import torch
from torch import Tensor
from twins import made, rules

from palestra.envs.arm import eye as eye_module
from palestra.envs.arm import raycast
from palestra.envs.arm.reach import Reach
from palestra.envs.arm.task import Puck


def test_frames_are_stacked_oldest_first_and_repeated_at_a_start() -> None:
    twin = made(3, view="pixels", frame_stack=3, max_episode_steps=4, image_size=40)
    single = made(3, view="pixels", frame_stack=1, max_episode_steps=4, image_size=40)
    stacked, one = twin.reset(1), single.reset(1)
    assert torch.equal(stacked, one.repeat(1, 3, 1, 1))
    past = [one, one, one]
    for step in range(1, 9):
        action = torch.full((3, 3), 0.2 if step % 2 else -0.3)
        stacked, one = twin.step(action), single.step(action)
        past = [*past[1:], one.final_obs]
        assert torch.equal(stacked.final_obs, torch.cat(past, 1))
        if step % 4 == 0:
            past = [one.obs] * 3
        assert torch.equal(stacked.obs, torch.cat(past, 1))
        assert not torch.equal(past[1], past[2]) or step % 4 == 0


def test_a_resumed_run_compiles_where_the_first_one_did(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would not go on to the bit."""
    asked: list[bool] = []

    def render(*args: Any) -> Tensor:
        asked.append(args[-1])
        return raycast.render(*args[:-1])

    monkeypatch.setattr(eye_module, "render", render)
    monkeypatch.setattr(eye_module, "COMPILE_AFTER", 20)
    first, other = (made(4, view="pixels", image_size=12) for _ in range(2))
    first.reset(0)
    other.reset(9)
    for _ in range(2):
        first.step(torch.zeros(4, 3))
    saved = first.state_dict()
    asked.clear()
    for _ in range(5):
        first.step(torch.zeros(4, 3))
    assert asked == [False, False, True, True, True]  # 12, 16, 20, ... pictures before
    expected = list(asked)
    asked.clear()
    other.load_state_dict(saved)
    asked.clear()
    for _ in range(5):
        other.step(torch.zeros(4, 3))
    assert asked == expected


def test_a_task_of_ones_own_brings_its_object_into_the_picture() -> None:
    class Mine(Reach):
        puck = Puck(radius=0.06, height=0.08)

    for task in (Reach(), Mine()):
        twin = made(4, task=task, view="pixels", frame_stack=1)
        shown = twin.reset(0)
        away = twin.state.clone()
        away[:, 9] = -9.0  # below the floor, where nothing is seen
        eye = rules(twin).eye
        assert eye is not None
        hidden = eye._picture(rules(twin).parts(away), eye._behind)
        assert ((shown[:, 0] != hidden).flatten(1).sum(1) > 15).sum() >= 3


def test_a_larger_picture_of_the_same_state_is_the_same_scene() -> None:
    twin = made(3, view="pixels", frame_stack=1)
    small = twin.reset(0)[:, 0].float()
    eye = rules(twin).eye
    assert eye is not None
    large = eye.in_size(rules(twin).parts(twin.state), 168)[
        :, 1::2, ::2
    ].float()  # the pixels whose lower left corners agree
    assert (small - large).abs().mean() < 4
