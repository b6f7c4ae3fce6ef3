"""The blocks are ``nn.TransformerEncoderLayer`` and ``nn.TransformerDecoderLayer`` with the same weights."""

import pytest
import torch
from torch import Generator, Tensor, nn

from palestra.nets.dropout import Dropout, drop_from
from palestra.nets.initialisation import realised
from palestra.nets.sequence.attention import MultiHeadAttention
from palestra.nets.sequence.blocks import Activation, Around, DecoderBlock, EncoderBlock
from palestra.ops.attention import causal

WIDTH, HEADS, HIDDEN = 12, 3, 20


def attention_state(name: str, ours: MultiHeadAttention) -> dict[str, Tensor]:
    layers = (ours.query, ours.key, ours.value)
    return {
        f"{name}.in_proj_weight": torch.cat([layer.weight for layer in layers]),
        f"{name}.in_proj_bias": torch.cat([layer.bias for layer in layers]),
        f"{name}.out_proj.weight": ours.output.weight,
        f"{name}.out_proj.bias": ours.output.bias,
    }


def layer_state(name: str, ours: nn.Linear | nn.LayerNorm) -> dict[str, Tensor]:
    return {f"{name}.weight": ours.weight, f"{name}.bias": ours.bias}


def copied(theirs: nn.Module, ours: EncoderBlock | DecoderBlock) -> nn.Module:
    state = attention_state("self_attn", ours.attention)
    norms = [ours.around_attention, ours.around_feed_forward]
    if isinstance(ours, DecoderBlock):
        state |= attention_state("multihead_attn", ours.recall)
        norms.insert(1, ours.around_recall)
    for i, around in enumerate(norms, 1):
        state |= layer_state(f"norm{i}", around.norm)
    state |= layer_state("linear1", ours.feed_forward[0]) | layer_state("linear2", ours.feed_forward[3])
    theirs.load_state_dict(state)
    return theirs


def drawn(kind: type[EncoderBlock | DecoderBlock], activation: Activation, norm_first: bool) -> nn.Module:
    """A block none of whose weights are zeros or ones."""
    made = realised(
        lambda: kind(WIDTH, HEADS, HIDDEN, activation=activation, norm_first=norm_first), "fan-in", Generator()
    )
    for p in made.parameters():
        p.data += 0.1 * torch.randn(p.shape, generator=Generator().manual_seed(p.numel()))
    return made.double()


def inputs(*lengths: int) -> list[Tensor]:
    draw = Generator().manual_seed(1)
    return [torch.randn(2, n, WIDTH, generator=draw, dtype=torch.float64, requires_grad=True) for n in lengths]


def check(ours: Tensor, theirs: Tensor, given: list[Tensor]) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)
    weight = torch.arange(ours.numel(), dtype=torch.float64).reshape(ours.shape).cos()
    gradients = [torch.autograd.grad((out * weight).sum(), given) for out in (ours, theirs)]
    for one, two in zip(*gradients, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-8, atol=1e-8)


FORMS = pytest.mark.parametrize(("activation", "norm_first"), [("relu", False), ("gelu", True)])


@FORMS
def test_the_encoder_block_is_pytorchs(activation: Activation, norm_first: bool) -> None:
    ours = drawn(EncoderBlock, activation, norm_first)
    theirs = copied(
        nn.TransformerEncoderLayer(
            WIDTH, HEADS, HIDDEN, 0.0, activation, batch_first=True, norm_first=norm_first, dtype=torch.float64
        ),
        ours,  # type: ignore[arg-type]
    )
    (x,) = inputs(5)
    check(ours(x), theirs(x), [x])
    check(ours(x, causal(5)), theirs(x, src_mask=~causal(5)), [x])
    known_BL = torch.tensor([[True] * 5, [True, True, True, False, False]])
    check(ours(x, known_BL[:, None]), theirs(x, src_key_padding_mask=~known_BL), [x])


@FORMS
def test_the_decoder_block_is_pytorchs(activation: Activation, norm_first: bool) -> None:
    ours = drawn(DecoderBlock, activation, norm_first)
    theirs = copied(
        nn.TransformerDecoderLayer(
            WIDTH, HEADS, HIDDEN, 0.0, activation, batch_first=True, norm_first=norm_first, dtype=torch.float64
        ),
        ours,  # type: ignore[arg-type]
    )
    x, memory = inputs(4, 6)
    known_BL = torch.tensor([[True] * 6, [True, True, True, False, False, False]])
    expected = theirs(x, memory, tgt_mask=~causal(4), memory_key_padding_mask=~known_BL)
    check(ours(x, memory, causal(4), known_BL[:, None]), expected, [x, memory])


def test_dropout_stands_at_four_places_and_six() -> None:
    for kind, number in ((EncoderBlock, 4), (DecoderBlock, 6)):
        block = realised(lambda kind=kind: kind(WIDTH, HEADS, HIDDEN, dropout=0.1), "xavier", Generator())  # type: ignore[misc]
        assert [layer.rate for layer in block.modules() if isinstance(layer, Dropout)] == [0.1] * number


def test_what_a_part_made_is_dropped_and_not_what_goes_past_it() -> None:
    around, x = Around(4, 0.5, norm_first=True), torch.randn(1, 50, 4)
    drop_from(around, Generator().manual_seed(0))
    added = around(x, torch.ones_like) - x
    assert {round(value, 4) for value in added.flatten().tolist()} == {0.0, 2.0}
