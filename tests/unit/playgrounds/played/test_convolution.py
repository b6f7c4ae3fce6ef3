"""The convolution: what comes out is PyTorch's, and the window behind a number is what it was made of."""

from typing import Any

import pytest
import torch
from torch.nn import functional as F

from palestra.errors import UsageError
from palestra.playgrounds.catalogue import find_offer
from palestra.playgrounds.offers.convolution import SIDE, ConvolutionAsked
from palestra.playgrounds.played.convolution import ConvolutionPlayground
from palestra.playgrounds.timeline import Timeline


@pytest.mark.parametrize("picture", ["house", "ball", "stripes", "steps"])
@pytest.mark.parametrize(("stride", "padding", "side"), [(1, 1, 3), (2, 0, 3), (3, 4, 5), (4, 0, 1)])
def test_it_is_pytorch_s_convolution(picture: Any, stride: int, padding: int, side: int) -> None:
    kernel = torch.linspace(-1, 1.5, side * side, dtype=torch.float64)
    playground = ConvolutionPlayground(
        ConvolutionAsked(picture, kernel=tuple(kernel.tolist()), bias=0.25, stride=stride, padding=padding)
    )
    image = playground.ground()["image"]
    assert image.shape == (SIDE, SIDE)
    assert 0 <= float(image.min()) < float(image.max()) <= 1
    weight, bias = kernel.view(1, 1, side, side), torch.tensor([0.25], dtype=torch.float64)
    expected = F.conv2d(image[None, None], weight, bias, stride, padding)[0, 0]
    torch.testing.assert_close(playground.frame()["out"], expected)
    timeline = Timeline(playground)
    timeline.forward(expected.numel() // 2)
    timeline.back(1)
    shown = playground.frame()
    assert shown["at"] == expected.numel() // 2 - 1 == shown["row"] * expected.shape[1] + shown["column"]
    assert float(shown["total"]) == pytest.approx(float(expected.flatten()[shown["at"]]))
    assert float(shown["products"].sum()) + 0.25 == pytest.approx(float(shown["total"]))
    padded = F.pad(image, (padding,) * 4)
    top, left = shown["top"] + padding, shown["left"] + padding
    assert torch.equal(shown["inputs"], padded[top : top + side, left : left + side])
    assert timeline.forward(1_000) == (expected.numel() + 1) // 2
    assert playground.finished


def test_it_can_be_looked_at_edited_and_painted() -> None:
    playground = ConvolutionPlayground(ConvolutionAsked(relu=True))
    playground.edit({"at": 17})
    assert (playground.frame()["row"], playground.frame()["column"]) == (1, 1)
    playground.edit({"entry": 4, "weight": -3.5})
    assert playground.asked.kernel[4] == -3.5
    assert playground.at == 17
    assert float(playground.frame()["out"].min()) == 0
    playground.edit({"pixel": 0, "shade": 0.5})
    assert playground.asked.picture == "own"
    assert float(playground.ground()["image"][0, 0]) == 0.5
    for wrong in ({"at": 256}, {"entry": 9, "weight": 0}, {"entry": 0, "weight": 21}, {"pixel": 0, "shade": 2}, {}):
        with pytest.raises(UsageError):
            playground.edit(wrong)


def test_presets_show_what_they_say() -> None:
    def played(name: str) -> ConvolutionPlayground:
        (preset,) = (each for each in find_offer("convolution").presets if each.name == name)
        made = find_offer("convolution").settings(dict(preset.settings))
        return ConvolutionPlayground(made)  # type: ignore[arg-type]

    assert played("blind").frame()["out"].abs().max() == 0
    mended = ConvolutionPlayground(ConvolutionAsked("stripes", kernel=(-1.0, 1.0, 0.0) * 3, padding=0))
    assert mended.frame()["out"].abs().min() == 3
    blurred = played("blur")
    inner = blurred.frame()["out"][1:-1, 1:-1]
    torch.testing.assert_close(
        inner, F.avg_pool2d(blurred.image_HW[None, None], 3, 1)[0, 0], rtol=1e-3, atol=1e-3
    )  # a ninth is written with four figures
    assert played("outline").frame()["out"].min() == 0
