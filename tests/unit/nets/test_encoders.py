"""The convolutional encoder against PyTorch's own layers, its gradient through hand-made ones, and what it can read."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from plain_layers import plain_encoder
from torch import Tensor, nn

from palestra.errors import UsageError
from palestra.nets.encoders import (
    ARCHITECTURES,
    CHUNK,
    LAYERS,
    ConvEncoder,
    FlatEncoder,
    image_layout,
    make_encoder,
    narrow,
)
from palestra.nets.ensemble import Ensemble
from palestra.nets.optimizer import ClippedAdam
from palestra.ops.terms import Term, differentiate


def space(*shape: int, dtype: Any = np.uint8) -> spaces.Box:
    return spaces.Box(0, 255, shape, dtype)


def images(*shape: int) -> Tensor:
    return torch.randint(256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(sum(shape)))


def make(*shape: int, channels: int = 8, num_features: int = 10) -> ConvEncoder:
    encoder = ConvEncoder(space(*shape), torch.Generator().manual_seed(0), narrow(channels, num_features))
    with torch.no_grad():  # biases of zero and gains of one would hide that one is missing
        for p in (*encoder.biases, *encoder.norm.parameters()):
            p.add_(torch.linspace(-0.3, 0.4, p.numel()))
    return encoder


def pytorchs(encoder: ConvEncoder, given: int) -> nn.Sequential:
    """PyTorch's own layers with copies of the same parameters."""
    *convolutions, (weight, bias) = zip(encoder.weights, encoder.biases, strict=True)
    layers: list[nn.Module] = []
    for (w, b), (kernel, stride, padding) in zip(convolutions, LAYERS, strict=True):
        layer = nn.Conv2d(given, len(w), kernel, stride, padding)
        layer.load_state_dict({"weight": w, "bias": b})
        layers += [layer, nn.ReLU()]
        given = len(w)
    linear = nn.Linear(weight.shape[1], len(weight))
    linear.load_state_dict({"weight": weight, "bias": bias})
    norm = nn.LayerNorm(len(weight))
    norm.load_state_dict(encoder.norm.state_dict())
    return nn.Sequential(*layers, nn.Flatten(), linear, norm, nn.Tanh())


@pytest.mark.parametrize("shape", [(1, 24, 24), (4, 30, 41), (9, 84, 84), (3, 8, 8)])
def test_it_is_so_many_layers_of_pytorch(shape: tuple[int, int, int]) -> None:
    encoder, given = make(*shape), images(6, *shape)
    expected = pytorchs(encoder, shape[0])(given.float() / 255 - 0.5)
    out = encoder(encoder.inputs(given))
    torch.testing.assert_close(out, expected, rtol=1e-4, atol=1e-5)
    assert out.shape == (6, encoder.num_features)
    assert out.std() > 0.1


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_named_architectures_are_pytorchs_layers_too_and_end_in_relu(name: str) -> None:
    encoder = ConvEncoder(space(3, 84, 84), torch.Generator().manual_seed(0), ARCHITECTURES[name])
    with torch.no_grad():
        for bias in encoder.biases:
            bias.add_(torch.linspace(-0.1, 0.2, bias.numel()))
    given = images(CHUNK + 3, 3, 84, 84)
    expected = plain_encoder(encoder)(given[-6:].float() / 255)
    torch.testing.assert_close(encoder(given[-6:]), expected, rtol=1e-4, atol=1e-5)
    with torch.no_grad():  # in parts, where no gradient is asked for
        torch.testing.assert_close(encoder(given)[-6:], expected, rtol=1e-4, atol=1e-5)
    assert 0 < float((expected > 0).float().mean()) < 1


def test_the_notes_and_mnihs_networks_are_theirs() -> None:
    sizes = {name: [tuple(w.shape) for w in ConvEncoder(space(1, 84, 84), torch.Generator(), a).weights]
             for name, a in ARCHITECTURES.items()}  # fmt: skip
    assert sizes["notes"] == [(32, 1, 3, 3), (32, 32, 3, 3), (32, 32, 3, 3), (32, 32, 3, 3), (256, 32 * 6 * 6)]
    assert sizes["nature"] == [(32, 1, 8, 8), (64, 32, 4, 4), (64, 64, 3, 3), (512, 64 * 7 * 7)]
    assert sizes["fast"] == [(16, 1, 8, 8), (32, 16, 4, 4), (32, 32, 3, 3), (256, 32 * 5 * 5)]


def test_bfloat16_rounds_products_and_nothing_else() -> None:
    exact, rounded = (
        ConvEncoder(space(1, 24, 24), torch.Generator().manual_seed(0), ARCHITECTURES["fast"], precision)
        for precision in ("float32", "bfloat16")
    )
    given, to_out = images(16, 1, 24, 24), torch.randn(16, 256, generator=torch.Generator().manual_seed(1))
    outs = [encoder(given) for encoder in (exact, rounded)]
    assert outs[1].dtype == torch.float32
    assert 0 < (outs[0] - outs[1]).detach().norm() / outs[0].detach().norm() < 0.02
    gradients = [torch.autograd.grad(out, list(e.parameters()), to_out) for e, out in zip((exact, rounded), outs)]
    for g, h in zip(*gradients, strict=True):
        assert h.dtype == torch.float32
        assert 0 < (g - h).norm() / g.norm() < 0.1


def test_an_image_that_an_architecture_leaves_nothing_of_is_refused() -> None:
    with pytest.raises(UsageError, match=r"images of shape \(1, 24, 24\); expected larger ones, or another encoder"):
        ConvEncoder(space(1, 24, 24), torch.Generator(), ARCHITECTURES["nature"])


def test_the_layouts_show_the_same_picture() -> None:
    given = images(5, 3, 24, 20)
    first, last = make(3, 24, 20), make(24, 20, 3)
    assert torch.equal(first.inputs(given), last.inputs(given.permute(0, 2, 3, 1).contiguous()))
    grey, plain = make(1, 24, 20), make(24, 20)
    assert torch.equal(grey.inputs(given[:, :1]), plain.inputs(given[:, 0]))


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((3, 84, 96), (3, 84, 96, False)),
        ((84, 96, 3), (3, 84, 96, True)),
        ((84, 96), (1, 84, 96, False)),
        ((12, 64, 64), (12, 64, 64, False)),
    ],
)
def test_channels_are_found(shape: tuple[int, ...], layout: tuple[int, int, int, bool]) -> None:
    assert image_layout(space(*shape)) == layout


@pytest.mark.parametrize("shape", [(4, 84, 84, 3), (24, 24, 24), (3, 7, 84), (84, 3, 84)])
def test_shapes_that_are_no_image_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"images of shape .*; expected \(C, H, W\)"):
        make_encoder(space(*shape), torch.Generator())


def test_vectors_stay_as_they_are() -> None:
    encoder = make_encoder(space(3, 2, dtype=np.float32), torch.Generator())
    assert isinstance(encoder, FlatEncoder)
    obs = torch.randn(5, 3, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(encoder(encoder.inputs(obs)), obs.flatten(1))
    assert (encoder.num_features, list(encoder.parameters())) == (6, [])


def test_weights_begin_orthogonal_from_the_generator_alone() -> None:
    before = torch.random.get_rng_state()
    encoder = ConvEncoder(space(1, 24, 24), torch.Generator().manual_seed(5))
    assert torch.equal(torch.random.get_rng_state(), before)
    again, other = (ConvEncoder(space(1, 24, 24), torch.Generator().manual_seed(seed)) for seed in (5, 6))
    for p, q in zip(encoder.parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q)
    assert not torch.equal(encoder.weights[0], other.weights[0])
    for weight, gain in zip(encoder.weights, [2, 2, 2, 1], strict=True):
        rows = weight.flatten(1)
        torch.testing.assert_close(rows @ rows.t(), gain * torch.eye(len(rows)), rtol=0, atol=1e-4)


def test_the_gradient_through_a_critic_by_hand_is_autograds() -> None:
    encoder, given = make(2, 24, 24), images(7, 2, 24, 24)
    critics = Ensemble(2, [encoder.num_features + 3, 16, 1], torch.Generator().manual_seed(0))
    action, to_out = (torch.randn(*s, generator=torch.Generator().manual_seed(1)) for s in ((7, 3), (2, 7, 1)))
    everything = [*critics.parameters(), *encoder.parameters()]
    expected = torch.autograd.grad(critics(torch.cat((encoder(given), action), 1)), everything, to_out)

    ClippedAdam([critics, encoder], 1e-3)  # gives every parameter a grad to write into
    with torch.no_grad():
        q = critics.record(encoder.record(given), action)
    found = differentiate(Term(lambda: 0.0, (q, lambda: to_out)), lambda _: True)
    assert found.learned == [critics, encoder]
    assert len(everything) == len(expected)
    for p, gradient in zip(everything, expected, strict=True):
        assert gradient.abs().max() > 0
        torch.testing.assert_close(p.grad, gradient, rtol=1e-4, atol=1e-5)


def test_going_back_without_a_place_for_gradients_says_so() -> None:
    encoder = make(1, 24, 24)
    seen = encoder.record(images(2, 1, 24, 24))
    with pytest.raises(RuntimeError, match="no grad to write into"):
        differentiate(seen.sum(), lambda _: True)
