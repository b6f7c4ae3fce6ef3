"""The dueling aggregation: what it is, and that a constant cannot move between value and advantage."""

import pytest
import torch

from palestra.ops.dueling import Dueling, dueling


def test_both_forms_worked_by_hand() -> None:
    # V = 10, A = (1, 2, 6): mean 3, maximum 6.
    value, advantage = torch.tensor([[10.0]]), torch.tensor([[[1.0], [2.0], [6.0]]])
    assert dueling(value, advantage, "mean").flatten().tolist() == [8.0, 9.0, 13.0]
    assert dueling(value, advantage, "max").flatten().tolist() == [5.0, 6.0, 10.0]


@pytest.mark.parametrize("form", ["mean", "max"])
def test_a_constant_in_the_advantages_changes_nothing_and_one_in_the_value_shifts_q_alone(form: Dueling) -> None:
    rng = torch.Generator().manual_seed(0)
    value_BZ, advantage_BAZ = torch.randn(6, 5, generator=rng), torch.randn(6, 4, 5, generator=rng)
    q_BAZ = dueling(value_BZ, advantage_BAZ, form)
    torch.testing.assert_close(dueling(value_BZ, advantage_BAZ + 7.0, form), q_BAZ)
    shifted_BAZ = dueling(value_BZ + 7.0, advantage_BAZ, form)
    torch.testing.assert_close(shifted_BAZ, q_BAZ + 7.0)
    # Identifiability: V and the centred A can be read off Q, whatever constants went in.
    centre = {"mean": lambda x: x.mean(1, keepdim=True), "max": lambda x: x.amax(1, keepdim=True)}[form]
    for q, v in ((q_BAZ, value_BZ), (shifted_BAZ, value_BZ + 7.0)):
        torch.testing.assert_close(centre(q).squeeze(1), v)
        torch.testing.assert_close(q - centre(q), advantage_BAZ - centre(advantage_BAZ))


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ValueError, match="dueling form 'median'; expected 'mean' or 'max'"):
        dueling(torch.zeros(1, 1), torch.zeros(1, 2, 1), "median")  # type: ignore[arg-type]
