"""The convolutional encoder against PyTorch's own layers, its gradient through hand-made ones, and what it can read."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from plain_layers import plain_encoder
from torch import Tensor, nn
from torch.nn import functional as F

from palestra.envs.spaces import Packed
from palestra.errors import UsageError
from palestra.nets import precision
from palestra.nets.adam import ClippedAdam
from palestra.nets.encoders import (
    ARCHITECTURES,
    CHUNK,
    CLOSE,
    LAYERS,
    ConvEncoder,
    FlatEncoder,
    PackedEncoder,
    make_encoder,
    narrow,
)
from palestra.nets.ensemble import Ensemble
from palestra.ops.augment import random_shift
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
    out = encoder(encoder.to_batch(given))
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


def test_bfloat16_rounds_products_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)
    exact, rounded = (
        ConvEncoder(space(1, 24, 24), torch.Generator().manual_seed(0), ARCHITECTURES["fast"], name)
        for name in ("float32", "bfloat16")
    )
    given, to_out = images(16, 1, 24, 24), torch.randn(16, 256, generator=torch.Generator().manual_seed(1))
    outs = [encoder(given) for encoder in (exact, rounded)]
    assert outs[1].dtype == torch.float32
    assert 0 < (outs[0] - outs[1]).detach().norm() / outs[0].detach().norm() < 0.02
    gradients = [torch.autograd.grad(out, list(e.parameters()), to_out) for e, out in zip((exact, rounded), outs)]
    for g, h in zip(*gradients, strict=True):
        assert h.dtype == torch.float32
        assert 0 < (g - h).norm() / g.norm() < 0.1


@pytest.mark.parametrize("shape", [(1, 24, 24), (8, 8, 3), (3, 8, 11), (8, 8), (35, 90, 3)])
@pytest.mark.parametrize("name", ["nature", "fast"])
def test_an_image_that_an_architecture_leaves_nothing_of_is_looked_at_closely(
    name: str, shape: tuple[int, ...]
) -> None:
    encoder, given = make_encoder(space(*shape), torch.Generator().manual_seed(0), name), images(6, *shape)
    assert isinstance(encoder, ConvEncoder)
    small = {"nature": 36, "fast": 12}[name]
    assert (encoder.layers == CLOSE) == (min(encoder.image_shape[1:]) < small)
    batch = encoder.to_batch(given)
    out = encoder(batch)
    assert out.shape == (6, ARCHITECTURES[name].num_features)
    torch.testing.assert_close(out, plain_encoder(encoder)(batch.float() / 255), rtol=1e-4, atol=1e-5)
    assert out.std(0).max() > 0.01  # pictures are told apart


def test_the_layouts_show_the_same_picture() -> None:
    given = images(5, 3, 24, 20)
    first, last = make(3, 24, 20), make(24, 20, 3)
    assert torch.equal(first.to_batch(given), last.to_batch(given.permute(0, 2, 3, 1).contiguous()))
    grey, plain = make(1, 24, 20), make(24, 20)
    assert torch.equal(grey.to_batch(given[:, :1]), plain.to_batch(given[:, 0]))


@pytest.mark.parametrize("shape", [(4, 84, 84, 3), (24, 24, 24), (3, 7, 84), (84, 3, 84)])
def test_shapes_that_are_no_image_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"images of shape .*; expected \(C, H, W\)"):
        make_encoder(space(*shape), torch.Generator())


def test_vectors_stay_as_they_are() -> None:
    encoder = make_encoder(space(3, 2, dtype=np.float32), torch.Generator())
    assert isinstance(encoder, FlatEncoder)
    obs = torch.randn(5, 3, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(encoder(encoder.to_batch(obs)), obs.flatten(1))
    assert (encoder.num_features, list(encoder.parameters())) == (6, [])
    assert not encoder.learns
    batch, generator = encoder.to_batch(obs), torch.Generator()
    before = generator.get_state()
    assert torch.equal(encoder.encode(batch), obs.flatten(1))
    assert torch.equal(encoder.encode_to_learn(encoder.shifted(batch, 3, generator)), obs.flatten(1))
    assert torch.equal(generator.get_state(), before)


def test_flat_is_pixels_one_by_one_and_has_to_be_asked_for() -> None:
    given = images(5, 3, 12, 12)
    encoder = make_encoder(space(3, 12, 12), torch.Generator(), "flat")
    assert isinstance(encoder, FlatEncoder)
    assert torch.equal(encoder.encode(encoder.to_batch(given)), given.flatten(1).float() / 255)
    assert encoder.num_features == 3 * 12 * 12
    assert isinstance(make_encoder(space(3, 12, 12), torch.Generator(), "fast"), ConvEncoder)
    flat = make_encoder(BOTH, torch.Generator(), "flat")
    obs, eye, body = both(4)
    expected = torch.cat((eye.flatten(1).float() / 255, obs_of(eye, "grey").flatten(1).float() / 255, body), 1)
    assert torch.equal(flat.encode(flat.to_batch(obs)), expected)
    assert flat.num_features == expected.shape[1]


BOTH = Packed({
    "body": spaces.Box(-1.0, 1.0, (3,), np.float32),
    "eye": space(12, 14, 3),
    "grey": space(2, 10, 10),
})  # fmt: skip
"""A coloured image with its channels last, a stack of two with them first, and a vector."""


def obs_of(eye: Tensor, name: str) -> Tensor:
    """The other image that goes with one."""
    return eye.flatten(1)[:, :200].view(-1, 2, 10, 10) if name == "grey" else eye


def both(num: int) -> tuple[Tensor, Tensor, Tensor]:
    """Packed observations, and of them the coloured image and the vector."""
    eye, body = images(num, 12, 14, 3), torch.randn(num, 3, generator=torch.Generator().manual_seed(num))
    packed = BOTH.pack({"eye": eye.numpy(), "grey": obs_of(eye, "grey").numpy(), "body": body.numpy()})
    return torch.from_numpy(packed), eye, body


@pytest.fixture
def packed_encoder() -> PackedEncoder:
    encoder = make_encoder(BOTH, torch.Generator().manual_seed(0), narrow(4, 6))
    assert isinstance(encoder, PackedEncoder)
    return encoder


def test_packed_parts_are_encoded_each_in_its_way_and_stand_side_by_side(packed_encoder: PackedEncoder) -> None:
    init = torch.Generator().manual_seed(0)
    eyes = [ConvEncoder(space(*shape), init, narrow(4, 6)) for shape in ((12, 14, 3), (2, 10, 10))]
    obs, eye, body = both(5)
    expected = [e.encode(e.to_batch(x)) for e, x in zip(eyes, (eye, obs_of(eye, "grey")))]
    batch = packed_encoder.to_batch(obs)
    assert batch.dtype == torch.uint8
    assert torch.equal(packed_encoder.encode(batch), torch.cat((*expected, body), 1))
    assert packed_encoder.num_features == 6 + 6 + 3


def test_shifts_of_packed_parts_move_images_alone(packed_encoder: PackedEncoder) -> None:
    obs, eye, body = both(5)
    generator, alone = (torch.Generator().manual_seed(1) for _ in range(2))
    moved = packed_encoder.shifted(packed_encoder.to_batch(obs), 2, generator)
    images_first = [random_shift(x, 2, alone) for x in (eye.permute(0, 3, 1, 2), obs_of(eye, "grey"))]
    expected = [x.flatten(1) for x in images_first] + [body.view(torch.uint8)]
    assert torch.equal(moved, torch.cat(expected, 1))
    assert not torch.equal(moved, packed_encoder.to_batch(obs))
    before = generator.get_state()
    assert torch.equal(packed_encoder.shifted(moved, 0, generator), moved)
    assert torch.equal(generator.get_state(), before)


def test_packed_parts_learn_as_autograd_says(packed_encoder: PackedEncoder) -> None:
    batch = packed_encoder.to_batch(both(5)[0])
    weights = torch.linspace(-1.0, 1.0, packed_encoder.num_features)
    parameters = list(packed_encoder.parameters())
    expected = torch.autograd.grad((packed_encoder.encode(batch) * weights).square().mean(), parameters)
    ClippedAdam([packed_encoder], 1e-3)  # gives every parameter a grad to write into
    with torch.no_grad():
        features = packed_encoder.encode_to_learn(batch)
        with torch.enable_grad():
            loss = (features * weights).square().mean()
    differentiate(loss, lambda owner: owner is packed_encoder)
    for p, gradient in zip(parameters, expected, strict=True):
        assert gradient.abs().max() > 0
        torch.testing.assert_close(p.grad, gradient, rtol=1e-4, atol=1e-6)


def test_an_image_without_vectors_packed_is_that_image() -> None:
    alone = Packed({"eye": space(2, 10, 10)})
    kinds = (alone, space(2, 10, 10))
    encoder, plain = (make_encoder(kind, torch.Generator().manual_seed(0), narrow(4, 6)) for kind in kinds)
    given = images(3, 2, 10, 10)
    assert torch.equal(encoder.encode(encoder.to_batch(given.flatten(1))), plain.encode(plain.to_batch(given)))


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


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_layer_normalisation_stands_before_each_relu(dtype: precision.Precision) -> None:
    layers = ARCHITECTURES["mnih-2013"]._replace(normed=True)
    encoder = ConvEncoder(space(2, 84, 84), torch.Generator().manual_seed(0), layers, dtype)
    with torch.no_grad():  # gains of one and biases of zero would hide that one is missing
        for p in (*encoder.biases, *encoder.norms.parameters(), *encoder.norm.parameters()):
            p.add_(torch.linspace(-0.3, 0.4, p.numel()))
    given = images(3, 2, 84, 84)
    x = given.float() / 255
    for (weight, bias), (_, _, stride, _), norm in zip(
        zip(encoder.weights[:-1], encoder.biases), encoder.layers, encoder.norms, strict=False
    ):
        x = F.conv2d(x, weight, bias, stride)
        gain, shift = (p[:, None, None].expand(x.shape[1:]) for p in (norm.weight, norm.bias))
        x = F.layer_norm(x, x.shape[1:], gain, shift).relu()
    x = F.linear(x.flatten(1), encoder.weights[-1], encoder.biases[-1])
    expected = F.layer_norm(x, x.shape[1:], encoder.norm.weight, encoder.norm.bias).relu()
    rough = encoder.dtype == torch.bfloat16
    tolerance: dict[str, float] = {"rtol": 0.1, "atol": 0.1} if rough else {"rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(encoder.encode(encoder.to_batch(given)), expected, **tolerance)
