"""What transformers have in common while they learn: sizes that are refused, batches, and tokens that there are."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from palestra.datasets.dataset import Split
from palestra.datasets.order import permutation
from palestra.errors import UsageError
from palestra.learners.sequences.practice import Practice, TransformerConfig, check_tokens, token_count


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"width": 10}, "width=10 for 4 heads; expected a multiple of the heads"),
        ({"heads": 0}, "heads=0; expected at least 1"),
        ({"blocks": 0}, "blocks=0; expected at least 1"),
        ({"dropout": 1.0}, "dropout=1.0; expected 0 <= dropout < 1"),
        ({"learning_rate": 0.0}, "learning_rate=0.0; expected above 0"),
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        TransformerConfig(**wrong)


def test_batches_come_in_the_order_of_the_data_and_the_rate_follows_the_budget() -> None:
    split = Split(torch.arange(10)[:, None], torch.arange(10)[:, None])
    config = TransformerConfig(
        batch_size=4, batches_per_step=2, learning_rate=0.1, learning_rate_schedule="linear", weight_decay=0.0
    )
    network, seen = nn.Linear(1, 1), []
    practice = Practice(split, network, config, seed=3)

    def loss(inputs: Tensor, targets: Tensor) -> Tensor:
        seen.append(inputs[:, 0].tolist())
        out: Tensor = network(inputs.float())
        return (out - targets).square().mean()

    reports = [practice.step(loss, 20) for _ in range(4)]
    orders = [permutation(3, epoch, 10).tolist() for epoch in (0, 1)]
    assert seen == [rows[i : i + 4] for rows in orders for i in (0, 4, 8)]
    assert practice.loader.position == 20
    assert [each["train/learning_rate"] for each in reports] == pytest.approx(
        [0.1 * (1 - done / 20) for done in (4, 8, 14, 18)]
    )
    assert [each.get("train/epoch") for each in reports] == [None, 1.0, None, 2.0]


def test_tokens_are_counted_and_others_refused() -> None:
    columns = [torch.tensor([[0, 3]]), torch.tensor([[5, 1]], dtype=torch.uint8)]
    assert token_count((), columns) == 6
    assert token_count(tuple("abcdefgh"), columns) == 8
    check_tokens(columns[1], 6)
    for wrong in (torch.tensor([[6]]), torch.tensor([[-1, 2]])):
        with pytest.raises(UsageError, match=r"tokens from .* expected 0 to 5"):
            check_tokens(wrong, 6)
