"""The classifier: points of the plane, a network of a few units, and what each of them has learned."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from dataclasses import dataclass
from typing import Literal

from palestra.errors import require
from palestra.playgrounds.offer import MOST_SEED, Asked, Offer, Preset, Text, setting

REACH = 1.0
"""Points are shown between minus this and this on both axes."""
MOST_POINTS, MOST_CLASSES = 2_000, 4
MOST_LAYERS, MOST_UNITS = 4, 8


@dataclass(frozen=True)
class ClassifierAsked(Asked):
    """Settings of the classifier."""

    data: Literal["two", "three", "rings", "moons", "corners", "spirals", "own"] = setting(
        "rings", "数据：要分开的点",
        names={
            "two": Text("two clouds", "两团"),
            "three": Text("three clouds", "三团"),
            "rings": Text("a ring around a cloud", "一团外面一圈"),
            "moons": Text("two moons", "两弯月亮"),
            "corners": Text("opposite corners (xor)", "对角（异或）"),
            "spirals": Text("two spirals", "两条螺旋"),
            "own": Text("your own points", "自己的点"),
        },
    )  # fmt: skip
    """Which points are to be told apart."""
    points: tuple[tuple[float, ...], ...] = setting(
        (), "点：自己放的点和类别", low=-REACH, high=max(REACH, MOST_CLASSES - 1), most=MOST_POINTS, drawn=True
    )
    """Your own points as x, y and class."""
    noise: float = setting(0.1, "噪声：点的模糊程度", low=0.0, high=1.0)
    """How blurred the points are; of your own, nothing."""
    hidden: tuple[int, ...] = setting((6, 4), "隐藏层：每层的单元数", low=1, high=MOST_UNITS, most=MOST_LAYERS)
    """Units of each hidden layer; none for a straight line."""
    activation: Literal["relu", "tanh", "sigmoid"] = setting(
        "tanh", "激活函数：层与层之间",
        names={"relu": Text("ReLU", "ReLU"), "tanh": Text("tanh", "tanh"), "sigmoid": Text("sigmoid", "sigmoid")},
    )  # fmt: skip
    """What stands between layers."""
    learning_rate: float = setting(0.3, "学习率：每步走多远", low=0.0001, high=100.0)
    """How far a step goes."""
    weight_decay: float = setting(0.0, "权重衰减：让权重变小", low=0.0, high=1.0)
    """How much large weights cost."""
    batch_size: int = setting(20, "批量：每步看几个点", low=1, high=256)
    """Points of a step."""
    scale: float = setting(1.0, "放大：把输入乘以它", low=0.01, high=100.0)
    """What every coordinate is multiplied by before the network sees it."""
    seed: int = setting(0, "种子：点、权重和次序由它而来", low=0, high=MOST_SEED)
    """Where points, first weights and the order come from."""

    def __post_init__(self) -> None:
        super().__post_init__()
        known = all(
            len(point) == 3 and point[2] in range(MOST_CLASSES) and max(abs(point[0]), abs(point[1])) <= REACH
            for point in self.points
        )
        require(known, "a point of your own", f"[x, y, class], from -1 to 1 and one of 0 to {MOST_CLASSES - 1}")
        both = self.data != "own" or len({point[2] for point in self.points}) >= 2
        require(both, f"{len(self.points)} points of your own, of one class", "points of two classes or more")


OFFER = Offer(
    "classifier",
    Text("Tell points apart", "把点分开"),
    Text(
        "Choose points, layers and units, and watch the boundary form out of what each unit has learned.",
        "选点、选层数和单元数，看分界线怎样由每个单元学到的东西拼出来。",
    ),
    ClassifierAsked,
    (
        Preset(
            "spirals",
            Text("Two spirals", "两条螺旋"),
            Text(
                "Hard for a small network: boundaries of the first layer are straight, those of later layers are made"
                " of them. Give it some thousand steps.",
                "对小网络很难：第一层的分界是直的，后面各层由它们拼成。给它几千步。",
            ),
            {"data": "spirals", "hidden": (8, 8, 6), "noise": 0.0},
        ),
        Preset(
            "too-fast",
            Text("A learning rate too high", "学习率太大"),
            Text(
                "Each step throws the weights far beyond where they should go. Units of ReLU land where they give"
                " nothing for any point, and then nothing can move them: they are dead. The loss leaps"
                " or stands still.",
                "每一步都把权重甩过头。ReLU 单元落到对所有点都输出零的地方，就再也动不了：它们死了。"
                "损失乱跳，或者不动。",
            ),
            {"data": "rings", "activation": "relu", "learning_rate": 20.0, "hidden": (6, 4)},
            fails=True,
        ),
        Preset(
            "saturated",
            Text("Sigmoids that saturate", "饱和的 sigmoid"),
            Text(
                "Coordinates are 60 times as large, so nearly every sigmoid begins at 0 or 1, where its derivative is"
                " nothing: the gradient dies in the first layer and the units' maps hardly move. Set"
                " the scale to 1 or 3"
                " and start again.",
                "坐标放大了 60 倍，几乎每个 sigmoid 一开始就在 0 或 1，那里的导数等于没有："
                "梯度死在第一层，单元的图几乎不动。"
                "把放大倍数改成 1 或 3 再来。",
            ),
            {"data": "rings", "activation": "sigmoid", "scale": 60.0, "hidden": (8,), "learning_rate": 1.0},
            fails=True,
        ),
        Preset(
            "fading",
            Text("A gradient that fades", "越传越弱的梯度"),
            Text(
                "Four layers of sigmoids: each multiplies what comes back by at most a quarter, and little is left for"
                " the first. With tanh or ReLU the same network learns.",
                "四层 sigmoid：每层最多把传回来的乘以四分之一，到第一层所剩无几。换成 tanh 或 ReLU，"
                "同一个网络就学得动。",
            ),
            {"data": "rings", "activation": "sigmoid", "hidden": (6, 6, 6, 6)},
            fails=True,
        ),
        Preset(
            "straight",
            Text("Only a straight line", "只有一条直线"),
            Text(
                "Without hidden layers the boundary is straight, whatever it learns: a ring cannot be told from what it"
                " surrounds.",
                "没有隐藏层，分界线怎么学都是直的：分不开一圈和圈里的点。",
            ),
            {"data": "rings", "hidden": ()},
            fails=True,
        ),
        Preset(
            "by-heart",
            Text("Learned by heart", "死记硬背"),
            Text(
                "Very noisy points and a large network: the boundary bends round single points. On them it gets better,"
                " on points that it has not seen it does not. Some weight decay straightens it.",
                "点很模糊，网络很大：分界线绕着一个个点拐弯。见过的点越来越准，没见过的并没有。加一点权重衰减就会变直。",
            ),
            {"data": "moons", "noise": 1.0, "hidden": (8, 8, 8), "activation": "relu", "learning_rate": 0.2},
            fails=True,
        ),
    ),
)  # fmt: skip
"""What is offered."""
