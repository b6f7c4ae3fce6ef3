"""Transformers know what they may and nothing else, and begin by knowing nothing."""

import math

import pytest
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from palestra.errors import UsageError
from palestra.nets.dropout import drop_from
from palestra.nets.initialisation import realised
from palestra.nets.sequence.attention import attention_maps
from palestra.nets.sequence.transformer import CausalTransformer, EncoderDecoder, LanguageModel
from palestra.nets.summary import parameter_count


def translator(dropout: float = 0.0) -> EncoderDecoder:
    return realised(lambda: EncoderDecoder(11, 7, 16, 4, 32, 2, dropout), "xavier", Generator().manual_seed(0))


def language_model(scheme: str = "gpt") -> LanguageModel:
    return realised(lambda: LanguageModel(50, 12, 32, 4, 2), scheme, Generator().manual_seed(0))  # type: ignore[arg-type]


def tokens(number: int, *shape: int) -> Tensor:
    return torch.randint(number, shape, generator=Generator().manual_seed(1))


def test_a_word_of_the_output_knows_no_later_one_and_all_of_the_input() -> None:
    net, source_BL, target_BQ = translator(), tokens(11, 3, 6), tokens(7, 3, 5)
    known_BL = torch.ones(3, 6, dtype=torch.bool)
    out_BQK = net(source_BL, known_BL, target_BQ)
    assert out_BQK.shape == (3, 5, 7)
    later = target_BQ.clone()
    later[:, 3] = (later[:, 3] + 1) % 7
    moved = (net(source_BL, known_BL, later) - out_BQK).abs().amax((0, 2))
    assert moved[:3].tolist() == [0.0] * 3
    assert (moved[3:] > 1e-4).all()
    read = source_BL.clone()
    read[:, 5] = (read[:, 5] + 1) % 11
    assert ((net(read, known_BL, target_BQ) - out_BQK).abs().amax((0, 2)) > 1e-4).all()


def test_what_is_filled_up_is_not_read() -> None:
    net, source_BL, target_BQ = translator(), tokens(11, 1, 6), tokens(7, 1, 5)
    known_BL = torch.tensor([[True, True, True, True, False, False]])
    out_BQK = net(source_BL, known_BL, target_BQ)
    short = net(source_BL[:, :4], known_BL[:, :4], target_BQ)
    torch.testing.assert_close(out_BQK, short, rtol=1e-5, atol=1e-5)
    maps = attention_maps(net, source_BL, known_BL, target_BQ)
    assert sorted(maps) == sorted(
        [f"encoder.{i}.attention" for i in range(2)]
        + [f"decoder.{i}.{name}" for i in range(2) for name in ("attention", "recall")]
    )
    assert not maps["decoder.1.recall"][..., 4:].any()


def test_order_matters() -> None:
    net, source_BL, target_BQ = translator(), tokens(11, 1, 6), tokens(7, 1, 5)
    known_BL = torch.ones(1, 6, dtype=torch.bool)
    turned = net(source_BL.flip(1), known_BL, target_BQ)
    assert bool(((turned - net(source_BL, known_BL, target_BQ)).abs() > 1e-3).any())


def test_written_word_by_word_it_is_what_it_is_at_once() -> None:
    net, source_BL, target_BQ = translator(), tokens(11, 2, 6), tokens(7, 2, 5)
    known_BL = torch.ones(2, 6, dtype=torch.bool)
    memory_BLF = net.encode(source_BL, known_BL)
    last = [net.decode(target_BQ[:, : n + 1], memory_BLF, known_BL)[:, -1] for n in range(5)]
    torch.testing.assert_close(torch.stack(last, 1), net(source_BL, known_BL, target_BQ), rtol=1e-5, atol=1e-5)


def test_dropout_of_a_whole_network_comes_from_one_generator() -> None:
    net, source_BL, target_BQ = translator(0.2), tokens(11, 2, 6), tokens(7, 2, 5)
    known_BL, outs = torch.ones(2, 6, dtype=torch.bool), []
    for _ in range(2):
        drop_from(net, Generator().manual_seed(3))
        outs.append(net(source_BL, known_BL, target_BQ))
    assert torch.equal(*outs)
    assert not torch.equal(outs[0], net(source_BL, known_BL, target_BQ))


def test_a_language_model_knows_no_later_token() -> None:
    net, token_BQ = language_model("xavier"), tokens(50, 2, 12)
    out_BQK = net(token_BQ)
    later = token_BQ.clone()
    later[:, 7] = (later[:, 7] + 1) % 50
    moved = (net(later) - out_BQK).abs().amax((0, 2))
    assert moved[:7].tolist() == [0.0] * 7
    assert (moved[7:] > 1e-4).all()
    with pytest.raises(UsageError, match="a sequence of 13 for a context of 12"):
        net(tokens(50, 1, 13))


def test_before_it_learns_every_token_is_as_likely() -> None:
    token_BQ = tokens(50, 16, 12)
    loss = F.cross_entropy(language_model()(token_BQ[:, :-1]).flatten(0, 1), token_BQ[:, 1:].flatten())
    assert float(loss.detach()) == pytest.approx(math.log(50), abs=0.03)


def test_parameters_are_as_many_as_the_sizes_say() -> None:
    # Of a block: four products of attention, two of the layers, three biases' worth beside them, two normalisations.
    width, blocks = 32, 2
    block = 4 * (width * width + width) + 2 * 4 * width * width + 5 * width + 4 * width
    assert parameter_count(language_model()) == 50 * width * 2 + 12 * width + blocks * block + 2 * width


def test_a_sequence_that_is_not_full_is_seen_from_where_it_begins() -> None:
    net = realised(lambda: CausalTransformer(8, 16, 2, 2), "xavier", Generator().manual_seed(0))
    x_BQF = torch.randn(2, 6, 16, generator=Generator().manual_seed(1))
    known_BQ = torch.tensor([[False, False, True, True, True, True]] * 2)
    other = x_BQF.clone()
    other[:, :2] += 1.0
    one, two = net(x_BQF, known_BQ[:, None]), net(other, known_BQ[:, None])
    assert torch.equal(one[:, 2:], two[:, 2:])
    assert one.isfinite().all()
