"""The convolution: a picture, a kernel that is edited, and the window behind every number of what comes out."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from dataclasses import dataclass
from typing import Literal

from palestra.errors import require
from palestra.playgrounds.offer import Asked, Offer, Preset, Text, setting

SIDE = 16
"""Pixels of the picture, across and down."""
KERNELS = (1, 3, 5)
"""Sides that a kernel can have."""


@dataclass(frozen=True)
class ConvolutionAsked(Asked):
    """Settings of the convolution."""

    picture: Literal["house", "ball", "stripes", "steps", "own"] = setting(
        "house", "图片：从哪张开始",
        names={
            "house": Text("a house", "房子"),
            "ball": Text("a ball", "球"),
            "stripes": Text("stripes", "条纹"),
            "steps": Text("shades in steps", "渐变台阶"),
            "own": Text("your own", "自己画的"),
        },
    )  # fmt: skip
    """Which picture."""
    pixels: tuple[float, ...] = setting((), "像素：自己画的图", low=0.0, high=1.0, most=SIDE * SIDE, drawn=True)
    """Your own picture, row by row, 0 black to 1 white."""
    kernel: tuple[float, ...] = setting(
        (-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0), "卷积核：窗口里每个像素乘以多少",
        low=-20.0, high=20.0, most=max(KERNELS) ** 2, drawn=True,
    )  # fmt: skip
    """What each pixel of the window is multiplied by, row by row: 1, 9 or 25 numbers."""
    bias: float = setting(0.0, "偏置：加在和上的数", low=-20.0, high=20.0)
    """What is added to the sum."""
    stride: int = setting(1, "步幅：窗口每次移动几格", low=1, high=4)
    """Pixels from one window to the next."""
    padding: int = setting(1, "填充：四周补几圈零", low=0, high=4)
    """Rows and columns of zeros around the picture."""
    relu: bool = setting(False, "ReLU：负数变成零")
    """Whether what is below zero becomes zero."""

    def __post_init__(self) -> None:
        super().__post_init__()
        square = len(self.kernel) in {side * side for side in KERNELS}
        require(square, f"a kernel of {len(self.kernel)} numbers", "1, 9 or 25")
        whole = self.picture != "own" or len(self.pixels) == SIDE * SIDE
        require(whole, f"a picture of {len(self.pixels)} pixels", f"{SIDE * SIDE}, row by row")


def _kernel(*rows: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(number for row in rows for number in row)


OFFER = Offer(
    "convolution",
    Text("The sliding window", "滑动的窗口"),
    Text(
        "Edit the kernel, then click a number of what comes out to see the window, the products and the sum behind it.",
        "修改卷积核，再点输出里的一个数，看它背后的窗口、乘积与和。",
    ),
    ConvolutionAsked,
    (
        Preset(
            "upright",
            Text("Upright edges", "竖直的边"),
            Text(
                "Left is subtracted from right: where they are the same nothing is left, and an upright"
                " edge stands out,"
                " bright on one side and dark on the other.",
                "右减左：两边一样就什么都不剩，竖直的边就显出来，一侧亮一侧暗。",
            ),
            {},
        ),
        Preset(
            "blur",
            Text("Blur", "模糊"),
            Text(
                "Nine ninths: every pixel becomes the mean of its neighbourhood. At the border zeros are averaged in,"
                " and a dark frame appears.",
                "九个九分之一：每个像素变成周围的平均。边上把零也平均进来，于是出现暗框。",
            ),
            {"kernel": (0.1111,) * 9},
        ),
        Preset(
            "sharpen",
            Text("Sharpen", "锐化"),
            Text(
                "Five times the pixel less its four neighbours: on flat ground it is the pixel again,"
                " at edges more than"
                " the truth.",
                "像素的五倍减去四邻：平坦处还是原来的像素，边缘处被夸大。",
            ),
            {"kernel": _kernel((0.0, -1.0, 0.0), (-1.0, 5.0, -1.0), (0.0, -1.0, 0.0))},
        ),
        Preset(
            "outline",
            Text("All edges", "所有的边"),
            Text(
                "Eight times the pixel less its eight neighbours, and ReLU: only the bright side of edges is left.",
                "像素的八倍减去八邻，再过 ReLU：只留下边缘亮的一侧。",
            ),
            {"kernel": _kernel((-1.0, -1.0, -1.0), (-1.0, 8.0, -1.0), (-1.0, -1.0, -1.0)), "relu": True},
        ),
        Preset(
            "blind",
            Text("Blind to what it looks at", "视而不见"),
            Text(
                "The kernel compares columns that are two apart, and stripes of one pixel are the same"
                " there: what comes out"
                " says that there is nothing, where edges are everywhere. Change every row of the kernel to -1 1 0.",
                "这个核比较相隔两列的像素，而一像素宽的条纹隔两列正好相同：到处都是边，"
                "输出却说什么都没有。把核的每一行改成 -1 1 0。",
            ),
            {"picture": "stripes", "padding": 0},
            fails=True,
        ),
    ),
)  # fmt: skip
"""What is offered."""
