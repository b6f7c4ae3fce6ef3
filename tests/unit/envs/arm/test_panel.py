"""The panel of a film: beside the scene, with what the camera sees and what the action is."""

import numpy as np

from palestra.envs.arm.panel import WIDTH, beside


def test_it_stands_beside_the_scene_and_shows_what_is_seen() -> None:
    outside = np.full((480, 640, 3), 7, np.uint8)
    still = np.zeros(3, np.float32)
    black, white = (beside(outside, np.full((84, 84), grey, np.uint8), still, 0.5, "") for grey in (0, 255))
    assert (black.shape, black.dtype) == ((480, 640 + WIDTH, 3), np.uint8)
    assert (black[:, :640] == 7).all()
    middle = (slice(120, 200), slice(740, 820))  # inside the picture of what is seen
    assert (black[middle] == 0).all()
    assert (white[middle] == 255).all()


def test_action_distance_and_end_change_it() -> None:
    outside, seen = np.zeros((480, 640, 3), np.uint8), np.zeros((84, 84), np.uint8)
    still = np.zeros(3, np.float32)
    plain = beside(outside, seen, still, 0.5, "")
    assert (beside(outside, seen, still, 0.5, "") == plain).all()
    for changed in (
        beside(outside, seen, np.array([0, 1, 0], np.float32), 0.5, ""),
        beside(outside, seen, still, 0.25, ""),
        beside(outside, seen, still, 0.5, "reached"),
    ):
        assert (changed != plain).any()
