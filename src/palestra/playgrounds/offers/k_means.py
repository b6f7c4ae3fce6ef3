"""K-means: points that are put down, centres that are dragged, and the passes between."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from dataclasses import dataclass
from typing import Literal

from palestra.errors import require
from palestra.playgrounds.offer import MOST_SEED, Asked, Offer, Preset, Text, setting

REACH = 1.0
"""Points and centres lie between minus this and this on both axes."""
MOST_POINTS = 2_000


@dataclass(frozen=True)
class KMeansAsked(Asked):
    """Settings of k-means."""

    data: Literal["three", "five", "long", "rings", "none", "own"] = setting(
        "three", "数据：从哪些点开始",
        names={
            "three": Text("three clouds", "三团"),
            "five": Text("five clouds", "五团"),
            "long": Text("long clouds", "细长的两团"),
            "rings": Text("a ring around a cloud", "一团外面一圈"),
            "none": Text("no clouds at all", "没有团"),
            "own": Text("your own points", "自己的点"),
        },
    )  # fmt: skip
    """Which points."""
    points: tuple[tuple[float, ...], ...] = setting(
        (), "点：自己放的点", low=-REACH, high=REACH, most=MOST_POINTS, drawn=True
    )
    """Your own points."""
    groups: int = setting(3, "组数：有几个中心", low=1, high=10)
    """How many centres there are."""
    start: Literal["k-means++", "random"] = setting(
        "random", "起点：中心从哪里开始",
        names={
            "k-means++": Text("far apart (k-means++)", "彼此远离（k-means++）"),
            "random": Text("any points", "任意点"),
        },
    )  # fmt: skip
    """Where centres begin."""
    seed: int = setting(0, "种子：点和起点由它而来", low=0, high=MOST_SEED)
    """Where points and starts come from."""

    def __post_init__(self) -> None:
        super().__post_init__()
        flat = all(len(point) == 2 for point in self.points)
        require(flat, "a point without two numbers", "points as [x, y]")
        enough = self.data != "own" or len(self.points) >= self.groups
        require(enough, f"{len(self.points)} points of your own for {self.groups} centres", "as many points or more")


OFFER = Offer(
    "k-means",
    Text("Find the groups", "找出分组"),
    Text(
        "Drag the centres or put down points of your own, then see each pass move every centre to the"
        " middle of its points.",
        "拖动中心，或自己放点，看每一遍怎样把中心移到自己那些点的中间。",
    ),
    KMeansAsked,
    (
        Preset(
            "spread",
            Text("Begin far apart", "从远离处开始"),
            Text(
                "K-means++ draws each centre far from those before it; five clouds get a centre each almost every time."
                " Change the seed and see.",
                "k-means++ 让每个中心远离已有的中心；五团几乎总是各得一个。换几个种子看看。",
            ),
            {"data": "five", "groups": 5, "start": "k-means++"},
        ),
        Preset(
            "stuck",
            Text("A bad start", "糟糕的起点"),
            Text(
                "Two centres began in one cloud and share it for ever, while one elsewhere has to serve two clouds: no"
                " pass can mend it. Drag one of the two across, and step on.",
                "两个中心从同一团开始，就永远分着它，另一个却要管两团：哪一遍都改不了。把其中一个拖过去，再走几步。",
            ),
            {"data": "five", "groups": 5, "seed": 7},
            fails=True,
        ),
        Preset(
            "long",
            Text("Long clouds are cut", "细长的团被切断"),
            Text(
                "K-means measures straight distances, so it likes round groups: two long clouds side by side are cut"
                " across, since their halves are rounder.",
                "k-means 只看直线距离，因此偏爱圆的组：并排的两条细长的团会被横着切开，因为半条更圆。",
            ),
            {"data": "long", "groups": 2},
            fails=True,
        ),
        Preset(
            "rings",
            Text("A ring around a cloud", "环绕的圈"),
            Text(
                "No centre can stand for a ring: the nearest of two points is always one side of a straight line.",
                "没有哪个中心能代表一圈：离两点中哪个近，永远是直线的一侧。",
            ),
            {"data": "rings", "groups": 2},
            fails=True,
        ),
        Preset(
            "nothing",
            Text("Groups where there are none", "本来没有组"),
            Text(
                "K-means finds as many groups as it is asked for, also where there are none. That it found some says"
                " nothing.",
                "要几组，k-means 就给几组，哪怕根本没有组。找到了并不说明什么。",
            ),
            {"data": "none", "groups": 4},
            fails=True,
        ),
    ),
)  # fmt: skip
"""What is offered."""
