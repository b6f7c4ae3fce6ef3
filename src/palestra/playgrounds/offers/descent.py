"""Gradient descent on a surface: four ways down from one point, side by side."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from dataclasses import dataclass
from typing import Literal

from palestra.errors import require
from palestra.playgrounds.offer import MOST_SEED, Asked, Offer, Preset, Text, setting

REACH = 3.0
"""The surface is shown, and walked from, as far as this on both axes."""


@dataclass(frozen=True)
class DescentAsked(Asked):
    """Settings of gradient descent."""

    surface: Literal["valley", "banana", "waves", "saddle"] = setting(
        "valley", "曲面：在哪里下山",
        names={
            "valley": Text("a long valley", "狭长的山谷"),
            "banana": Text("a bent valley", "弯曲的山谷"),
            "waves": Text("a bowl with dents", "坑坑洼洼的碗"),
            "saddle": Text("a mountain pass", "山口（鞍点）"),
        },
    )  # fmt: skip
    """Where to walk down."""
    start: tuple[float, ...] = setting((-2.2, 1.6), "起点：从哪里出发", low=-REACH, high=REACH, most=2, drawn=True)
    """Where all four begin."""
    sgd_rate: float = setting(0.05, "SGD 学习率：直接往下走的步长", low=0.0001, high=10.0)
    """Learning rate of gradient descent, which goes straight down."""
    momentum_rate: float = setting(0.02, "动量学习率：会滚动的球", low=0.0001, high=10.0)
    """Learning rate of the ball that rolls."""
    momentum: float = setting(0.9, "动量：速度保留的比例", low=0.0, high=0.999)
    """Share of its velocity that the ball keeps."""
    rmsprop_rate: float = setting(0.05, "RMSprop 学习率：每个方向自己的步长", low=0.0001, high=10.0)
    """Learning rate of RMSprop, which divides by the size of recent gradients."""
    adam_rate: float = setting(0.1, "Adam 学习率：两者合一", low=0.0001, high=10.0)
    """Learning rate of Adam, which does both."""
    noise: float = setting(0.0, "噪声：像小批量那样不准的梯度", low=0.0, high=10.0)
    """Deviation of what is added to every gradient, as a batch of few samples adds it."""
    seed: int = setting(0, "种子：噪声由它而来", low=0, high=MOST_SEED)
    """Where the noise comes from."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(len(self.start) == 2, f"start={list(self.start)}", "two numbers")


OFFER = Offer(
    "descent",
    Text("Down the hill", "下山"),
    Text(
        "Put down a ball and see four optimizers find their way from it, side by side.",
        "放下一个球，看四种优化器从同一点出发怎样各走各的路。",
    ),
    DescentAsked,
    (
        Preset(
            "bend",
            Text("Round the bend", "转弯"),
            Text(
                "Into the bent valley is steep, along it is flat. All four fall in at once; then"
                " momentum and Adam carry"
                " on along it while plain descent creeps.",
                "掉进弯谷很陡，沿着谷底却很平。四个都立刻掉进去；之后动量和 Adam 沿谷底前进，普通下降只能爬。",
            ),
            {
                "surface": "banana", "start": (-1.5, 2.2), "sgd_rate": 0.008, "momentum_rate": 0.002,
                "rmsprop_rate": 0.02, "adam_rate": 0.1,
            },
        ),
        Preset(
            "too-fast",
            Text("A learning rate too high", "学习率太大"),
            Text(
                "The steepest curvature is 10, so straight descent converges below a rate of 2/10. At 0.205 every step"
                " lands higher on the other side than the one before, and it leaves the picture.",
                "最陡方向的曲率是 10，所以学习率低于 2/10 才收敛。取 0.205 时，"
                "每一步都落到对面更高的地方，最后飞出画面。",
            ),
            {"sgd_rate": 0.205},
            fails=True,
        ),
        Preset(
            "dents",
            Text("The nearest dent", "最近的坑"),
            Text(
                "Each walks down to the dent that it comes by first; the lowest is in the middle. Give the ball more"
                " momentum, or the gradients noise, and begin again.",
                "谁都走进自己先遇到的坑；最低点在正中。给球更多动量，或者给梯度一点噪声，再来一次。",
            ),
            {"surface": "waves", "start": (-2.4, 2.1), "sgd_rate": 0.02, "momentum_rate": 0.01, "momentum": 0.8},
            fails=True,
        ),
        Preset(
            "pass",
            Text("Stuck on the pass", "停在山口"),
            Text(
                "Straight above the pass the gradient points at it and nowhere else, so all four walk there and stop:"
                " the derivative is zero, and it is no lowest point. A little noise sets them free.",
                "正对山口时梯度只指向山口，四个都走到那里停下：导数是零，却不是最低点。加一点噪声就能离开。",
            ),
            {"surface": "saddle", "start": (0.0, 2.0)},
            fails=True,
        ),
        Preset(
            "noise",
            Text("Noisy gradients", "有噪声的梯度"),
            Text(
                "With noise no constant rate comes to rest: each wanders about the lowest point, the wider the larger"
                " its rate.",
                "有噪声时，步长不变就停不下来：都在最低点周围游荡，步长越大，荡得越开。",
            ),
            {"noise": 4.0},
        ),
    ),
)  # fmt: skip
"""What is offered."""
