"""Several choices at once are so many independent categoricals of torch.distributions."""

import torch

from palestra.ops.multi_categorical import MultiCategorical

SIZES = [2, 3, 5]


def logits(seed: int, rows: int = 40) -> torch.Tensor:
    return 2 * torch.randn(rows, sum(SIZES), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def theirs(out_BK: torch.Tensor) -> list[torch.distributions.Categorical]:
    return [torch.distributions.Categorical(logits=part) for part in out_BK.split(SIZES, 1)]


def test_density_entropy_and_divergence_are_sums_over_the_choices() -> None:
    ours, old, new = MultiCategorical(SIZES), logits(0), logits(1)
    action = ours.sample(old, torch.Generator().manual_seed(2))
    assert (action.shape, action.dtype) == ((40, 3), torch.int64)
    each = list(zip(theirs(old), theirs(new), action.unbind(1), strict=True))
    torch.testing.assert_close(ours.log_prob(old, action), sum(p.log_prob(a) for p, _, a in each))
    torch.testing.assert_close(ours.entropy(old), sum(p.entropy() for p, _, _ in each))
    divergence = sum(torch.distributions.kl_divergence(p, q) for p, q, _ in each)
    torch.testing.assert_close(ours.kl(ours.frozen(old), new), divergence)


def test_the_mode_is_each_choices_own_and_actions_are_one_hot_side_by_side() -> None:
    ours, out = MultiCategorical(SIZES), logits(3)
    mode = ours.mode(out)
    assert mode.tolist() == torch.stack([p.probs.argmax(1) for p in theirs(out)], 1).tolist()
    encoded = ours.encoded(mode)
    assert encoded.shape == (40, ours.num_outputs)
    assert [part.argmax(1).tolist() for part in encoded.split(SIZES, 1)] == mode.T.tolist()
    assert encoded.sum(1).tolist() == [3.0] * 40
