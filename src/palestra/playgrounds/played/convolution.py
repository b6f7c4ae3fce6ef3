"""The convolution, played: every number of the output has its window; a step goes on to the next."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from palestra.errors import require
from palestra.ops.convolution import correlated, window
from palestra.playgrounds.arguments import integer, number, only
from palestra.playgrounds.offer import Text
from palestra.playgrounds.offers.convolution import SIDE, ConvolutionAsked
from palestra.playgrounds.playground import Playground


class ConvolutionPlayground(Playground[ConvolutionAsked]):
    """A picture, a kernel, and where its window stands."""

    saves = ("at",)

    def __init__(self, asked: ConvolutionAsked):
        super().__init__(asked)
        self._begin(asked, 0)

    def _begin(self, asked: ConvolutionAsked, at: int) -> None:
        self.asked = asked
        self.image_HW = _picture(asked)
        side = round(len(asked.kernel) ** 0.5)
        self.kernel_HW = torch.tensor(asked.kernel, dtype=torch.float64).view(side, side)
        self.bias = torch.tensor(asked.bias, dtype=torch.float64)
        shape = (self.image_HW[None, None], self.kernel_HW[None, None], self.bias[None])
        self.sum_HW = correlated(*shape, stride=asked.stride, padding=asked.padding)[0, 0]
        self.at = min(at, self.sum_HW.numel() - 1)
        """The number of the output that is looked at, row by row."""

    @property
    def finished(self) -> bool:
        """Whether the window stands on the last place."""
        return self.at == self.sum_HW.numel() - 1

    def step(self) -> None:
        """On to the next window."""
        self.at += 1

    def edit(self, edit: Mapping[str, Any]) -> None:
        """``at`` looks at another number; ``entry`` and ``weight`` edit the kernel; ``pixel`` and ``shade`` paint."""
        only(edit, "at", "entry", "weight", "pixel", "shade")
        if "at" in edit:
            self.at = integer(edit, "at", 0, self.sum_HW.numel() - 1)
        elif "entry" in edit:
            entry = integer(edit, "entry", 0, len(self.asked.kernel) - 1)
            kernel = list(self.asked.kernel)
            kernel[entry] = number(edit, "weight", -20.0, 20.0)
            self._begin(self.asking(kernel=tuple(kernel)), self.at)
        else:
            require("pixel" in edit, f"an edit of {', '.join(edit) or 'nothing'}", "at, entry, or pixel")
            pixels = self.image_HW.flatten().tolist()
            pixels[integer(edit, "pixel", 0, SIDE * SIDE - 1)] = number(edit, "shade", 0.0, 1.0)
            self._begin(self.asking(picture="own", pixels=tuple(pixels)), self.at)

    def ground(self) -> dict[str, Any]:
        """The picture and the kernel."""
        return {"image": self.image_HW, "kernel": self.kernel_HW}

    def frame(self) -> dict[str, Any]:
        """The output, and what stands behind the number that is looked at."""
        row, column = divmod(self.at, self.sum_HW.shape[1])
        seen = window(
            self.image_HW[None], self.kernel_HW[None], self.bias, row, column, self.asked.stride, self.asked.padding
        )
        out_HW = self.sum_HW.clamp(min=0) if self.asked.relu else self.sum_HW
        return {
            "out": out_HW, "at": self.at, "row": row, "column": column, "top": seen.top, "left": seen.left,
            "inputs": seen.inputs_CHW[0], "products": seen.products_CHW[0], "total": seen.total,
            "shown": out_HW[row, column],
        }  # fmt: skip

    def see(self) -> Text:
        """The sum behind the number."""
        row, column = divmod(self.at, self.sum_HW.shape[1])
        total = float(self.sum_HW[row, column])
        rows, columns = self.sum_HW.shape
        negative = self.asked.relu and total < 0
        return Text(
            f"Row {row + 1}, column {column + 1} of {rows} x {columns}: pixel times weight, {self.kernel_HW.numel()} of"
            f" them, and the bias make {total:.3g}{', which ReLU makes 0' if negative else ''}. One"
            " kernel makes the whole"
            " output; a network learns its numbers.",
            f"{rows} × {columns} 中的第 {row + 1} 行第 {column + 1} 列：{self.kernel_HW.numel()}"
            f" 个“像素乘权重”加上偏置，得 {total:.3g}"
            f"{'，ReLU 把它变成 0' if negative else ''}。整个输出只用这一个核；网络要学的就是这些数。",
        )


def _picture(asked: ConvolutionAsked) -> Tensor:
    """(H, W) from 0 black to 1 white."""
    if asked.picture == "own":
        return torch.tensor(asked.pixels, dtype=torch.float64).view(SIDE, SIDE)
    row_HW, column_HW = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    match asked.picture:
        case "ball":
            far_HW = ((row_HW - 7.5) ** 2 + (column_HW - 7.5) ** 2).double().sqrt()
            return (1.2 - far_HW / 6).clamp(0, 1) * (far_HW < 6)
        case "stripes":
            return (column_HW % 2 == 0).double()
        case "steps":
            return (column_HW // 4 + row_HW // 8).double() / 4
    roof_HW = (row_HW >= 2) & (row_HW <= 7) & ((column_HW - 7.5).abs() <= row_HW - 1)
    wall_HW = (row_HW > 7) & (row_HW < 15) & (column_HW >= 3) & (column_HW <= 12)
    door_HW = (row_HW > 10) & (row_HW < 15) & (column_HW >= 7) & (column_HW <= 8)
    pane_HW = (row_HW >= 9) & (row_HW <= 10) & ((column_HW == 5) | (column_HW == 10))
    return (roof_HW * 0.9 + (wall_HW & ~door_HW & ~pane_HW) * 0.6 + pane_HW * 1.0).double()
