"""PyBullet's picture of the arm beside the twin's, of the same states: ``docs/images/arm-twin.png``."""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.envs.arm.gym_env import ArmEnv
from palestra.envs.arm.looks import LEVELS
from palestra.envs.arm.settings import ArmSettings
from palestra.envs.arm.twin import ArmTwin
from palestra.envs.backends.torch import TorchVectorEnv
from palestra.pictures.chart import INK, make_figure, save

COLUMNS = 8
DEFAULT = Path(__file__).parents[1] / "docs" / "images" / "arm-twin.png"


def pictures(size: int) -> dict[str, NDArray[np.uint8]]:
    """Rows of pictures (COLUMNS, size, size): one state of the expert's way to an object in each column."""
    world = ArmEnv(view="pixels", objects="held-out", image_size=size)
    joints, places, real = [], [], []
    for column in range(COLUMNS):
        obs, _ = world.reset(seed=column)
        for _ in range(column % 5):
            obs, _, terminated, *_ = world.step(world.expert())
            if terminated:
                break
        real.append(obs[-1])
        joints.append(world._joints[0])
        places.append(world._place[0])
    world.close()
    rows = {"PyBullet, held-out objects": np.stack(real)}
    for level in LEVELS:
        rules = ArmTwin(COLUMNS, settings=ArmSettings(view="pixels", randomisation=level, image_size=size))
        twin = TorchVectorEnv(rules)
        twin.reset(0)
        seen = twin.set_state(rules.arranged(torch.stack(joints), torch.stack(places)))
        rows[f"twin, randomisation {level!r}"] = seen[:, -1].numpy()
    return rows


def main() -> None:
    """Draw, write, and say how far apart the pictures are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DEFAULT)
    parser.add_argument("--size", type=int, default=84)
    args = parser.parse_args()
    with torch.inference_mode():
        rows = pictures(args.size)
    real = rows["PyBullet, held-out objects"].astype(float)
    figure = make_figure(11.0)
    for i, (title, row) in enumerate(rows.items()):
        for column in range(COLUMNS):
            axes = figure.add_axes((column / COLUMNS + 0.004, 0.97 - (i + 1) * 0.194, 0.117, 0.17))
            axes.imshow(row[column], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.set_axis_off()
        figure.text(0.006, 0.975 - i * 0.194 - 0.012, title, color=INK, size=13)
        print(f"{title}: mean absolute difference from PyBullet {np.abs(row - real).mean():.1f} grey levels of 255")
    print(save(figure, args.out))


if __name__ == "__main__":
    main()
