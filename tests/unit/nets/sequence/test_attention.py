"""Multi-head attention is ``nn.MultiheadAttention`` with the same weights."""

import pytest
import torch
from torch import Generator, Tensor, nn

from palestra.errors import UsageError
from palestra.nets.dropout import drop_from
from palestra.nets.initialisation import realised
from palestra.nets.sequence.attention import MultiHeadAttention, attention_maps
from palestra.nets.sequence.blocks import DecoderBlock
from palestra.ops.attention import causal

WIDTH, HEADS = 12, 3


def both() -> tuple[MultiHeadAttention, nn.MultiheadAttention]:
    ours = realised(lambda: MultiHeadAttention(WIDTH, HEADS), "fan-in", Generator().manual_seed(0)).double()
    theirs = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True).double()
    layers = (ours.query, ours.key, ours.value)
    theirs.load_state_dict(
        {
            "in_proj_weight": torch.cat([layer.weight for layer in layers]),
            "in_proj_bias": torch.cat([layer.bias for layer in layers]),
            "out_proj.weight": ours.output.weight,
            "out_proj.bias": ours.output.bias,
        }
    )
    return ours, theirs


def inputs(*lengths: int) -> list[Tensor]:
    draw = Generator().manual_seed(1)
    return [torch.randn(2, n, WIDTH, generator=draw, dtype=torch.float64, requires_grad=True) for n in lengths]


def test_it_is_pytorchs_with_its_maps_and_gradients() -> None:
    ours, theirs = both()
    asking, asked = inputs(4, 6)
    known_BL = torch.tensor([[True] * 6, [True, True, True, False, False, False]])
    out = ours(asking, asked, known_BL[:, None])
    expected, maps = theirs(asking, asked, asked, key_padding_mask=~known_BL, average_attn_weights=False)
    torch.testing.assert_close(out, expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(ours.weights(asking, asked, known_BL[:, None]), maps, rtol=1e-10, atol=1e-10)
    weight = torch.arange(out.numel(), dtype=torch.float64).reshape(out.shape).cos()
    gradients = [torch.autograd.grad((x * weight).sum(), [asking, asked]) for x in (out, expected)]
    for one, two in zip(*gradients, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-9)


def test_itself_with_a_causal_mask() -> None:
    ours, theirs = both()
    (x,) = inputs(5)
    expected, _ = theirs(x, x, x, attn_mask=~causal(5))
    torch.testing.assert_close(ours(x, x, causal(5)), expected, rtol=1e-10, atol=1e-10)


def test_the_fast_way_and_the_readable_one_are_one() -> None:
    """With dropout the weights are made by the definition; a rate next to nothing leaves them as they are."""
    ours, _ = both()
    asking, asked = inputs(4, 6)
    fast = ours(asking, asked)
    ours.dropout.rate = 1e-12
    drop_from(ours, Generator().manual_seed(0))
    torch.testing.assert_close(ours(asking, asked), fast, rtol=1e-10, atol=1e-10)
    ours.dropout.rate = 0.5
    assert not torch.allclose(ours(asking, asked), fast)
    torch.testing.assert_close(ours.eval()(asking, asked), fast)


def test_who_sees_nothing_finds_zeros() -> None:
    ours, _ = both()
    (x,) = inputs(3)
    out = ours(x, x, torch.zeros(3, 3, dtype=torch.bool))
    torch.testing.assert_close(out, ours.output.bias.expand_as(out))  # zeros, through the last layer
    (gradient,) = torch.autograd.grad(out.sum(), x)
    assert not gradient.any()


def test_maps_of_a_whole_network() -> None:
    block = realised(lambda: DecoderBlock(WIDTH, HEADS, 8), "xavier", Generator().manual_seed(0)).double()
    x, memory = (given.detach() for given in inputs(4, 6))
    maps = attention_maps(block, x, memory, causal(4))
    assert {name: tuple(map_BRQL.shape) for name, map_BRQL in maps.items()} == {
        "attention": (2, HEADS, 4, 4),
        "recall": (2, HEADS, 4, 6),
    }
    assert not maps["attention"].triu(1).any()
    torch.testing.assert_close(maps["attention"], block.attention.weights(x, x, causal(4)))
    assert not block.attention._forward_pre_hooks


def test_heads_divide_the_width() -> None:
    with pytest.raises(UsageError, match="width=10 for 4 heads; expected a multiple"):
        MultiHeadAttention(10, 4)
